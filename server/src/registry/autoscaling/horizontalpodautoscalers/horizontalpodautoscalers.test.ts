import { type Kind, refusals } from '../../testing/rules.ts';

const horizontalpodautoscalers: Kind = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  resource: 'horizontalpodautoscalers',
  example: {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 3,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
      ],
    },
  },
};

refusals('HorizontalPodAutoscalers', horizontalpodautoscalers, {
  bounds: [
    { 'spec/minReplicas': 0, 'spec/maxReplicas': 0 },
    'spec.maxReplicas: Required value: must be set and greater than 0',
    'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
    'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
  ],
  'a minimum above the maximum': [
    { 'spec/minReplicas': 5 },
    'spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`',
  ],
  'no target': [
    { 'spec/scaleTargetRef': { kind: '', name: '' } },
    'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
    'spec.scaleTargetRef.kind: Required value',
    'spec.scaleTargetRef.name: Required value',
  ],
  'a target': [
    { 'spec/scaleTargetRef': { kind: 'a/b', name: 'a/b', apiVersion: 'a/b/c' } },
    'spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
    'spec.scaleTargetRef.kind: Invalid value: "a/b": may not contain \'/\'',
    'spec.scaleTargetRef.name: Invalid value: "a/b": may not contain \'/\'',
  ],
  'a metric of no type': [
    { 'spec/metrics': [{}] },
    'spec.metrics[0].type: Required value: must specify a metric source type',
    'spec.metrics[0].type: Unsupported value: "": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
    'spec.metrics[0].type: Unsupported value: "": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
  ],
  'a metric of nonsense': [
    { 'spec/metrics': [{ type: 'X' }] },
    'spec.metrics[0].type: Unsupported value: "X": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
    'spec.metrics[0].type: Unsupported value: "X": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
  ],
  'a metric without its source': [
    { 'spec/metrics': [{ type: 'Pods' }] },
    'spec.metrics[0].pods: Required value: must populate information for the given metric source',
  ],
  'a metric of two': [
    {
      'spec/metrics': [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 5 } },
          pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '1' } },
        },
      ],
    },
    'spec.metrics[0].pods: Forbidden: must populate the given metric source only',
  ],
  'a resource of no name': [
    {
      'spec/metrics': [
        { type: 'Resource', resource: { name: '', target: { type: 'Utilization', averageUtilization: 5 } } },
      ],
    },
    'spec.metrics[0].resource.name: Required value: must specify a resource name',
  ],
  'a target of nothing': [
    { 'spec/metrics': [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization' } } }] },
    'spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization',
  ],
  'two targets': [
    {
      'spec/metrics': [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 5, averageValue: '5' } },
        },
      ],
    },
    'spec.metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization',
  ],
  'targets of 0': [
    { 'spec/metrics': [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'X', averageUtilization: 0 } } }] },
    'spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0',
    'spec.metrics[0].resource.target.type: Invalid value: "X": must be either Utilization, Value, or AverageValue',
  ],
  'pods without value': [
    { 'spec/metrics': [{ type: 'Pods', pods: { metric: { name: '' }, target: { type: 'AverageValue' } } }] },
    'spec.metrics[0].pods.metric.name: Required value: must specify a metric name',
    'spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue',
  ],
  'pods, negative': [
    {
      'spec/metrics': [
        {
          type: 'Pods',
          pods: {
            metric: { name: 'a/b', selector: { matchLabels: { 'a b': 'c' } } },
            target: { type: 'AverageValue', averageValue: '-1' },
          },
        },
      ],
    },
    'spec.metrics[0].pods.metric.name: Invalid value: "a/b": may not contain \'/\'',
    'spec.metrics[0].pods.target.averageValue: Invalid value: "-1": must be positive',
  ],
  'an object of nothing': [
    {
      'spec/metrics': [
        {
          type: 'Object',
          object: { describedObject: { kind: '', name: '' }, metric: { name: 'm' }, target: { type: 'Value' } },
        },
      ],
    },
    'spec.metrics[0].object.describedObject.kind: Required value',
    'spec.metrics[0].object.describedObject.name: Required value',
    'spec.metrics[0].object.target.averageValue: Required value: must set either a target value or averageValue',
  ],
  'an object of both': [
    {
      'spec/metrics': [
        {
          type: 'Object',
          object: {
            describedObject: { kind: 'K', name: 'n' },
            metric: { name: 'm' },
            target: { type: 'Value', value: '1', averageValue: '1' },
          },
        },
      ],
    },
  ],
  'external of nothing': [
    { 'spec/metrics': [{ type: 'External', external: { metric: { name: 'm' }, target: { type: 'Value' } } }] },
    'spec.metrics[0].external.target.averageValue: Required value: must set either a target value for metric or a per-pod target',
  ],
  'external of both': [
    {
      'spec/metrics': [
        {
          type: 'External',
          external: { metric: { name: 'm' }, target: { type: 'Value', value: '1', averageValue: '-1' } },
        },
      ],
    },
    'spec.metrics[0].external.target.averageValue: Invalid value: "-1": must be positive',
    'spec.metrics[0].external.target.value: Forbidden: may not set both a target value for metric and a per-pod target',
  ],
  'a container of no name': [
    {
      'spec/metrics': [
        {
          type: 'ContainerResource',
          containerResource: { name: '', container: '', target: { type: 'Utilization', averageUtilization: 5 } },
        },
      ],
    },
    'spec.metrics[0].containerResource.container: Required value: must specify a container',
    'spec.metrics[0].containerResource.name: Required value: must specify a resource name',
  ],
  'a container without target': [
    {
      'spec/metrics': [
        {
          type: 'ContainerResource',
          containerResource: { name: 'cpu', container: 'c', target: { type: 'AverageValue' } },
        },
      ],
    },
    'spec.metrics[0].containerResource.target.averageUtilization: Required value: must set either a target raw value or a target utilization',
  ],
  behaviour: [
    {
      'spec/behavior': {
        scaleUp: {
          selectPolicy: 'X',
          stabilizationWindowSeconds: 3601,
          policies: [{ type: 'X', value: 0, periodSeconds: 0 }],
        },
        scaleDown: { stabilizationWindowSeconds: -1, policies: [] },
      },
    },
    'spec.behavior.scaleDown.policies: Required value: must specify at least one Policy',
    'spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to zero',
    'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 0: must be greater than zero',
    'spec.behavior.scaleUp.policies[0].type: Unsupported value: "X": supported values: "Percent", "Pods"',
    'spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero',
    'spec.behavior.scaleUp.selectPolicy: Unsupported value: "X": supported values: "Disabled", "Max", "Min"',
    'spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600',
  ],
  'behaviour, a long period': [
    { 'spec/behavior': { scaleDown: { policies: [{ type: 'Pods', value: 1, periodSeconds: 1801 }] } } },
    'spec.behavior.scaleDown.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800',
  ],
  'a tolerance': [
    { 'spec/behavior': { scaleDown: { tolerance: '-1', policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } } },
    'spec.behavior.scaleDown.tolerance: Invalid value: "-1": must be greater than or equal to 0',
  ],
});
