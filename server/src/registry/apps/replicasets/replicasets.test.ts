import { refusals } from '../../testing/rules.ts';
import { workload } from '../testing/workload.ts';

const replicasets = workload('ReplicaSet');

refusals('ReplicaSets', replicasets, {
  'no selector': [
    { 'spec/selector': undefined },
    'spec.selector: Required value',
    'spec.template.metadata.labels: Invalid value: {…}: `selector` does not match template `labels`',
  ],
  'a selector that misses': [
    { 'spec/selector/matchLabels': { app: 'other' } },
    'spec.template.metadata.labels: Invalid value: {…}: `selector` does not match template `labels`',
  ],
  'negative numbers': [
    { 'spec/replicas': -1, 'spec/minReadySeconds': -1 },
    'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  ],
  'restarted never': [
    { 'spec/template/spec/restartPolicy': 'Never' },
    'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
  ],
});
