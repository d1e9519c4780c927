import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuthorizerAttributes } from '../../authorization/authorizer.ts';
import type { PolicySpec } from './policy.ts';
import { compilePolicy, evaluateMatchConditions, evaluateMutation, evaluateValidations } from './policy.ts';
import type { PolicyInput } from './variables.ts';

const compilePlain = (spec: PolicySpec) => compilePolicy(spec, { hasParams: true });

function input(asked: AuthorizerAttributes[] = []): PolicyInput {
  return {
    object: { metadata: { name: 'web', labels: { app: 'web' } }, spec: { replicas: 5 } },
    params: { data: { max: 3 } },
    request: {
      operation: 'CREATE',
      name: 'web',
      namespace: 'default',
      resource: { group: 'apps', version: 'v1', resource: 'deployments' },
      userInfo: { username: 'alice', groups: ['dev'] },
    },
    namespaceObject: { metadata: { name: 'default', labels: { env: 'prod' } } },
    authorizer: {
      user: { name: 'alice', groups: [] },
      authorizer: {
        async authorize(attributes) {
          asked.push(attributes);
          return { decision: attributes.verb === 'get' ? 'allow' : 'noOpinion', reason: 'because' };
        },
      },
    },
  };
}

test('validations deny with message, messageExpression and reason; variables are lazy', async () => {
  const policy = compilePlain({
    variables: [
      { name: 'most', expression: 'params.data.max' },
      { name: 'over', expression: 'object.spec.replicas > variables.most' },
      { name: 'never', expression: 'object.none.field' },
    ],
    validations: [
      { expression: '!variables.over', messageExpression: "'at most ' + string(variables.most)", reason: 'Forbidden' },
      { expression: "namespaceObject.metadata.labels.env == 'test'" },
      { expression: "request.userInfo.username == 'alice'" },
      { expression: 'variables.never == 1' },
    ],
    auditAnnotations: [{ key: 'replicas', valueExpression: 'string(object.spec.replicas)' }],
  });
  assert.equal(policy.errors.size, 0);
  const { decisions, auditAnnotations } = await evaluateValidations(policy, input());
  const timeless = decisions.map((decision) => {
    if (decision.action === 'admit') return decision;
    const { seconds, ...rest } = decision;
    assert.ok(seconds >= 0, `took ${seconds} s`);
    return rest;
  });
  assert.deepEqual(timeless, [
    { action: 'deny', message: 'at most 3', reason: 'Forbidden' },
    { action: 'deny', message: "failed expression: namespaceObject.metadata.labels.env == 'test'", reason: 'Invalid' },
    { action: 'admit' },
    {
      action: 'error',
      message:
        'expression \'variables.never == 1\' resulted in error: composited variable "never" fails to evaluate: no such key: none',
    },
  ]);
  assert.deepEqual(auditAnnotations, [{ key: 'replicas', value: '5' }]);
});

test('the authorizer is asked once per question', async () => {
  const asked: AuthorizerAttributes[] = [];
  const policy = compilePlain({
    validations: [
      { expression: "authorizer.group('').resource('pods').namespace('x').check('get').allowed()" },
      { expression: "authorizer.requestResource.check('delete').allowed()" },
      { expression: "authorizer.path('/healthz').check('get').reason() == 'because'" },
      { expression: "authorizer.group('').resource('pods').namespace('x').check('get').allowed()" },
    ],
  });
  const { decisions } = await evaluateValidations(policy, input(asked));
  assert.deepEqual(
    decisions.map((each) => each.action),
    ['admit', 'deny', 'admit', 'admit'],
  );
  assert.deepEqual(
    asked.map((each) => `${each.verb} ${each.resource}${each.path} ${each.namespace}`),
    ['get pods x', 'delete deployments default', 'get /healthz '],
  );
});

test('match conditions: false decides, errors count only without it', async () => {
  const match = (...expressions: string[]) =>
    evaluateMatchConditions(
      compilePlain({ matchConditions: expressions.map((expression, i) => ({ name: `c${i}`, expression })) }),
      input(),
    );
  assert.deepEqual(await match('true', "object.metadata.name == 'web'"), { matches: true, errors: 0 });
  assert.deepEqual(await match('object.none == 1', 'false'), { matches: false, failedCondition: 'c1', errors: 1 });
  assert.deepEqual(await match('object.none == 1'), {
    matches: undefined,
    error: "expression 'object.none == 1' resulted in error: no such key: none",
    errors: 1,
  });
});

test('mutations give configurations and patches', async () => {
  const policy = compilePlain({
    mutations: [
      {
        patchType: 'ApplyConfiguration',
        expression: 'Object{spec: Object.spec{replicas: object.spec.replicas + 1, paused: true}}',
      },
      {
        patchType: 'JSONPatch',
        expression: "[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b'), value: 'c'}]",
      },
    ],
  });
  assert.deepEqual([...policy.errors], []);
  assert.deepEqual(await evaluateMutation(policy, 0, input()), { patch: { spec: { replicas: 6, paused: true } } });
  assert.deepEqual(await evaluateMutation(policy, 1, input()), {
    patch: [{ op: 'add', path: '/metadata/labels/a~1b', value: 'c' }],
  });
});

test('what does not compile is listed by field', () => {
  const policy = compilePolicy(
    { validations: [{ expression: 'params.x == 1' }, { expression: "'text'" }] },
    { hasParams: false },
  );
  assert.match(policy.errors.get('validations[0].expression') ?? '', /undeclared reference to 'params'/);
  assert.equal(policy.errors.get('validations[1].expression'), 'must evaluate to bool but got string');
});
