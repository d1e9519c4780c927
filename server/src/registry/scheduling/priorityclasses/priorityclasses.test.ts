import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';

const priorityclasses: Kind = {
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  resource: 'priorityclasses',
  example: { value: 1000 },
};

refusals('PriorityClasses', priorityclasses, {
  'a value': [
    { value: 1000000001 },
    'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
  ],
  'a policy': [
    { preemptionPolicy: 'X' },
    'preemptionPolicy: Unsupported value: "X": supported values: "PreemptLowerPriority", "Never"',
  ],
  'a name of the system': [
    { 'metadata/name': 'system-mine' },
    "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class",
  ],
});

refusedUpdates('updates of PriorityClasses', priorityclasses, {
  'another value': [{ value: 5 }, 'value: Forbidden: may not be changed in an update.'],
  'another policy': [{ preemptionPolicy: 'Never' }, 'preemptionPolicy: Invalid value: "Never": field is immutable'],
});
