import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';

const resourcequotas: Kind = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  resource: 'resourcequotas',
  example: { spec: { hard: { pods: '100' } } },
};

refusals('ResourceQuotas', resourcequotas, {
  names: [
    { 'spec/hard': { nonsense: '1' } },
    'spec.hard[nonsense]: Invalid value: "nonsense": must be a standard resource for quota',
    'spec.hard[nonsense]: Invalid value: "nonsense": must be a standard resource type or fully qualified',
  ],
  'a qualified name': [
    { 'spec/hard': { 'a b/c': '1' } },
    "spec.hard[a b/c]: Invalid value: \"a b/c\": prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  'a negative number': [
    { 'spec/hard': { pods: '-1' } },
    'spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0',
  ],
  'a half': [{ 'spec/hard': { pods: '500m' } }, 'spec.hard[pods]: Invalid value: "500m": must be an integer'],
  'opposite scopes': [
    { 'spec/scopes': ['BestEffort', 'NotBestEffort'], 'spec/hard': { pods: '1' } },
    'spec.scopes: Invalid value: {…}: conflicting scopes',
  ],
  'other opposite scopes': [
    { 'spec/scopes': ['Terminating', 'NotTerminating'], 'spec/hard': { pods: '1' } },
    'spec.scopes: Invalid value: {…}: conflicting scopes',
  ],
  'a scope that does not fit': [
    { 'spec/scopes': ['BestEffort'], 'spec/hard': { 'requests.cpu': '1' } },
    'spec.scopes: Invalid value: {…}: unsupported scope applied to resource',
  ],
  'a scope of nonsense': [{ 'spec/scopes': ['X'] }, 'spec.scopes: Invalid value: {…}: unsupported scope'],
  'a selector of nothing': [
    { 'spec/scopeSelector': { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In' }] } },
    "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
  ],
  'a selector of too much': [
    { 'spec/scopeSelector': { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'Exists', values: ['a'] }] } },
    "spec.scopeSelector.matchExpressions.values: Invalid value: {…}: must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
  ],
  'a selector’s operator': [
    { 'spec/scopeSelector': { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'X', values: ['a'] }] } },
    'spec.scopeSelector.matchExpressions.operator: Invalid value: "X": not a valid selector operator',
  ],
  'a selector of what only exists': [
    { 'spec/scopeSelector': { matchExpressions: [{ scopeName: 'BestEffort', operator: 'In', values: ['a'] }] } },
    'spec.scopeSelector.matchExpressions.operator: Invalid value: "In": must be \'Exists\' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity',
  ],
  'a selector’s scope': [
    { 'spec/scopeSelector': { matchExpressions: [{ scopeName: 'X', operator: 'Exists' }] } },
    'spec.scopeSelector.matchExpressions.scopeName: Invalid value: "X": unsupported scope',
  ],
  'volume classes': [
    {
      'spec/scopeSelector': {
        matchExpressions: [{ scopeName: 'VolumeAttributesClass', operator: 'In', values: ['a'] }],
      },
    },
    'spec.scopeSelector.matchExpressions: Invalid value: {…}: unsupported scope applied to resource',
  ],
});

refusedUpdates('updates of ResourceQuotas', resourcequotas, {
  scopes: [{ 'spec/scopes': ['Terminating'] }, 'spec.scopes: Invalid value: {…}: field is immutable'],
  'a number': [{ 'spec/hard': { pods: '5' } }],
});
