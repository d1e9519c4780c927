import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { autoscalerToV1, autoscalerToV2, defaultAutoscalerV1 } from './horizontal-pod-autoscaler.ts';

const prefix = 'autoscaling.alpha.kubernetes.io/';
const target = { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' };
const v1 = (annotations: Record<string, string>, spec: object = {}) => ({
  apiVersion: 'autoscaling/v1',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web', annotations },
  spec: { scaleTargetRef: target, maxReplicas: 3, ...spec },
});
const cpu = (averageUtilization: number) => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});
const specOf = (object: object): Record<string, unknown> => (object as { spec: Record<string, unknown> }).spec;

describe('autoscalers between versions', () => {
  test('CPU comes after the metrics of the annotation', () => {
    const pods = '[{"type":"Pods","pods":{"metricName":"m","targetAverageValue":"5"}}]';
    const stored = autoscalerToV2(
      v1({ [`${prefix}metrics`]: pods, mine: 'x' }, { targetCPUUtilizationPercentage: 70 }),
    );
    assert.deepEqual(specOf(stored)['metrics'], [
      { type: 'Pods', pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '5' } } },
      cpu(70),
    ]);
    assert.deepEqual(stored.metadata?.annotations, { mine: 'x' });
    const back = autoscalerToV1(stored);
    assert.deepEqual(back.metadata?.annotations, { mine: 'x', [`${prefix}metrics`]: pods });
    assert.equal(specOf(back)['targetCPUUtilizationPercentage'], 70);
  });

  test('no metrics at all are 80 per cent of CPU, which v1 shows at once', () => {
    const object = v1({ [`${prefix}metrics`]: 'no JSON' });
    defaultAutoscalerV1(object);
    assert.equal((object.spec as Record<string, unknown>)['targetCPUUtilizationPercentage'], 80);
    assert.equal((object.metadata as { annotations?: object }).annotations, undefined);
    assert.deepEqual(specOf(autoscalerToV2(v1({})))['metrics'], [cpu(80)]);
  });

  test('behavior has the names of Go fields, and is read in any case', () => {
    const stored = autoscalerToV2(
      v1({ [`${prefix}behavior`]: '{"scaleDown":{"policies":[{"type":"Pods","value":1,"periodSeconds":5}]}}' }),
    );
    assert.deepEqual(specOf(stored)['behavior'], {
      scaleDown: { policies: [{ type: 'Pods', value: 1, periodSeconds: 5 }] },
    });
    assert.equal(
      autoscalerToV1(stored).metadata?.annotations?.[`${prefix}behavior`],
      '{"ScaleUp":null,"ScaleDown":{"StabilizationWindowSeconds":null,"SelectPolicy":null,"Policies":[{"Type":"Pods","Value":1,"PeriodSeconds":5}],"Tolerance":null}}',
    );
  });

  test('a status in the annotation says more than the field', () => {
    const status = {
      currentReplicas: 1,
      desiredReplicas: 1,
      currentMetrics: [
        { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 5, averageValue: '3' } } },
      ],
    };
    const shown = autoscalerToV1({ ...autoscalerToV2(v1({})), status } as never);
    assert.equal((shown as { status?: Record<string, unknown> }).status?.['currentCPUUtilizationPercentage'], 5);
    assert.deepEqual((autoscalerToV2(shown) as { status?: object }).status, status);
  });
});
