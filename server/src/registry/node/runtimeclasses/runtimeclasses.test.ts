import { type Kind, refusals } from '../../testing/rules.ts';

const runtimeclasses: Kind = {
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  resource: 'runtimeclasses',
  example: { handler: 'none' },
};

refusals('RuntimeClasses', runtimeclasses, {
  'no handler': [{ handler: '' }, 'handler: Required value'],
  'a handler': [
    { handler: 'A b' },
    "handler: Invalid value: \"A b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ],
  'an overhead': [
    { overhead: { podFixed: { cpu: '-1', nonsense: '1' } } },
    'overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    'overhead.limits[nonsense]: Invalid value: "nonsense": must be a standard resource for containers',
    'overhead.limits[nonsense]: Invalid value: "nonsense": must be a standard resource type or fully qualified',
  ],
  scheduling: [
    {
      scheduling: {
        nodeSelector: { 'a b': 'c' },
        tolerations: [
          { key: 'a', operator: 'X' },
          { key: 'b', operator: 'Exists' },
          { key: 'b', operator: 'Exists' },
        ],
      },
    },
    "scheduling.nodeSelector: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    'scheduling.tolerations[0].operator: Unsupported value: "X": supported values: "Equal", "Exists"',
    'scheduling.tolerations[2]: Duplicate value: {…}',
  ],
});
