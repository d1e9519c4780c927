import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAuthorizationConfiguration } from './configuration.ts';

const webhook = {
  timeout: '3s',
  subjectAccessReviewVersion: 'v1',
  failurePolicy: 'Deny',
  connectionInfo: { type: 'InClusterConfig' },
};

function parse(...authorizers: object[]): unknown {
  const document = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration', authorizers };
  return parseAuthorizationConfiguration(JSON.stringify(document));
}

const hook = (change: object): object => ({ type: 'Webhook', name: 'w', webhook: { ...webhook, ...change } });

test('a good one', () => {
  parse({ type: 'Node', name: 'node' }, hook({}), { ...hook({}), name: 'second' }, { type: 'RBAC', name: 'rbac' });
});

const invalid: [title: string, authorizers: object[], message: string][] = [
  ['nothing', [], 'authorizers: Required value: at least one authorization mode must be defined'],
  ['no type', [{ name: 'x' }], 'authorizers[0].type: Required value'],
  [
    'an unknown type',
    [{ type: 'Magic', name: 'x' }],
    'authorizers[0].type: Unsupported value: "Magic": supported values: "ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"',
  ],
  [
    'a type twice',
    [
      { type: 'RBAC', name: 'a' },
      { type: 'RBAC', name: 'b' },
    ],
    'authorizers[1].type: Duplicate value: "RBAC"',
  ],
  [
    'a name twice',
    [
      { type: 'RBAC', name: 'a' },
      { type: 'Node', name: 'a' },
    ],
    'authorizers[1].name: Duplicate value: "a"',
  ],
  [
    'a webhook without its part',
    [{ type: 'Webhook', name: 'w' }],
    'authorizers[0].webhook: Required value: required when type=Webhook',
  ],
  [
    'a part that does not belong',
    [{ type: 'RBAC', name: 'r', webhook }],
    'authorizers[0].webhook: Invalid value: "non-null": may only be specified when type=Webhook',
  ],
  [
    'too much time',
    [hook({ timeout: '31s' })],
    'authorizers[0].timeout: Invalid value: "31s": must be > 0s and <= 30s',
  ],
  [
    'no policy for failures',
    [hook({ failurePolicy: 'Allow' })],
    'authorizers[0].failurePolicy: Unsupported value: "Allow": supported values: "NoOpinion", "Deny"',
  ],
  [
    'a path that is relative',
    [hook({ connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: 'x' } })],
    'authorizers[0].connectionInfo.kubeConfigFile: Invalid value: "x": must be an absolute path',
  ],
  [
    'conditions without a version',
    [hook({ matchConditions: [{ expression: 'true' }] })],
    'authorizers[0].matchConditionSubjectAccessReviewVersion: Required value: required if match conditions are specified',
  ],
  [
    'a condition that is none',
    [hook({ matchConditionSubjectAccessReviewVersion: 'v1', matchConditions: [{ expression: 'request.user' }] })],
    'authorizers[0].matchConditions[0].expression: Invalid value: "request.user": must evaluate to bool',
  ],
];
for (const [title, authorizers, message] of invalid) {
  test(`refused: ${title}`, () => assert.throws(() => parse(...authorizers), { message }));
}
