import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abacAuthorizer } from './abac.ts';
import { request, user } from './testing/attributes.ts';

const line = (spec: object): string =>
  JSON.stringify({ apiVersion: 'abac.authorization.kubernetes.io/v1beta1', kind: 'Policy', spec });

const policies = [
  '# who may what',
  line({ user: 'alice', namespace: '*', resource: '*', apiGroup: '*' }),
  line({ user: 'bob', namespace: 'web', resource: 'pods', readonly: true }),
  line({ group: 'system:authenticated', readonly: true, nonResourcePath: '/version*' }),
  line({ namespace: '*', resource: '*', apiGroup: '*' }),
].join('\n');

const table: [user: string, line: string, decision: string][] = [
  ['alice', 'delete deployments.apps web in kube-system', 'allow'],
  ['alice', 'get /metrics', 'noOpinion'],
  ['bob', 'get pods p in web', 'allow'],
  ['bob', 'get pods/log p in web', 'allow'],
  ['bob', 'delete pods p in web', 'noOpinion'],
  ['bob', 'get pods p in other', 'noOpinion'],
  ['bob', 'get secrets s in web', 'noOpinion'],
  ['bob', 'get pods.apps p in web', 'noOpinion'],
  ['bob', 'get /version', 'allow'],
  ['bob', 'post /version', 'noOpinion'],
  ['carol', 'get pods p in web', 'noOpinion'],
];
for (const [name, line, decision] of table) {
  test(`${name}: ${line}`, async () => {
    const authorizer = abacAuthorizer(policies, 'f');
    assert.equal((await authorizer.authorize(request(user(name, 'system:authenticated'), line))).decision, decision);
  });
}

test('a line that cannot be read is named', () => {
  assert.throws(
    () => abacAuthorizer('{"kind":"Pod"}', 'policy.jsonl'),
    /error reading policy file policy.jsonl, line 0/,
  );
});
