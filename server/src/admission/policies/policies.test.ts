import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { type CallOptions, pick, startTestCluster, type TestCluster } from '../testing/cluster.ts';

let cluster: TestCluster;
const group = '/apis/admissionregistration.k8s.io/v1';
const configMaps = '/api/v1/namespaces/default/configmaps';
const deployments = '/apis/apps/v1/namespaces/default/deployments';

before(async () => {
  cluster = await startTestCluster();
});
after(() => cluster.stop());
afterEach(async () => {
  for (const kind of ['mutating', 'validating'])
    for (const what of ['policies', 'policybindings']) await cluster.call('DELETE', `${group}/${kind}admission${what}`);
  await cluster.call('DELETE', configMaps);
  await cluster.call('DELETE', deployments);
});

const matching = (resources: string[], apiGroups = [''], operations = ['CREATE', 'UPDATE'], apiVersions = ['v1']) => ({
  resourceRules: [{ apiGroups, apiVersions, operations, resources }],
});

async function make(path: string, body: object, options?: CallOptions): Promise<void> {
  const answer = await cluster.call('POST', path, body, options);
  assert.equal(answer.status, 201, answer.body.message);
}

async function policy(
  kind: 'Validating' | 'Mutating',
  name: string,
  spec: object,
  binding: object = {},
): Promise<void> {
  const base = `${group}/${kind.toLowerCase()}admission`;
  const more = kind === 'Mutating' ? { reinvocationPolicy: 'Never' } : {};
  await make(`${base}policies`, {
    metadata: { name },
    spec: { matchConstraints: matching(['configmaps']), ...more, ...spec },
  });
  const actions = kind === 'Validating' ? { validationActions: ['Deny'] } : {};
  await make(`${base}policybindings`, {
    metadata: { name: `${name}-bound` },
    spec: { policyName: name, ...actions, ...binding },
  });
}

const create = (name: string, more: object = {}, options?: CallOptions) =>
  cluster.call('POST', configMaps, { metadata: { name }, ...more }, options);

test('a validation denies, warns, or is only noted', async () => {
  await policy('Validating', 'named', {
    validations: [
      {
        expression: "object.metadata.name.startsWith('good')",
        messageExpression: "object.metadata.name + ' is bad'",
        reason: 'Forbidden',
      },
    ],
  });
  const denied = await create('evil');
  assert.equal(denied.status, 403);
  assert.equal(
    denied.body.message,
    `configmaps "evil" is forbidden: ValidatingAdmissionPolicy 'named' with binding 'named-bound' denied request: evil is bad`,
  );
  assert.deepEqual(pick(denied.body, 'details.causes'), [
    { message: "ValidatingAdmissionPolicy 'named' with binding 'named-bound' denied request: evil is bad" },
  ]);
  assert.equal((await create('good')).status, 201);
  await cluster.call('DELETE', `${group}/validatingadmissionpolicybindings/named-bound`);
  assert.equal((await create('evil')).status, 201, 'a policy without a binding does nothing');
  await make(`${group}/validatingadmissionpolicybindings`, {
    metadata: { name: 'warns' },
    spec: { policyName: 'named', validationActions: ['Warn', 'Audit'] },
  });
  const warned = await create('evil2');
  assert.equal(warned.status, 201);
  assert.deepEqual(warned.warnings, [
    "Validation failed for ValidatingAdmissionPolicy 'named' with binding 'warns': evil2 is bad",
  ]);
});

test('parameters come from where the binding says', async () => {
  await make(configMaps, { metadata: { name: 'limits', labels: { limits: 'yes' } }, data: { maximum: '2' } });
  const spec = {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    matchConstraints: matching(['configmaps']),
    matchConditions: [{ name: 'not-the-limits', expression: "!request.name.startsWith('limits')" }],
    variables: [{ name: 'most', expression: 'int(params.data.maximum)' }],
    validations: [{ expression: 'object.data.size() <= variables.most', message: 'too much' }],
  };
  await policy('Validating', 'params', spec, {
    paramRef: { name: 'limits', namespace: 'default', parameterNotFoundAction: 'Deny' },
  });
  assert.equal((await create('small', { data: { a: 'a' } })).status, 201);
  const big = await create('big', { data: { a: 'a', b: 'b', c: 'c' } });
  assert.equal(big.status, 422);
  assert.match(big.body.message ?? '', /denied request: too much$/);
  await cluster.call('DELETE', `${configMaps}/limits`);
  const without = await create('lost', { data: { a: 'a' } });
  assert.match(
    without.body.message ?? '',
    /denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction$/,
  );
  await cluster.call('DELETE', `${group}/validatingadmissionpolicybindings/params-bound`);
  await make(`${group}/validatingadmissionpolicybindings`, {
    metadata: { name: 'selected' },
    spec: {
      policyName: 'params',
      validationActions: ['Deny'],
      paramRef: { selector: { matchLabels: { limits: 'yes' } }, parameterNotFoundAction: 'Allow' },
    },
  });
  assert.equal((await create('unlimited', { data: { a: 'a', b: 'b', c: 'c' } })).status, 201);
  await make(configMaps, { metadata: { name: 'limits-again', labels: { limits: 'yes' } }, data: { maximum: '1' } });
  assert.equal((await create('limited', { data: { a: 'a', b: 'b' } })).status, 422);
});

test('what fails to evaluate denies, unless failures are ignored', async () => {
  const validations = [{ expression: "object.data.missing == 'x'" }];
  await policy('Validating', 'fails', { validations });
  const answer = await create('denied');
  assert.equal(answer.status, 422);
  assert.match(
    answer.body.message ?? '',
    /denied request: expression 'object.data.missing == 'x'' resulted in error: no such key: data$/,
  );
  await cluster.call('DELETE', `${group}/validatingadmissionpolicies/fails`);
  await policy('Validating', 'ignores', { validations, failurePolicy: 'Ignore' });
  assert.equal((await create('allowed')).status, 201);
});

test('expressions know the user, the namespace, the old object and may ask the authorizer', async () => {
  await policy('Validating', 'context', {
    matchConstraints: matching(['configmaps'], [''], ['UPDATE', 'DELETE']),
    validations: [
      { expression: "request.userInfo.username == 'kubernetes-admin'" },
      { expression: "namespaceObject.metadata.labels['kubernetes.io/metadata.name'] == 'default'" },
      { expression: "request.operation == 'DELETE' ? object == null : oldObject.data.a == 'old'" },
      { expression: "authorizer.group('').resource('configmaps').namespace('default').check('update').allowed()" },
    ],
  });
  await create('seen', { data: { a: 'old' } });
  const patched = await cluster.call(
    'PATCH',
    `${configMaps}/seen`,
    { data: { a: 'new' } },
    { contentType: 'application/merge-patch+json' },
  );
  assert.equal(patched.status, 200, patched.body.message);
  const removed = await cluster.call('DELETE', `${configMaps}/seen`);
  assert.equal(removed.status, 200, removed.body.message);
});

test('bindings narrow what policies match', async () => {
  await policy(
    'Validating',
    'narrow',
    { validations: [{ expression: 'false', message: 'no' }] },
    {
      matchResources: {
        objectSelector: { matchLabels: { deny: 'yes' } },
        excludeResourceRules: [{ ...matching(['configmaps']).resourceRules[0], resourceNames: ['spared'] }],
      },
    },
  );
  assert.equal((await create('free')).status, 201);
  const labels = { labels: { deny: 'yes' } };
  assert.equal((await cluster.call('POST', configMaps, { metadata: { name: 'spared', ...labels } })).status, 201);
  assert.equal((await cluster.call('POST', configMaps, { metadata: { name: 'caught', ...labels } })).status, 422);
});

test('mutations apply configurations and patches, in order', async () => {
  await policy('Mutating', 'mutates', {
    variables: [{ name: 'who', expression: 'request.userInfo.username' }],
    mutations: [
      {
        patchType: 'ApplyConfiguration',
        applyConfiguration: {
          expression: "Object{metadata: Object.metadata{labels: {'by': variables.who}}, data: {'applied': 'yes'}}",
        },
      },
      {
        patchType: 'JSONPatch',
        jsonPatch: {
          expression:
            "[JSONPatch{op: 'add', path: '/metadata/annotations', value: {'x': 'y'}}, JSONPatch{op: 'add', path: '/metadata/annotations/' + jsonpatch.escapeKey('a/b'), value: object.data.applied + '!'}]",
        },
      },
    ],
  });
  const { status, body } = await create('mutated', { data: { own: 'value' } });
  assert.equal(status, 201, body.message);
  assert.deepEqual(body.data, { own: 'value', applied: 'yes' });
  assert.deepEqual(pick(body, 'metadata.annotations'), { x: 'y', 'a/b': 'yes!' });
  assert.equal(pick(body, 'metadata.labels.by'), 'kubernetes-admin');
});

test('a mutation of a Deployment merges lists by key and gets defaults', async () => {
  await policy('Mutating', 'sidecars', {
    matchConstraints: matching(['deployments'], ['apps']),
    mutations: [
      {
        patchType: 'ApplyConfiguration',
        applyConfiguration: {
          expression:
            "Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{containers: [Object.spec.template.spec.containers{name: 'sidecar', image: 'proxy'}]}}}}",
        },
      },
    ],
  });
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'main', image: 'i' }] } };
  const answer = await cluster.call('POST', deployments, {
    metadata: { name: 'web' },
    spec: { selector: { matchLabels: { a: 'b' } }, template },
  });
  assert.equal(answer.status, 201, answer.body.message);
  assert.equal(pick(answer.body, 'spec.template.spec.containers.0.name'), 'main');
  assert.equal(pick(answer.body, 'spec.template.spec.containers.1.image'), 'proxy');
  assert.equal(pick(answer.body, 'spec.template.spec.containers.1.terminationMessagePolicy'), 'File');
});

test('a mutation that cannot be applied refuses the request', async () => {
  const apply = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
  const constraints = { matchConstraints: matching(['deployments'], ['apps']) };
  const refused = async (name: string, mutation: object): Promise<string> => {
    await policy('Mutating', name, { ...constraints, mutations: [mutation] });
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'main', image: 'i' }] } };
    const body = { metadata: { name: 'web' }, spec: { selector: { matchLabels: { a: 'b' } }, template } };
    const answer = await cluster.call('POST', deployments, body);
    await cluster.call('DELETE', `${group}/mutatingadmissionpolicies/${name}`);
    await cluster.call('DELETE', `${group}/mutatingadmissionpolicybindings/${name}-bound`);
    assert.equal(answer.body.reason, 'Invalid', answer.body.message);
    return (answer.body.message ?? '').replace(`policy '${name}' with binding '${name}-bound' denied request: `, '');
  };
  assert.equal(
    await refused(
      'atomic',
      apply("Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {'a': 'c'}}}}"),
    ),
    'error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.selector',
  );
  assert.equal(
    await refused('misnamed', apply('Object{spec: Object.wrong{replicas: 1}}')),
    'type mismatch: unexpected type name "Object.wrong", expected "Object.spec", which matches field name path from root Object type',
  );
  assert.match(
    await refused('unknown', apply('Object{spec: Object.spec{nothing: 1}}')),
    /^error applying patch: failed to convert patch object to typed object: \.spec\.nothing: field not declared in schema$/,
  );
});

test('policies are invoked again when another changed the object after them', async () => {
  const add = (key: string, condition = 'true') => ({
    patchType: 'JSONPatch',
    jsonPatch: {
      expression: `${condition} ? [JSONPatch{op: 'add', path: '/data/${key}', value: string(object.data.size())}] : []`,
    },
  });
  await policy('Mutating', 'a-counts', { reinvocationPolicy: 'IfNeeded', mutations: [add('count')] });
  await policy('Mutating', 'b-adds', { mutations: [add('added', "!('added' in object.data)")] });
  const { body } = await create('counted', { data: { own: 'value' } });
  assert.deepEqual(body.data, { own: 'value', count: '3', added: '2' });
});

test('custom resources can be judged, and be parameters', async () => {
  const names = { plural: 'rules', singular: 'rule', kind: 'Rule' };
  const properties = { limit: { type: 'integer' } };
  await make('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'rules.example.com' },
    spec: {
      group: 'example.com',
      names,
      scope: 'Cluster',
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties } } },
      ],
    },
  });
  while ((await cluster.call('GET', '/apis/example.com/v1/rules')).status !== 200)
    await new Promise((resolve) => setImmediate(resolve));
  await make('/apis/example.com/v1/rules', {
    apiVersion: 'example.com/v1',
    kind: 'Rule',
    metadata: { name: 'one' },
    limit: 1,
  });
  await policy(
    'Validating',
    'by-rule',
    {
      paramKind: { apiVersion: 'example.com/v1', kind: 'Rule' },
      validations: [{ expression: 'object.data.size() <= params.limit' }],
    },
    { paramRef: { name: 'one', parameterNotFoundAction: 'Deny' } },
  );
  assert.equal((await create('fits', { data: { a: 'a' } })).status, 201);
  assert.equal((await create('exceeds', { data: { a: 'a', b: 'b' } })).status, 422);
  await policy('Mutating', 'rules', {
    matchConstraints: matching(['rules'], ['example.com']),
    mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{limit: 7}' } }],
  });
  const made = await cluster.call('POST', '/apis/example.com/v1/rules', {
    apiVersion: 'example.com/v1',
    kind: 'Rule',
    metadata: { name: 'two' },
  });
  assert.equal(made.body.limit, 7, made.body.message);
});
