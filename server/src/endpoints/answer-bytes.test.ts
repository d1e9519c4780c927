/** Bytes and headers of answers that clients were found to compare: as kube-apiserver writes them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import request, { type Response } from 'supertest';
import { createTestApi, type TestApi } from './testing/api.ts';

let api: TestApi;
before(async () => {
  api = await createTestApi();
  await request(api.app.listener)
    .post(base)
    .set({ authorization: 'Bearer admin', 'content-type': 'application/json' })
    .send('{"metadata":{"name":"one"}}')
    .expect(201);
});
after(() => api.close());

const base = '/api/v1/namespaces/default/configmaps';
const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  request(api.app.listener)
    .get(path)
    .set({ authorization: 'Bearer admin', ...headers })
    .buffer(true)
    .parse((response, done) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => done(null, Buffer.concat(chunks).toString()));
    });
const text = async (path: string, headers?: Record<string, string>): Promise<string> => (await get(path, headers)).body;

const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const oneLine: [what: string, path: string, accept?: string][] = [
  ['an object', `${base}/one`],
  ['the metadata of an object', `${base}/one`, metadataOnly],
  ['a Table', `${base}/one`, 'application/json;as=Table;g=meta.k8s.io;v=v1'],
  ['a list', base],
  ['an error', `${base}/none`],
  ['discovery', '/apis'],
  ['a group version', '/api/v1'],
];
for (const [what, path, accept = 'application/json'] of oneLine) {
  test(`${what} is one line with its end, and pretty without`, async () => {
    const plain = await text(path, { accept });
    assert.match(plain, /^\{[^\n]*\}\n$/);
    const pretty = await text(`${path}?pretty=true`, { accept });
    assert.match(pretty, /^\{\n {2}"/);
    assert.match(pretty, /\n\}$/);
    assert.deepEqual(Object.keys(JSON.parse(pretty)), Object.keys(JSON.parse(plain)));
    assert.equal(await text(path, { accept, 'user-agent': 'curl/8.5.0' }), pretty);
  });
}

test('discovery comes in every format, and only the aggregated one varies', async () => {
  for (const path of ['/api', '/apis', '/api/v1', '/apis/apps', '/apis/apps/v1']) {
    const { kind } = JSON.parse(await text(path));
    const yaml = await get(path, { accept: 'application/yaml' });
    assert.deepEqual([yaml.status, yaml.headers['content-type']], [200, 'application/yaml'], path);
    assert.match(yaml.body, new RegExp(`^kind: ${kind}$`, 'm'));
    const protobuf = await get(path, { accept: 'application/vnd.kubernetes.protobuf' });
    assert.equal(protobuf.headers['content-type'], 'application/vnd.kubernetes.protobuf');
    assert.ok(protobuf.body.startsWith('k8s\0') && protobuf.body.includes(kind), path);
    assert.equal(yaml.headers['vary'], undefined);
  }
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  assert.equal((await get('/apis', { accept })).headers['vary'], 'Accept');
});

test('media types are the routes’ to refuse, before the handlers', async () => {
  const whole = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
  const streams = 'application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch';
  const offered: [path: string, accept: string, message: string][] = [
    [`${base}/one`, 'text/none', `406: Not Acceptable\n\nAvailable representations: ${whole}`],
    [`${base}/one`, 'application/*', `406: Not Acceptable\n\nAvailable representations: ${whole}`],
    [base, 'text/none', `406: Not Acceptable\n\nAvailable representations: ${whole}, ${streams}`],
    ['/api', 'text/none', `406: Not Acceptable\n\nAvailable representations: ${whole}`],
    [`${base}/one`, 'application/json;as=Other;g=a;v=b', `only the following media types are accepted: ${whole}`],
  ];
  for (const [path, accept, expected] of offered) {
    const { code, message } = JSON.parse(await text(path, { accept }));
    assert.deepEqual([code, message], [406, expected], `${path} ${accept}`);
  }
  assert.equal((await get(`${base}/one`, { accept: 'text/none, */*;q=0.1' })).status, 200);
  for (const type of ['application/json', 'application/json-patch+json2']) {
    const patched = request(api.app.listener).patch(`${base}/one`).set('authorization', 'Bearer admin');
    const { body } = await patched.set('content-type', type).send('{}');
    assert.deepEqual([body.code, body.message, body.details], [415, '415: Unsupported Media Type', {}]);
  }
});

test('who takes no format of the server is told so in readable JSON', async () => {
  const { status, headers, body } = await get(`${base}/one`, { accept: 'text/none' });
  assert.deepEqual([status, headers['content-type']], [406, 'application/json']);
  assert.match(body, /^\{\n {2}"kind": "Status",\n/);
  assert.match(body, /"reason": "NotAcceptable"/);
});

test('what authorization and impersonation refuse is not to be sniffed; other errors say nothing of it', async () => {
  const header = async (path: string, headers: Record<string, string>) => {
    const answer = await get(path, headers);
    return [answer.status, answer.headers['x-content-type-options']];
  };
  assert.deepEqual(await header(`${base}/one`, { 'impersonate-user': 'nobody' }), [403, 'nosniff']);
  assert.deepEqual(await header(`${base}/one`, { 'impersonate-group': 'nobodies' }), [400, 'nosniff']);
  assert.deepEqual(await header(`${base}/none`, {}), [404, undefined]);
});
