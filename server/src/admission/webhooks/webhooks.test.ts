import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { type Body, pick, type TestCluster, type WebhookServer } from '../testing/cluster.ts';
import { configMaps, patch, rules, WebhookFixture } from '../testing/webhooks.ts';

let fixture: WebhookFixture;
let cluster: TestCluster;
let webhooks: WebhookServer;
const configurations = '/apis/admissionregistration.k8s.io/v1';

before(async () => {
  fixture = await WebhookFixture.start();
  ({ cluster, webhooks } = fixture);
});
after(() => cluster.stop());
afterEach(() => fixture.reset());

test('a review tells all of the request', async () => {
  await fixture.configure('Validating', 'all', { name: 'all.example.com' });
  assert.equal((await fixture.create('told', {}, '?fieldManager=me')).status, 201);
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
  fixture.handler = () => ({
    allowed: false,
    warnings: ['mind the gap'],
    status: { message: 'not this one', reason: 'Gone', code: 410 },
  });
  await fixture.configure('Validating', 'deny', { name: 'deny.example.com' });
  const refused = await fixture.create('refused');
  assert.equal(refused.status, 410);
  assert.equal(refused.body.message, 'admission webhook "deny.example.com" denied the request: not this one');
  assert.equal(refused.body.reason, 'Gone');
  assert.deepEqual(refused.warnings, ['mind the gap']);
  fixture.handler = () => ({ allowed: false });
  const silent = await fixture.create('refused');
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
  fixture.handler = (path) => patch({ op: 'add', path: `/data/${path.slice(1)}`, value: 'was here' });
  await fixture.configure('Mutating', 'b', { name: 'second.example.com' });
  await fixture.configure('Mutating', 'a', { name: 'first.example.com' });
  const { body } = await fixture.create('mutated');
  assert.deepEqual(body.data, { key: 'value', a: 'was here', b: 'was here' });
  assert.equal(pick(webhooks.requests[1]?.review, 'request.object.data.a'), 'was here');
  await ensureServiceAccount();
  fixture.handler = () => patch({ op: 'add', path: '/spec/containers/1', value: { name: 'added', image: 'image' } });
  await fixture.configure('Mutating', 'pods', { name: 'pods.example.com', rules: rules(['CREATE'], ['pods']) });
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
  fixture.handler = () => patch({ op: 'replace', path: '/nowhere/at/all', value: 1 });
  await fixture.configure('Mutating', 'bad', { name: 'bad.example.com' });
  const answer = await fixture.create('unpatched');
  assert.equal(answer.status, 500);
  assert.match(answer.body.message ?? '', /^Internal error occurred: /);
  fixture.handler = () => ({ ...patch({ op: 'add', path: '/data/x', value: 'y' }), patchType: 'Other' });
  assert.equal(
    (await fixture.create('unpatched')).body.message,
    'Internal error occurred: failed calling webhook "bad.example.com": unsupported patch type "Other"',
  );
});

test('who asks for it is called again when others have changed the object', async () => {
  fixture.handler = (path, review) => {
    const seen = pick(review, 'request.object.data') as Body;
    if (path === '/first')
      return 'second' in seen ? patch({ op: 'add', path: '/data/first', value: 'saw second' }) : { allowed: true };
    return 'second' in seen ? { allowed: true } : patch({ op: 'add', path: '/data/second', value: 'yes' });
  };
  await fixture.configure('Mutating', 'first', { name: 'first.example.com', reinvocationPolicy: 'IfNeeded' });
  await fixture.configure('Mutating', 'second', { name: 'second.example.com' });
  assert.deepEqual((await fixture.create('again')).body.data, { key: 'value', first: 'saw second', second: 'yes' });
  assert.deepEqual(
    webhooks.requests.map(({ path }) => path),
    ['/first', '/second', '/first'],
  );
});

test('failures are fatal or ignored, as the failurePolicy says', async () => {
  const nowhere = { url: 'https://127.0.0.1:1/hook' };
  await fixture.configure('Validating', 'ignore', {
    name: 'ignore.example.com',
    failurePolicy: 'Ignore',
    clientConfig: nowhere,
  });
  assert.equal((await fixture.create('ignored')).status, 201);
  await fixture.configure('Validating', 'fail', { name: 'fail.example.com', clientConfig: nowhere });
  const refused = await fixture.create('failed');
  assert.equal(refused.status, 500);
  assert.equal(
    refused.body.message,
    'Internal error occurred: failed calling webhook "fail.example.com": failed to call webhook: Post "https://127.0.0.1:1/hook?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused',
  );
});

for (const kind of ['Mutating', 'Validating'] as const) {
  test(`who gives up waiting for a ${kind} webhook whose failures are ignored writes nothing`, async () => {
    const answers = Promise.withResolvers<object>();
    fixture.handler = () => answers.promise;
    await fixture.configure(kind, 'slow', { name: 'slow.example.com', failurePolicy: 'Ignore' });
    assert.equal((await fixture.create('impatient', {}, '?timeout=200ms')).status, 504);
    answers.resolve({ allowed: true });
    await fixture.reset();
    assert.equal((await fixture.create('other')).status, 201);
    assert.equal((await cluster.call('GET', `${configMaps}/impatient`)).status, 404);
  });
}

test('a certificate that caBundle does not vouch for is none; odd answers are failures', async () => {
  await fixture.configure('Validating', 'tls', { name: 'tls.example.com', clientConfig: { url: webhooks.url } });
  const untrusted = await fixture.create('untrusted');
  assert.match(
    untrusted.body.message ?? '',
    /tls: failed to verify certificate: x509: certificate signed by unknown authority$/,
  );
  await cluster.call('DELETE', `${configurations}/validatingwebhookconfigurations/tls`);
  const failure = async (answer: object): Promise<string> => {
    fixture.handler = () => answer;
    const { status, body } = await fixture.create('odd');
    assert.equal(status, 500);
    return (body.message ?? '').replace('Internal error occurred: failed calling webhook "odd.example.com": ', '');
  };
  await fixture.configure('Validating', 'odd', { name: 'odd.example.com' });
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

test("caBundle may be the webhook's own certificate, and its path is cleaned, as in Go", async () => {
  const clientConfig = { url: `${webhooks.url}/other/../own//`, caBundle: webhooks.certificate };
  await fixture.configure('Validating', 'own', { name: 'own.example.com', clientConfig });
  assert.equal((await fixture.create('own')).status, 201);
  assert.deepEqual(
    webhooks.requests.map(({ path }) => path),
    ['/own'],
  );
});

test('a webhook that is too slow has failed', async () => {
  const { promise, resolve } = Promise.withResolvers<object>();
  fixture.handler = () => promise;
  await fixture.configure('Validating', 'slow', { name: 'slow.example.com', timeoutSeconds: 1 });
  const answer = await fixture.create('late');
  resolve({ allowed: true });
  assert.equal(answer.status, 500);
  assert.match(answer.body.message ?? '', /\?timeout=1s": context deadline exceeded$/);
});

test('selectors and conditions choose requests', async () => {
  fixture.handler = () => ({ allowed: false });
  await fixture.configure('Validating', 'labelled', {
    name: 'labelled.example.com',
    objectSelector: { matchLabels: { deny: 'yes' } },
    matchConditions: [{ name: 'not-me', expression: "request.name != 'me'" }],
  });
  await fixture.configure('Validating', 'elsewhere', {
    name: 'elsewhere.example.com',
    namespaceSelector: { matchLabels: { nowhere: 'yes' } },
  });
  assert.equal((await fixture.create('plain')).status, 201);
  assert.equal((await fixture.create('me', { labels: { deny: 'yes' } })).status, 201);
  assert.equal((await fixture.create('marked', { labels: { deny: 'yes' } })).status, 400);
  const unlabel = { metadata: { labels: { deny: null } } };
  await cluster.call('DELETE', `${configurations}/validatingwebhookconfigurations/labelled`);
  assert.equal((await fixture.create('marked', { labels: { deny: 'yes' } })).status, 201);
  await fixture.configure('Validating', 'labelled', {
    name: 'labelled.example.com',
    objectSelector: { matchLabels: { deny: 'yes' } },
  });
  const answer = await cluster.call('PATCH', `${configMaps}/marked`, unlabel, {
    contentType: 'application/merge-patch+json',
  });
  assert.equal(answer.status, 400, 'the old object counts as well');
});

test('a condition that fails refuses the request', async () => {
  await fixture.configure('Validating', 'broken', {
    name: 'broken.example.com',
    matchConditions: [{ name: 'broken', expression: "object.nothing == 'x'" }],
  });
  const answer = await fixture.create('unlucky');
  assert.equal(answer.status, 403);
  assert.equal(
    answer.body.message,
    `configmaps "unlucky" is forbidden: expression 'object.nothing == 'x'' resulted in error: no such key: nothing`,
  );
});

test('webhooks with side effects are not called for dry runs; configurations are never put before webhooks', async () => {
  fixture.handler = () => ({ allowed: false });
  await fixture.configure('Validating', 'everything', {
    name: 'everything.example.com',
    rules: rules(['*'], ['*/*'], ['admissionregistration.k8s.io'], ['*']),
  });
  const path = `${configurations}/validatingwebhookconfigurations/everything`;
  assert.equal((await cluster.call('DELETE', path)).status, 200);
  assert.equal(webhooks.requests.length, 0);
});

test('a Service that is not there is named with its port', async () => {
  const clientConfig = { service: { name: 'none', namespace: 'default', path: '/hook' } };
  await fixture.configure('Validating', 'service', { name: 'service.example.com', clientConfig });
  assert.equal(
    (await fixture.create('unserved')).body.message,
    'Internal error occurred: failed calling webhook "service.example.com": failed to call webhook: Post "https://none.default.svc:443/hook?timeout=10s": service "none" not found',
  );
});
