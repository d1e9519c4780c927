import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import {
  type Body,
  pick,
  startTestCluster,
  type TestCluster,
  type WebhookHandler,
  type WebhookServer,
} from '../testing/cluster.ts';

let cluster: TestCluster;
let webhooks: WebhookServer;
let handler: WebhookHandler = () => ({ allowed: true });
const configurations = '/apis/admissionregistration.k8s.io/v1';
const configMaps = '/api/v1/namespaces/default/configmaps';

before(async () => {
  cluster = await startTestCluster();
  webhooks = await cluster.webhooks((path, review, query) => handler(path, review, query));
});
after(() => cluster.stop());
afterEach(async () => {
  handler = () => ({ allowed: true });
  webhooks.requests.length = 0;
  for (const kind of ['mutating', 'validating'])
    await cluster.call('DELETE', `${configurations}/${kind}webhookconfigurations`);
  await cluster.call('DELETE', configMaps);
});

const patch = (...operations: object[]) => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});
const rules = (operations: string[], resources: string[], apiGroups = [''], apiVersions = ['v1']) => [
  { operations, apiGroups, apiVersions, resources },
];

async function configure(kind: 'Mutating' | 'Validating', name: string, ...hooks: object[]): Promise<void> {
  const answer = await cluster.call('POST', `${configurations}/${kind.toLowerCase()}webhookconfigurations`, {
    metadata: { name },
    webhooks: hooks.map((hook) => ({
      clientConfig: { url: `${webhooks.url}${name}`, caBundle: cluster.caBundle },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      rules: rules(['*'], ['configmaps']),
      ...hook,
    })),
  });
  assert.equal(answer.status, 201, answer.body.message);
}

const create = (name: string, more: object = {}, query = '') =>
  cluster.call('POST', `${configMaps}${query}`, { metadata: { name, ...more }, data: { key: 'value' } });

test('a review tells all of the request', async () => {
  await configure('Validating', 'all', { name: 'all.example.com' });
  assert.equal((await create('told', {}, '?fieldManager=me')).status, 201);
  const { uid, object, userInfo, ...request } = pick(webhooks.requests[0], 'review.request') as Body;
  assert.match(String(uid), /^[0-9a-f-]{36}$/);
  assert.equal(pick(object, 'metadata.name'), 'told');
  assert.equal(pick(object, 'kind'), 'ConfigMap');
  assert.ok(pick(object, 'metadata.uid'), 'validation sees the object as it will be stored');
  assert.equal(pick(userInfo, 'username'), 'kubernetes-admin');
  assert.deepEqual(pick(userInfo, 'groups'), ['system:masters', 'system:authenticated']);
  assert.ok(pick(userInfo, 'extra'));
  assert.deepEqual(request, {
    kind: { group: '', version: 'v1', kind: 'ConfigMap' },
    resource: { group: '', version: 'v1', resource: 'configmaps' },
    requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
    requestResource: { group: '', version: 'v1', resource: 'configmaps' },
    name: 'told',
    namespace: 'default',
    operation: 'CREATE',
    oldObject: null,
    dryRun: false,
    options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'me' },
  });
  webhooks.requests.length = 0;
  await cluster.call(
    'PATCH',
    `${configMaps}/told`,
    { data: { key: 'new' } },
    { contentType: 'application/merge-patch+json' },
  );
  await cluster.call('DELETE', `${configMaps}/told`);
  const [update, remove] = webhooks.requests.map(({ review }) => review.request);
  assert.equal(pick(update, 'operation'), 'UPDATE');
  assert.equal(pick(update, 'options.kind'), 'UpdateOptions');
  assert.equal(pick(update, 'oldObject.data.key'), 'value');
  assert.equal(pick(update, 'object.data.key'), 'new');
  assert.equal(pick(remove, 'operation'), 'DELETE');
  assert.equal(pick(remove, 'object'), null);
  assert.equal(pick(remove, 'oldObject.data.key'), 'new');
  assert.equal(pick(remove, 'options.kind'), 'DeleteOptions');
});

test('a refusal passes on message, reason and code; warnings reach the client', async () => {
  handler = () => ({
    allowed: false,
    warnings: ['mind the gap'],
    status: { message: 'not this one', reason: 'Gone', code: 410 },
  });
  await configure('Validating', 'deny', { name: 'deny.example.com' });
  const refused = await create('refused');
  assert.equal(refused.status, 410);
  assert.equal(refused.body.message, 'admission webhook "deny.example.com" denied the request: not this one');
  assert.equal(refused.body.reason, 'Gone');
  assert.deepEqual(refused.warnings, ['mind the gap']);
  handler = () => ({ allowed: false });
  const silent = await create('refused');
  assert.equal(silent.status, 400);
  assert.equal(silent.body.message, 'admission webhook "deny.example.com" denied the request without explanation');
});

async function ensureServiceAccount(): Promise<void> {
  const made = await cluster.call('POST', '/api/v1/namespaces/default/serviceaccounts', {
    metadata: { name: 'default' },
  });
  assert.ok(made.status === 201 || made.status === 409, made.body.message);
}

test('mutations build on each other, get defaults, and are validated', async () => {
  handler = (path) => patch({ op: 'add', path: `/data/${path.slice(1)}`, value: 'was here' });
  await configure('Mutating', 'b', { name: 'second.example.com' });
  await configure('Mutating', 'a', { name: 'first.example.com' });
  const { body } = await create('mutated');
  assert.deepEqual(body.data, { key: 'value', a: 'was here', b: 'was here' });
  assert.equal(pick(webhooks.requests[1]?.review, 'request.object.data.a'), 'was here');
  await ensureServiceAccount();
  handler = () => patch({ op: 'add', path: '/spec/containers/1', value: { name: 'added', image: 'image' } });
  await configure('Mutating', 'pods', { name: 'pods.example.com', rules: rules(['CREATE'], ['pods']) });
  const pod = await cluster.call('POST', '/api/v1/namespaces/default/pods?dryRun=All', {
    metadata: { name: 'pod' },
    spec: {
      automountServiceAccountToken: false,
      serviceAccountName: 'default',
      containers: [{ name: 'one', image: 'image' }],
    },
  });
  assert.equal(pod.status, 201, pod.body.message);
  assert.equal(pick(pod.body, 'spec.containers.1.terminationMessagePolicy'), 'File');
});

test('what cannot be patched is an internal error', async () => {
  handler = () => patch({ op: 'replace', path: '/nowhere/at/all', value: 1 });
  await configure('Mutating', 'bad', { name: 'bad.example.com' });
  const answer = await create('unpatched');
  assert.equal(answer.status, 500);
  assert.match(answer.body.message ?? '', /^Internal error occurred: /);
  handler = () => ({ ...patch({ op: 'add', path: '/data/x', value: 'y' }), patchType: 'Other' });
  assert.equal(
    (await create('unpatched')).body.message,
    'Internal error occurred: failed calling webhook "bad.example.com": unsupported patch type "Other"',
  );
});

test('who asks for it is called again when others have changed the object', async () => {
  handler = (path, review) => {
    const seen = pick(review, 'request.object.data') as Body;
    if (path === '/first')
      return 'second' in seen ? patch({ op: 'add', path: '/data/first', value: 'saw second' }) : { allowed: true };
    return 'second' in seen ? { allowed: true } : patch({ op: 'add', path: '/data/second', value: 'yes' });
  };
  await configure('Mutating', 'first', { name: 'first.example.com', reinvocationPolicy: 'IfNeeded' });
  await configure('Mutating', 'second', { name: 'second.example.com' });
  assert.deepEqual((await create('again')).body.data, { key: 'value', first: 'saw second', second: 'yes' });
  assert.deepEqual(
    webhooks.requests.map(({ path }) => path),
    ['/first', '/second', '/first'],
  );
});

test('failures are fatal or ignored, as the failurePolicy says', async () => {
  const nowhere = { url: 'https://127.0.0.1:1/hook' };
  await configure('Validating', 'ignore', {
    name: 'ignore.example.com',
    failurePolicy: 'Ignore',
    clientConfig: nowhere,
  });
  assert.equal((await create('ignored')).status, 201);
  await configure('Validating', 'fail', { name: 'fail.example.com', clientConfig: nowhere });
  const refused = await create('failed');
  assert.equal(refused.status, 500);
  assert.equal(
    refused.body.message,
    'Internal error occurred: failed calling webhook "fail.example.com": failed to call webhook: Post "https://127.0.0.1:1/hook?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused',
  );
});

test('a certificate that caBundle does not vouch for is none; odd answers are failures', async () => {
  await configure('Validating', 'tls', { name: 'tls.example.com', clientConfig: { url: webhooks.url } });
  const untrusted = await create('untrusted');
  assert.match(
    untrusted.body.message ?? '',
    /tls: failed to verify certificate: x509: certificate signed by unknown authority$/,
  );
  await cluster.call('DELETE', `${configurations}/validatingwebhookconfigurations/tls`);
  const failure = async (answer: object): Promise<string> => {
    handler = () => answer;
    const { status, body } = await create('odd');
    assert.equal(status, 500);
    return (body.message ?? '').replace('Internal error occurred: failed calling webhook "odd.example.com": ', '');
  };
  await configure('Validating', 'odd', { name: 'odd.example.com' });
  assert.equal(
    await failure({ status: 404, text: 'nothing here' }),
    'failed to call webhook: the server could not find the requested resource',
  );
  assert.match(
    await failure({ uid: 'other', allowed: true }),
    /^received invalid webhook response: expected response.uid="/,
  );
  assert.equal(
    await failure(patch({ op: 'add', path: '/data/x', value: 'y' })),
    'received invalid webhook response: validating webhook may not return response.patch',
  );
});

test('a webhook that is too slow has failed', async () => {
  const { promise, resolve } = Promise.withResolvers<object>();
  handler = () => promise;
  await configure('Validating', 'slow', { name: 'slow.example.com', timeoutSeconds: 1 });
  const answer = await create('late');
  resolve({ allowed: true });
  assert.equal(answer.status, 500);
  assert.match(answer.body.message ?? '', /\?timeout=1s": context deadline exceeded$/);
});

test('selectors and conditions choose requests', async () => {
  handler = () => ({ allowed: false });
  await configure('Validating', 'labelled', {
    name: 'labelled.example.com',
    objectSelector: { matchLabels: { deny: 'yes' } },
    matchConditions: [{ name: 'not-me', expression: "request.name != 'me'" }],
  });
  await configure('Validating', 'elsewhere', {
    name: 'elsewhere.example.com',
    namespaceSelector: { matchLabels: { nowhere: 'yes' } },
  });
  assert.equal((await create('plain')).status, 201);
  assert.equal((await create('me', { labels: { deny: 'yes' } })).status, 201);
  assert.equal((await create('marked', { labels: { deny: 'yes' } })).status, 400);
  const unlabel = { metadata: { labels: { deny: null } } };
  await cluster.call('DELETE', `${configurations}/validatingwebhookconfigurations/labelled`);
  assert.equal((await create('marked', { labels: { deny: 'yes' } })).status, 201);
  await configure('Validating', 'labelled', {
    name: 'labelled.example.com',
    objectSelector: { matchLabels: { deny: 'yes' } },
  });
  const answer = await cluster.call('PATCH', `${configMaps}/marked`, unlabel, {
    contentType: 'application/merge-patch+json',
  });
  assert.equal(answer.status, 400, 'the old object counts as well');
});

test('a condition that fails refuses the request', async () => {
  await configure('Validating', 'broken', {
    name: 'broken.example.com',
    matchConditions: [{ name: 'broken', expression: "object.nothing == 'x'" }],
  });
  const answer = await create('unlucky');
  assert.equal(answer.status, 403);
  assert.equal(
    answer.body.message,
    `configmaps "unlucky" is forbidden: expression 'object.nothing == 'x'' resulted in error: no such key: nothing`,
  );
});

test('equivalent resources are converted; an exact rule does not match them', async () => {
  const base = { rules: rules(['CREATE'], ['horizontalpodautoscalers'], ['autoscaling'], ['v1']) };
  await configure('Validating', 'equivalent', { ...base, name: 'equivalent.example.com' });
  await configure('Validating', 'exact', { ...base, name: 'exact.example.com', matchPolicy: 'Exact' });
  const answer = await cluster.call(
    'POST',
    '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers?dryRun=All',
    {
      metadata: { name: 'scaler' },
      spec: { scaleTargetRef: { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' }, maxReplicas: 3 },
    },
  );
  assert.equal(answer.status, 201, answer.body.message);
  assert.equal(webhooks.requests.length, 1);
  const request = webhooks.requests[0]?.review.request;
  assert.equal(webhooks.requests[0]?.path, '/equivalent');
  assert.equal(pick(request, 'object.apiVersion'), 'autoscaling/v1');
  assert.equal(pick(request, 'object.spec.targetCPUUtilizationPercentage'), 80);
  assert.equal(pick(request, 'kind.version'), 'v1');
  assert.equal(pick(request, 'requestKind.version'), 'v2');
});

test('a scale is admitted as a Scale', async () => {
  await configure('Validating', 'scales', {
    name: 'scales.example.com',
    rules: rules(['UPDATE'], ['deployments/scale'], ['apps']),
  });
  const deployments = '/apis/apps/v1/namespaces/default/deployments';
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const made = await cluster.call('POST', deployments, {
    metadata: { name: 'scaled' },
    spec: { selector: { matchLabels: { a: 'b' } }, template },
  });
  assert.equal(made.status, 201, made.body.message);
  const merge = { contentType: 'application/merge-patch+json' };
  assert.equal(
    (await cluster.call('PATCH', `${deployments}/scaled/scale`, { spec: { replicas: 3 } }, merge)).status,
    200,
  );
  const request = webhooks.requests[0]?.review.request;
  assert.deepEqual(pick(request, 'kind'), { group: 'autoscaling', version: 'v1', kind: 'Scale' });
  assert.equal(pick(request, 'subResource'), 'scale');
  assert.equal(pick(request, 'object.spec.replicas'), 3);
  assert.equal(pick(request, 'oldObject.spec.replicas'), 1);
  await cluster.call('DELETE', `${deployments}/scaled`);
});

test('webhooks with side effects are not called for dry runs; configurations are never put before webhooks', async () => {
  handler = () => ({ allowed: false });
  await configure('Validating', 'everything', {
    name: 'everything.example.com',
    rules: rules(['*'], ['*/*'], ['admissionregistration.k8s.io'], ['*']),
  });
  const path = `${configurations}/validatingwebhookconfigurations/everything`;
  assert.equal((await cluster.call('DELETE', path)).status, 200);
  assert.equal(webhooks.requests.length, 0);
});

test('custom resources are pruned after mutation and sent in the version that is asked for', async () => {
  const schema = (version: string, storage: boolean) => ({
    name: version,
    served: true,
    storage,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: { data: { type: 'object', properties: { known: { type: 'string' }, added: { type: 'string' } } } },
      },
    },
  });
  const names = { plural: 'things', singular: 'thing', kind: 'Thing' };
  const made = await cluster.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'things.example.com' },
    spec: { group: 'example.com', names, scope: 'Namespaced', versions: [schema('v1', false), schema('v2', true)] },
  });
  assert.equal(made.status, 201, made.body.message);
  const things = '/apis/example.com/v1/namespaces/default/things';
  for (let tries = 0; (await cluster.call('GET', things)).status !== 200; tries++) {
    assert.ok(tries < 1000, 'the definition is never established');
    await new Promise((resolve) => setImmediate(resolve));
  }
  handler = () =>
    patch({ op: 'add', path: '/data/added', value: 'yes' }, { op: 'add', path: '/data/unknown', value: 'no' });
  await configure('Mutating', 'things', {
    name: 'things.example.com',
    rules: rules(['CREATE', 'UPDATE'], ['things'], ['example.com'], ['v2']),
  });
  const created = await cluster.call('POST', things, {
    apiVersion: 'example.com/v1',
    kind: 'Thing',
    metadata: { name: 'one' },
    data: { known: 'a' },
  });
  assert.equal(created.status, 201, created.body.message);
  assert.equal(created.body.apiVersion, 'example.com/v1');
  assert.deepEqual(created.body.data, { known: 'a', added: 'yes' });
  assert.equal(pick(webhooks.requests[0]?.review, 'request.object.apiVersion'), 'example.com/v2');
  const merge = { contentType: 'application/merge-patch+json' };
  const patched = await cluster.call('PATCH', `${things}/one`, { data: { known: 'b' } }, merge);
  assert.deepEqual(patched.body.data, { known: 'b', added: 'yes' });
  assert.equal(pick(webhooks.requests[1]?.review, 'request.oldObject.apiVersion'), 'example.com/v2');
});
