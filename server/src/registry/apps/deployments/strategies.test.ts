import { refusals } from '../../testing/rules.ts';
import { workload } from '../testing/workload.ts';

const deployments = workload('Deployment');

refusals('strategies of Deployments', deployments, {
  'a strategy': [
    { 'spec/strategy': { type: 'X' } },
    'spec.strategy: Unsupported value: {…}: supported values: "Recreate", "RollingUpdate"',
  ],
  'recreated with bounds': [
    { 'spec/strategy': { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } },
    "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
  ],
  'bounds of nonsense': [
    { 'spec/strategy/rollingUpdate': { maxSurge: 'many', maxUnavailable: -1 } },
    "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"many\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: -1: must be greater than or equal to 0',
  ],
  'too much': [
    { 'spec/strategy/rollingUpdate': { maxSurge: '1000%', maxUnavailable: '101%' } },
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
  ],
  'negative numbers': [
    { 'spec/minReadySeconds': -1, 'spec/revisionHistoryLimit': -1, 'spec/progressDeadlineSeconds': -1 },
    'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
    'spec.progressDeadlineSeconds: Invalid value: -1: must be greater than minReadySeconds',
    'spec.progressDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0',
    'spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
  ],
  'a deadline before ready': [
    { 'spec/minReadySeconds': 10, 'spec/progressDeadlineSeconds': 5 },
    'spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds',
  ],
  'an annotation of its template': [
    { 'spec/template/metadata/annotations': { 'container.apparmor.security.beta.kubernetes.io/main': 'x' } },
    'spec.template.annotations[container.apparmor.security.beta.kubernetes.io/main]: Invalid value: "x": invalid AppArmor profile name: "x"',
  ],
  'an ephemeral container': [
    { 'spec/template/spec/ephemeralContainers': [{ name: 'a', image: 'x' }] },
    'spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template',
  ],
  'a selector of nonsense': [
    {
      'spec/selector': {
        matchExpressions: [
          { key: 'a', operator: 'In' },
          { key: 'b c', operator: 'Exists', values: ['x'] },
          { key: 'd', operator: 'X' },
        ],
      },
    },
    "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    "spec.selector.matchExpressions[1].key: Invalid value: \"b c\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    "spec.selector.matchExpressions[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    'spec.selector.matchExpressions[2].operator: Invalid value: "X": not a valid selector operator',
    'spec.selector: Invalid value: {…}: invalid label selector',
  ],
});
