import { type Kind, refusals } from '../../testing/rules.ts';

const replicationcontrollers: Kind = {
  apiVersion: 'v1',
  kind: 'ReplicationController',
  resource: 'replicationcontrollers',
  example: {
    spec: {
      replicas: 1,
      selector: { app: 'web' },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'main', image: 'example.com/main:1' }] },
      },
    },
  },
};

refusals('ReplicationControllers', replicationcontrollers, {
  'no selector': [
    { 'spec/selector': undefined, 'spec/template/metadata/labels': undefined },
    'spec.selector: Required value',
  ],
  'another selector': [
    { 'spec/selector': { app: 'other' } },
    'spec.template.metadata.labels: Invalid value: {…}: `selector` does not match template `labels`',
  ],
  'no template': [{ 'spec/template': undefined }, 'spec.template: Required value'],
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
