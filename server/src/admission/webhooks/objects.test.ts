import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { pick, type TestCluster, type WebhookServer } from '../testing/cluster.ts';
import { patch, rules, WebhookFixture } from '../testing/webhooks.ts';

let fixture: WebhookFixture;
let cluster: TestCluster;
let webhooks: WebhookServer;

before(async () => {
  fixture = await WebhookFixture.start();
  ({ cluster, webhooks } = fixture);
});
after(() => cluster.stop());
afterEach(() => fixture.reset());

test('equivalent resources are converted; an exact rule does not match them', async () => {
  const base = { rules: rules(['CREATE'], ['horizontalpodautoscalers'], ['autoscaling'], ['v1']) };
  await fixture.configure('Validating', 'equivalent', { ...base, name: 'equivalent.example.com' });
  await fixture.configure('Validating', 'exact', { ...base, name: 'exact.example.com', matchPolicy: 'Exact' });
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
  await fixture.configure('Validating', 'scales', {
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
  while ((await cluster.call('GET', things)).status !== 200) await new Promise((resolve) => setImmediate(resolve));
  fixture.handler = () =>
    patch({ op: 'add', path: '/data/added', value: 'yes' }, { op: 'add', path: '/data/unknown', value: 'no' });
  await fixture.configure('Mutating', 'things', {
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

test('connecting to a pod is told with its options', async () => {
  fixture.handler = () => ({ allowed: false, status: { message: 'no connections' } });
  const rules = [{ operations: ['CONNECT'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods/*'] }];
  await fixture.configure('Validating', 'streams', { name: 'streams.example.com', rules });
  const connect = async (url: string) => {
    const { status, body } = await cluster.call('POST', `/api/v1/namespaces/default/pods/any/${url}`);
    assert.equal(status, 400);
    assert.equal(body.message, 'admission webhook "streams.example.com" denied the request: no connections');
    const request = pick(webhooks.requests.at(-1), 'review.request');
    assert.equal(pick(request, 'operation'), 'CONNECT');
    assert.equal(pick(request, 'options'), null);
    return pick(request, 'object');
  };
  assert.deepEqual(await connect('exec?command=a&command=b&stdout=true&tty=0'), {
    kind: 'PodExecOptions',
    apiVersion: 'v1',
    command: ['a', 'b'],
    stdout: true,
  });
  assert.deepEqual(await connect('portforward?ports=80'), {
    kind: 'PodPortForwardOptions',
    apiVersion: 'v1',
    ports: [80],
  });
  assert.deepEqual(await connect('proxy/a/b?c=d'), { kind: 'PodProxyOptions', apiVersion: 'v1', path: '/a/b' });
});
