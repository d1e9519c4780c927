import { type Kind, refusals } from '../../testing/rules.ts';

const poddisruptionbudgets: Kind = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  resource: 'poddisruptionbudgets',
  example: { spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } } },
};

refusals('PodDisruptionBudgets', poddisruptionbudgets, {
  'both bounds': [
    { 'spec/maxUnavailable': 1 },
    'spec: Invalid value: {…}: minAvailable and maxUnavailable cannot be both set',
  ],
  negative: [{ 'spec/minAvailable': -1 }, 'spec.minAvailable: Invalid value: -1: must be greater than or equal to 0'],
  'above everything': [
    { 'spec/minAvailable': '150%' },
    'spec.minAvailable: Invalid value: "150%": must not be greater than 100%',
  ],
  nonsense: [
    { 'spec/minAvailable': 'x' },
    "spec.minAvailable: Invalid value: \"x\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
  ],
  'a selector': [
    { 'spec/selector': { matchExpressions: [{ key: 'a', operator: 'In' }] } },
    "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
  ],
  'a policy': [
    { 'spec/unhealthyPodEvictionPolicy': 'X' },
    'spec.unhealthyPodEvictionPolicy: Unsupported value: "X": supported values: "AlwaysAllow", "IfHealthyBudget"',
  ],
});
