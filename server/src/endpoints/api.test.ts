import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import request from 'supertest';
import { createTestApi, type TestApi } from './testing/api.ts';

let api: TestApi;
before(async () => {
  api = await createTestApi();
});
after(() => api.close());

const base = '/api/v1/namespaces/default/configmaps';
const call = (method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string) =>
  request(api.app.listener)[method](path).set('Authorization', 'Bearer admin');
const send = (method: 'post' | 'put' | 'patch' | 'delete', path: string, body: unknown, type = 'application/json') =>
  call(method, path)
    .set('Content-Type', type)
    .send(typeof body === 'string' ? body : JSON.stringify(body));
const configMap = (name: string, extra: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...extra,
});

describe('create, read, write, delete', () => {
  test('an object gets its system fields and comes back the same', async () => {
    const created = await send('post', base, {
      metadata: { name: 'a', uid: 'mine', creationTimestamp: '2000-01-01T00:00:00Z' },
      data: { k: 'v' },
    });
    assert.equal(created.status, 201);
    const { metadata } = created.body;
    assert.equal(metadata.namespace, 'default');
    assert.notEqual(metadata.uid, 'mine');
    assert.match(metadata.resourceVersion, /^\d+$/);
    assert.notEqual(metadata.creationTimestamp, '2000-01-01T00:00:00Z');
    assert.equal(metadata.generation, undefined);
    assert.deepEqual((await call('get', `${base}/a`)).body, created.body);
  });

  test('generateName makes a name', async () => {
    const { body } = await send('post', base, { metadata: { generateName: 'gen-' } });
    assert.match(body.metadata.name, /^gen-[a-z0-9]{5}$/);
  });

  test('a write that changes nothing keeps the resourceVersion', async () => {
    const { body } = await send('post', base, configMap('same', { data: { a: '1', b: '2' } }));
    const again = await send('put', `${base}/same`, { ...body, data: { b: '2', a: '1' } });
    assert.equal(again.status, 200);
    assert.equal(again.body.metadata.resourceVersion, body.metadata.resourceVersion);
  });

  test('an old resourceVersion conflicts, none overwrites', async () => {
    const { body } = await send('post', base, configMap('cas'));
    await send('put', `${base}/cas`, { ...body, data: { n: '1' } }).expect(200);
    const stale = await send('put', `${base}/cas`, { ...body, data: { n: '2' } });
    assert.equal(stale.status, 409);
    assert.equal(stale.body.reason, 'Conflict');
    assert.equal(
      stale.body.message,
      'Operation cannot be fulfilled on configmaps "cas": the object has been modified; please apply your changes to the latest version and try again',
    );
    await send('put', `${base}/cas`, configMap('cas', { data: { n: '3' } })).expect(200);
  });

  test('the three kinds of patch', async () => {
    await send('post', base, configMap('patched', { data: { a: '1', b: '2' } }));
    const merged = await send(
      'patch',
      `${base}/patched`,
      { data: { a: null, c: '3' } },
      'application/merge-patch+json',
    );
    assert.deepEqual(merged.body.data, { b: '2', c: '3' });
    const strategic = await send(
      'patch',
      `${base}/patched`,
      { metadata: { labels: { x: 'y' } } },
      'application/strategic-merge-patch+json',
    );
    assert.deepEqual(strategic.body.metadata.labels, { x: 'y' });
    const operations = [{ op: 'replace', path: '/data/c', value: '4' }];
    const json = await send('patch', `${base}/patched`, operations, 'application/json-patch+json');
    assert.deepEqual(json.body.data, { b: '2', c: '4' });
  });

  test('dry run stores nothing', async () => {
    const { body, status } = await send('post', `${base}?dryRun=All`, configMap('dry'));
    assert.equal(status, 201);
    assert.equal(body.metadata.resourceVersion, undefined);
    await call('get', `${base}/dry`).expect(404);
  });

  test('a finalizer keeps a deleted object until it is taken off', async () => {
    await send('post', base, { metadata: { name: 'held', finalizers: ['example.com/hold'] } });
    const deleted = await call('delete', `${base}/held`);
    assert.equal(deleted.status, 200);
    assert.equal(deleted.body.kind, 'ConfigMap');
    assert.ok(deleted.body.metadata.deletionTimestamp);
    assert.equal(deleted.body.metadata.deletionGracePeriodSeconds, 0);
    await call('get', `${base}/held`).expect(200);
    await send('patch', `${base}/held`, { metadata: { finalizers: null } }, 'application/merge-patch+json').expect(200);
    await call('get', `${base}/held`).expect(404);
  });

  test('propagationPolicy sets the collector’s finalizers', async () => {
    await send('post', base, configMap('foreground'));
    const { body } = await send('delete', `${base}/foreground`, { propagationPolicy: 'Foreground' });
    assert.deepEqual(body.metadata.finalizers, ['foregroundDeletion']);
  });

  test('a deletion answers with a Status, and honours preconditions', async () => {
    const { body } = await send('post', base, configMap('gone'));
    const refused = await send('delete', `${base}/gone`, { preconditions: { uid: 'other' } });
    assert.equal(refused.status, 409);
    const done = await send('delete', `${base}/gone`, { preconditions: { uid: body.metadata.uid } });
    assert.deepEqual(done.body, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'gone', kind: 'configmaps', uid: body.metadata.uid },
    });
  });

  test('deletecollection deletes what its selector matches', async () => {
    const collection = '/api/v1/namespaces/collected/configmaps';
    for (const [name, app] of [
      ['x', 'a'],
      ['y', 'a'],
      ['z', 'b'],
    ]) {
      await send('post', collection, { metadata: { name, labels: { app } } }).expect(201);
    }
    const { body } = await call('delete', `${collection}?labelSelector=app%3Da`);
    assert.equal(body.kind, 'ConfigMapList');
    assert.equal(body.items.length, 2);
    const left = await call('get', collection);
    assert.deepEqual(
      left.body.items.map((item: { metadata: { name: string } }) => item.metadata.name),
      ['z'],
    );
  });
});

describe('lists', () => {
  const listed = '/api/v1/namespaces/listed/configmaps';
  before(async () => {
    for (let index = 0; index < 5; index++) {
      await send('post', listed, { metadata: { name: `cm-${index}`, labels: { odd: String(index % 2) } } }).expect(201);
    }
  });

  test('pages join to the whole at one revision', async () => {
    const first = await call('get', `${listed}?limit=2`);
    assert.equal(first.body.metadata.remainingItemCount, 3);
    const names = first.body.items.map((item: { metadata: { name: string } }) => item.metadata.name);
    await send('post', listed, { metadata: { name: 'cm-later' } }).expect(201);
    let token: string | undefined = first.body.metadata.continue;
    while (token !== undefined) {
      const page = await call('get', `${listed}?limit=2&continue=${token}`);
      assert.equal(page.status, 200);
      assert.equal(page.body.metadata.resourceVersion, first.body.metadata.resourceVersion);
      names.push(...page.body.items.map((item: { metadata: { name: string } }) => item.metadata.name));
      token = page.body.metadata.continue;
    }
    assert.deepEqual(names, ['cm-0', 'cm-1', 'cm-2', 'cm-3', 'cm-4']);
    await call('delete', `${listed}/cm-later`).expect(200);
  });

  test('selectors by label and by field', async () => {
    const odd = await call('get', `${listed}?labelSelector=odd%3D1`);
    assert.equal(odd.body.items.length, 2);
    const one = await call('get', `${listed}?fieldSelector=metadata.name%3Dcm-3`);
    assert.deepEqual(
      one.body.items.map((item: { metadata: { name: string } }) => item.metadata.name),
      ['cm-3'],
    );
  });

  test('a label that is asked for again and again, among many and while they change', async () => {
    const many = '/api/v1/namespaces/many/configmaps';
    const labelled = (name: string, shade: string) => ({ metadata: { name, labels: { shade, all: 'same' } } });
    for (let index = 0; index < 300; index += 1)
      await send('post', many, labelled(`cm-${index}`, `s${index % 60}`)).expect(201);
    const names = async (selector: string) => {
      const { body } = await call('get', `${many}?labelSelector=${encodeURIComponent(selector)}`);
      return body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
    };
    const firstFive = ['cm-127', 'cm-187', 'cm-247', 'cm-67', 'cm-7'];
    for (let turn = 0; turn < 4; turn += 1) assert.deepEqual(await names('shade=s7'), firstFive);
    await send('put', `${many}/cm-7`, labelled('cm-7', 's8')).expect(200);
    await send('post', many, labelled('cm-new', 's7')).expect(201);
    await call('delete', `${many}/cm-127`).expect(200);
    assert.deepEqual(await names('shade=s7'), ['cm-187', 'cm-247', 'cm-67', 'cm-new']);
    assert.deepEqual(await names('shade in (s7,none),all=same'), ['cm-187', 'cm-247', 'cm-67', 'cm-new']);
    assert.deepEqual(await names('shade=s7,all!=same'), []);
    assert.equal((await names('all=same')).length, 300);
    const elsewhere = await call('get', `${base}?labelSelector=shade%3Ds7`);
    assert.deepEqual(elsewhere.body.items, []);
    const pages = await call('get', `${many}?labelSelector=shade%3Ds7&limit=2`);
    const rest = await call('get', `${many}?labelSelector=shade%3Ds7&limit=2&continue=${pages.body.metadata.continue}`);
    assert.deepEqual([pages.body.items.length, rest.body.items.length, rest.body.metadata.continue], [2, 2, undefined]);
  });

  test('as a Table and as metadata only', async () => {
    const table = await call('get', listed).set(
      'Accept',
      'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
    );
    assert.equal(table.body.kind, 'Table');
    assert.deepEqual(
      table.body.columnDefinitions.map((column: { name: string }) => column.name),
      ['Name', 'Created At'],
    );
    assert.equal(table.body.rows.length, 5);
    assert.equal(table.body.rows[0].object.kind, 'PartialObjectMetadata');
    const metadata = await call('get', listed).set(
      'Accept',
      'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
    );
    assert.equal(metadata.body.kind, 'PartialObjectMetadataList');
    assert.equal(metadata.body.items[0].data, undefined);
  });

  test('as YAML, and compressed when large', async () => {
    const yaml = await call('get', `${listed}/cm-0`).set('Accept', 'application/yaml');
    assert.match(yaml.headers['content-type'] ?? '', /application\/yaml/);
    assert.match(yaml.text ?? yaml.body.toString(), /kind: ConfigMap/);
    const text = 'x'.repeat(200_000);
    await send('post', '/api/v1/namespaces/large/configmaps', configMap('large', { data: { text } })).expect(201);
    const large = await call('get', '/api/v1/namespaces/large/configmaps').set('Accept-Encoding', 'gzip');
    assert.equal(large.headers['content-encoding'], 'gzip');
    assert.equal(large.body.items[0].data.text.length, text.length);
  });
});

describe('shared storage', () => {
  test('an autoscaler is the same object in both versions', async () => {
    const path = (version: string) => `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
    const target = { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 3 };
    const created = await send('post', path('v1'), {
      metadata: { name: 'h' },
      spec: { ...target, targetCPUUtilizationPercentage: 70 },
    });
    assert.equal(created.status, 201, JSON.stringify(created.body));
    assert.equal(created.body.apiVersion, 'autoscaling/v1');
    const { body } = await call('get', `${path('v2')}/h`);
    assert.deepEqual(body.spec.metrics, [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
    ]);
  });
});
