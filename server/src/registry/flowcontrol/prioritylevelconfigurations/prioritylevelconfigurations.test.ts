import { type Kind, refusals } from '../../testing/rules.ts';

const prioritylevelconfigurations: Kind = {
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
  kind: 'PriorityLevelConfiguration',
  resource: 'prioritylevelconfigurations',
  example: { spec: { type: 'Limited', limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' } } } },
};

refusals('PriorityLevelConfigurations', prioritylevelconfigurations, {
  'a type': [{ 'spec/type': 'X' }, 'spec.type: Unsupported value: "X": supported values: "Exempt", "Limited"'],
  'exempt and limited': [
    { 'spec/type': 'Exempt' },
    'spec.limited: Forbidden: must be nil if the type is not Limited',
    "spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'",
  ],
  'exempt of negative shares': [
    { spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: -1, lendablePercent: 101 } } },
    'spec.exempt.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
    'spec.exempt.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
    "spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'",
  ],
  'limited without limits': [
    { 'spec/limited': undefined },
    'spec.limited: Required value: must not be empty when type is Limited',
  ],
  'limited and exempt': [{ 'spec/exempt': {} }, 'spec.exempt: Forbidden: must be nil if the type is Limited'],
  shares: [
    { 'spec/limited/nominalConcurrencyShares': -1 },
    'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
  ],
  percents: [
    { 'spec/limited/lendablePercent': 101, 'spec/limited/borrowingLimitPercent': -1 },
    'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
    'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
  ],
  'a response': [
    { 'spec/limited/limitResponse': { type: 'X' } },
    'spec.limited.limitResponse.type: Unsupported value: "X": supported values: "Queue", "Reject"',
  ],
  'queues for none': [
    { 'spec/limited/limitResponse': { type: 'Reject', queuing: { queues: 1, handSize: 1, queueLengthLimit: 1 } } },
    'spec.limited.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited',
  ],
  'queues without numbers': [
    { 'spec/limited/limitResponse': { type: 'Queue' } },
    'spec.limited.limitResponse.queuing: Required value: must not be empty if limited.limitResponse.type is Limited',
  ],
  queues: [
    { 'spec/limited/limitResponse': { type: 'Queue', queuing: { queues: 8, handSize: 9, queueLengthLimit: -1 } } },
    'spec.limited.limitResponse.queuing.handSize: Invalid value: 9: should not be greater than queues (8)',
    'spec.limited.limitResponse.queuing.queueLengthLimit: Invalid value: -1: must be positive',
  ],
  'queues below nothing': [
    { 'spec/limited/limitResponse': { type: 'Queue', queuing: { queues: -1, handSize: -1, queueLengthLimit: 1 } } },
    'spec.limited.limitResponse.queuing.handSize: Invalid value: -1: must be positive',
    'spec.limited.limitResponse.queuing.queues: Invalid value: -1: must be positive',
  ],
  'too many queues': [
    {
      'spec/limited/limitResponse': { type: 'Queue', queuing: { queues: 10000001, handSize: 8, queueLengthLimit: 1 } },
    },
    'spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 10000001 and handSize 8 should not be greater than 60',
    'spec.limited.limitResponse.queuing.queues: Invalid value: 10000001: must not be greater than 10000000',
  ],
  'hands too large': [
    {
      'spec/limited/limitResponse': { type: 'Queue', queuing: { queues: 1000000, handSize: 20, queueLengthLimit: 1 } },
    },
    'spec.limited.limitResponse.queuing.handSize: Invalid value: 20: required entropy bits of deckSize 1000000 and handSize 20 should not be greater than 60',
  ],
});
