import { type Kind, refusals } from '../../testing/rules.ts';

const limitranges: Kind = {
  apiVersion: 'v1',
  kind: 'LimitRange',
  resource: 'limitranges',
  example: { spec: { limits: [{ type: 'Container', max: { cpu: '4' } }] } },
};

refusals('LimitRanges', limitranges, {
  'a type twice': [
    { 'spec/limits/1': { type: 'Container', max: { cpu: '1' } } },
    'spec.limits[1].type: Duplicate value: "Container"',
  ],
  'a type of nonsense': [
    { 'spec/limits/0/type': 'X' },
    'spec.limits[0].type: Invalid value: "X": must be a standard limit type or fully qualified',
  ],
  'no type': [
    { 'spec/limits/0/type': '' },
    'spec.limits[0].type: Invalid value: "": name part must be non-empty',
    "spec.limits[0].type: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  'minimum above maximum': [
    { 'spec/limits/0': { type: 'Container', max: { cpu: '1' }, min: { cpu: '2' } } },
    'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1',
    'spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
    'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
  ],
  'a default above the maximum': [
    { 'spec/limits/0': { type: 'Container', max: { cpu: '1' }, default: { cpu: '2' } } },
    'spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than max value 1',
    'spec.limits[0].default[cpu]: Invalid value: "1": default value 2 is greater than max value 1',
  ],
  'a default below the minimum': [
    { 'spec/limits/0': { type: 'Container', min: { cpu: '2' }, default: { cpu: '1' } } },
    'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1',
    'spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
  ],
  'a request below the minimum': [
    { 'spec/limits/0': { type: 'Container', min: { cpu: '2' }, defaultRequest: { cpu: '1' }, max: { cpu: '3' } } },
    'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1',
  ],
  'a request above the default': [
    { 'spec/limits/0': { type: 'Container', defaultRequest: { cpu: '2' }, default: { cpu: '1' } } },
    'spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1',
  ],
  'defaults of pods': [
    { 'spec/limits/0': { type: 'Pod', default: { cpu: '1' }, defaultRequest: { cpu: '1' } } },
    "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
    "spec.limits[0].defaultRequest: Forbidden: may not be specified when `type` is 'Pod'",
  ],
  'a ratio below 1': [
    { 'spec/limits/0': { type: 'Container', maxLimitRequestRatio: { cpu: '500m' } } },
    'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1',
  ],
  'a ratio out of reach': [
    {
      'spec/limits/0': { type: 'Container', min: { cpu: '1' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '5' } },
    },
    'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "5": ratio 5 is greater than max/min = 2.000000',
  ],
  'claims without bounds': [
    { 'spec/limits/0': { type: 'PersistentVolumeClaim' } },
    'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
  ],
  'resources of nonsense': [
    { 'spec/limits/0': { type: 'Container', max: { nonsense: '1' } } },
    'spec.limits[0].defaultRequest[nonsense]: Invalid value: "nonsense": must be a standard resource for containers',
    'spec.limits[0].defaultRequest[nonsense]: Invalid value: "nonsense": must be a standard resource type or fully qualified',
    'spec.limits[0].default[nonsense]: Invalid value: "nonsense": must be a standard resource for containers',
    'spec.limits[0].default[nonsense]: Invalid value: "nonsense": must be a standard resource type or fully qualified',
    'spec.limits[0].max[nonsense]: Invalid value: "nonsense": must be a standard resource for containers',
    'spec.limits[0].max[nonsense]: Invalid value: "nonsense": must be a standard resource type or fully qualified',
  ],
  'what must not be overcommitted': [
    {
      'spec/limits/0': {
        type: 'Container',
        default: { 'example.com/a': '2' },
        defaultRequest: { 'example.com/a': '1' },
      },
    },
    'spec.limits[0].defaultRequest[example.com/a]: Invalid value: "1": default value 2 must equal to defaultRequest value 1 in example.com/a',
  ],
});
