/** What decides how many pods there are, and how many must stay. */
import type { Case } from '../case.ts';
import { autoscalers, autoscalersV1, disruptionBudgets } from '../kinds.ts';
import { create, get, objectOf, patch, put, sub, table, update, updates, variants } from '../requests.ts';

export const scalingCases: readonly Case[] = [
  ...[autoscalers, autoscalersV1].map((kind) => ({
    name: `workloads/${kind.apiVersion} ${kind.resource}`,
    steps: [
      ...variants(kind, {
        'no maximum': { 'spec/maxReplicas': undefined },
        'minimum 0': { 'spec/minReplicas': 0 },
        'minimum above maximum': { 'spec/minReplicas': 5 },
        'no target': { 'spec/scaleTargetRef': {} },
        'a target kind of nonsense': { 'spec/scaleTargetRef/kind': 'a/b' },
      }),
      ...updates(kind, { 'another maximum': { 'spec/maxReplicas': 10 } }),
      table(kind),
      get(kind === autoscalers ? autoscalersV1 : autoscalers, 'updated', {}, { label: 'in the other version' }),
    ],
  })),
  {
    name: 'workloads/autoscalers: metrics and behaviour',
    steps: variants(autoscalers, {
      'no metrics': { 'spec/metrics': undefined },
      'a metric type of nonsense': { 'spec/metrics': [{ type: 'Nonsense' }] },
      'a metric without its source': { 'spec/metrics': [{ type: 'Pods' }] },
      'two targets': { 'spec/metrics/0/resource/target/averageValue': '5' },
      'an average of 0': { 'spec/metrics/0/resource/target/averageUtilization': 0 },
      pods: {
        'spec/metrics': [
          { type: 'Pods', pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '5' } } },
        ],
      },
      external: {
        'spec/metrics': [
          { type: 'External', external: { metric: { name: 'm' }, target: { type: 'Value', value: '5' } } },
        ],
      },
      'an object': {
        'spec/metrics': [
          {
            type: 'Object',
            object: {
              describedObject: { kind: 'Service', name: 's' },
              metric: { name: 'm' },
              target: { type: 'Value', value: '-5' },
            },
          },
        ],
      },
      'a container': {
        'spec/metrics': [
          {
            type: 'ContainerResource',
            containerResource: { name: 'cpu', container: '', target: { type: 'Utilization', averageUtilization: 5 } },
          },
        ],
      },
      behaviour: { 'spec/behavior': { scaleDown: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } } },
      'behaviour of nonsense': {
        'spec/behavior': {
          scaleUp: {
            selectPolicy: 'Nonsense',
            stabilizationWindowSeconds: 3601,
            policies: [{ type: 'X', value: 0, periodSeconds: 0 }],
          },
        },
      },
    }),
  },
  {
    name: 'workloads/disruption budgets',
    steps: [
      ...variants(disruptionBudgets, {
        both: { 'spec/maxUnavailable': 1 },
        neither: { 'spec/minAvailable': undefined },
        'a percentage': { 'spec/minAvailable': '50%' },
        'above 100%': { 'spec/minAvailable': '150%' },
        negative: { 'spec/minAvailable': -1 },
        'a policy': { 'spec/unhealthyPodEvictionPolicy': 'AlwaysAllow' },
        'a policy of nonsense': { 'spec/unhealthyPodEvictionPolicy': 'Nonsense' },
        'an empty selector': { 'spec/selector': {} },
        'a bad selector': { 'spec/selector': { matchExpressions: [{ key: 'a', operator: 'In' }] } },
      }),
      create(disruptionBudgets, 'one'),
      update(disruptionBudgets, 'one', {}, {}, { label: 'without a version' }),
      sub('status', patch('merge', disruptionBudgets, 'one', { status: { disruptionsAllowed: -1 } })),
      table(disruptionBudgets),
      put(disruptionBudgets, 'one', objectOf(disruptionBudgets, 'one', { 'spec/minAvailable': 2 })),
    ],
  },
];
