import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import request from 'supertest';
import { createTestApi, type TestApi } from './testing/api.ts';

let api: TestApi;
before(async () => {
  api = await createTestApi();
  await request(api.app.listener)
    .post('/api/v1/namespaces/default/configmaps')
    .set('Authorization', 'Bearer admin')
    .send({ metadata: { name: 'there' } })
    .expect(201);
});
after(() => api.close());

interface Case {
  name: string;
  method?: string;
  path?: string;
  type?: string;
  body?: string;
  token?: string;
  accept?: string;
  code: number;
  reason?: string;
  message?: string | RegExp;
}

const configMaps = '/api/v1/namespaces/default/configmaps';
const post = { method: 'POST', path: configMaps };

/** Codes, reasons and messages are kube-apiserver's. */
const cases: Case[] = [
  {
    name: 'malformed JSON',
    ...post,
    body: '{"metadata":{"name":"a"',
    code: 400,
    reason: 'BadRequest',
    message: `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input ({"metadata":{"name":"a")`,
  },
  {
    name: 'empty body',
    ...post,
    body: '',
    code: 400,
    reason: 'BadRequest',
    message: /unexpected end of JSON input \(<empty>\)/,
  },
  { name: 'malformed YAML', ...post, type: 'application/yaml', body: 'a: [1', code: 400, reason: 'BadRequest' },
  {
    name: 'a wrong type',
    ...post,
    body: '{"metadata":{"name":"a"},"data":{"k":1}}',
    code: 400,
    reason: 'BadRequest',
    message:
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
  },
  {
    name: 'an unknown kind',
    ...post,
    body: '{"apiVersion":"v1","kind":"Nonsense","metadata":{"name":"a"}}',
    code: 400,
    reason: 'BadRequest',
    message:
      'Nonsense in version "v1" cannot be handled as a ConfigMap: no kind "Nonsense" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
  },
  {
    name: 'another kind',
    ...post,
    body: '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}',
    code: 400,
    reason: 'BadRequest',
    message:
      'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
  },
  {
    name: 'unknown fields, strictly',
    method: 'POST',
    path: `${configMaps}?fieldValidation=Strict`,
    body: '{"metadata":{"name":"a"},"dat":{}}',
    code: 400,
    reason: 'BadRequest',
    message: 'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dat"',
  },
  {
    name: 'duplicate fields, strictly',
    method: 'POST',
    path: `${configMaps}?fieldValidation=Strict`,
    body: '{"metadata":{"name":"a"},"data":{"a":"1","a":"2"}}',
    code: 400,
    reason: 'BadRequest',
    message: /strict decoding error: duplicate field "data.a"/,
  },
  {
    name: 'no name',
    ...post,
    body: '{}',
    code: 422,
    reason: 'Invalid',
    message: 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
  },
  {
    name: 'a name with a slash',
    ...post,
    body: '{"metadata":{"name":"a/b"}}',
    code: 422,
    reason: 'Invalid',
    message: /may not contain '\/'/,
  },
  {
    name: 'another namespace',
    ...post,
    body: '{"metadata":{"name":"a","namespace":"other"}}',
    code: 400,
    reason: 'BadRequest',
    message: 'the namespace of the provided object does not match the namespace sent on the request',
  },
  {
    name: 'a bad label',
    ...post,
    body: '{"metadata":{"name":"a","labels":{"a b":"c"}}}',
    code: 422,
    reason: 'Invalid',
    message: /metadata.labels: Invalid value: "a b"/,
  },
  {
    name: 'a repeated create',
    ...post,
    body: '{"metadata":{"name":"there"}}',
    code: 409,
    reason: 'AlreadyExists',
    message: 'configmaps "there" already exists',
  },
  {
    name: 'a resourceVersion on create',
    ...post,
    body: '{"metadata":{"name":"a","resourceVersion":"1"}}',
    code: 500,
    message: 'resourceVersion should not be set on objects to be created',
  },
  {
    name: 'a resourceVersion on a create of what is there',
    ...post,
    body: '{"metadata":{"name":"there","resourceVersion":"1"}}',
    code: 500,
    message: 'resourceVersion should not be set on objects to be created',
  },
  {
    name: 'a resourceVersion is looked at after the object',
    ...post,
    body: '{"metadata":{"name":"a%b","resourceVersion":"1"}}',
    code: 422,
    reason: 'Invalid',
    message: /metadata.name: Invalid value: "a%b": may not contain/,
  },
  {
    name: 'a resourceVersion is nothing to a dry run',
    ...post,
    path: `${configMaps}?dryRun=All`,
    body: '{"metadata":{"name":"there","resourceVersion":"1"}}',
    code: 409,
    reason: 'AlreadyExists',
  },
  {
    name: 'a content type nobody reads',
    ...post,
    type: 'text/plain',
    body: '{}',
    code: 415,
    reason: 'UnsupportedMediaType',
    message:
      'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  },
  {
    name: 'a patch without its content type',
    method: 'PATCH',
    path: `${configMaps}/there`,
    body: '{}',
    code: 415,
    reason: 'UnsupportedMediaType',
  },
  {
    name: 'truncated protobuf',
    ...post,
    type: 'application/vnd.kubernetes.protobuf',
    body: 'k8s\0\n\x7f',
    code: 400,
    reason: 'BadRequest',
  },
  {
    name: 'no protobuf at all',
    ...post,
    type: 'application/vnd.kubernetes.protobuf',
    body: 'hello',
    code: 400,
    reason: 'BadRequest',
  },
  {
    name: 'an answer nobody has',
    path: configMaps,
    accept: 'image/png',
    code: 406,
    reason: 'NotAcceptable',
    message:
      '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
  },
  {
    name: 'a huge body',
    ...post,
    body: `{"metadata":{"name":"a"},"data":{"a":"${'x'.repeat(3 * 1024 * 1024)}"}}`,
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: 'Request entity too large: limit is 3145728',
  },
  {
    name: 'an object that is not there',
    path: `${configMaps}/nope`,
    code: 404,
    reason: 'NotFound',
    message: 'configmaps "nope" not found',
  },
  {
    name: 'a resource that is not there',
    path: '/api/v1/namespaces/default/nonsense',
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
  },
  {
    name: 'a cluster-scoped resource in a namespace',
    path: '/api/v1/namespaces/default/nodes',
    code: 404,
    reason: 'NotFound',
  },
  {
    name: 'a create across namespaces',
    method: 'POST',
    path: '/api/v1/configmaps',
    body: '{}',
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
  },
  { name: 'a method nobody knows', method: 'OPTIONS', path: configMaps, code: 405, reason: 'MethodNotAllowed' },
  { name: 'a bad label selector', path: `${configMaps}?labelSelector=a%20b`, code: 400, reason: 'BadRequest' },
  {
    name: 'a bad field selector',
    path: `${configMaps}?fieldSelector=spec.x%3D1`,
    code: 400,
    reason: 'BadRequest',
    message: '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
  },
  {
    name: 'a bad limit',
    path: `${configMaps}?limit=x`,
    code: 400,
    reason: 'BadRequest',
    message: 'strconv.ParseInt: parsing "x": invalid syntax',
  },
  {
    name: 'a bad continue token',
    path: `${configMaps}?continue=zzz`,
    code: 400,
    reason: 'BadRequest',
    message: /^invalid continue token: continue key is not valid/,
  },
  {
    name: 'a bad resourceVersion',
    path: `${configMaps}?resourceVersion=x`,
    code: 400,
    reason: 'BadRequest',
    message: /invalid resource version/,
  },
  {
    name: 'resourceVersionMatch alone',
    path: `${configMaps}?resourceVersionMatch=Exact`,
    code: 422,
    reason: 'Invalid',
    message: /resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided/,
  },
  {
    name: 'a bad dryRun',
    method: 'POST',
    path: `${configMaps}?dryRun=Some`,
    body: '{"metadata":{"name":"a"}}',
    code: 422,
    reason: 'Invalid',
    message: /dryRun: Unsupported value/,
  },
  {
    name: 'a bad propagation policy',
    method: 'DELETE',
    path: `${configMaps}/there`,
    body: '{"propagationPolicy":"Maybe"}',
    code: 422,
    reason: 'Invalid',
  },
  {
    name: 'a name that is not the path’s',
    method: 'PUT',
    path: `${configMaps}/there`,
    body: '{"metadata":{"name":"other"}}',
    code: 400,
    reason: 'BadRequest',
    message: 'the name of the object (other) does not match the name on the URL (there)',
  },
  { name: 'a bad duration', path: `${configMaps}?timeout=soon`, code: 400, reason: 'BadRequest' },
  { name: 'no credentials', path: configMaps, token: '', code: 401, reason: 'Unauthorized', message: 'Unauthorized' },
  { name: 'bad credentials', path: configMaps, token: 'wrong', code: 401, reason: 'Unauthorized' },
  {
    name: 'not allowed',
    path: configMaps,
    token: 'nobody',
    code: 403,
    reason: 'Forbidden',
    message:
      'configmaps is forbidden: User "nobody" cannot list resource "configmaps" in API group "" in the namespace "default"',
  },
  { name: 'an escape from the path', path: '/api/v1/namespaces/default/configmaps/..%2f..%2fkube-system', code: 404 },
  { name: 'a dot as name', path: `${configMaps}/%2e%2e`, code: 400 },
];

for (const each of cases) {
  test(each.name, async () => {
    const method = (each.method ?? 'GET').toLowerCase() as 'get' | 'post';
    const call = request(api.app.listener)[method](each.path ?? configMaps);
    if (each.token !== '') call.set('Authorization', `Bearer ${each.token ?? 'admin'}`);
    if (each.accept !== undefined) call.set('Accept', each.accept);
    if (each.body !== undefined) {
      call.set('Content-Type', each.type ?? 'application/json');
      if (each.body !== '') call.send(each.body);
    }
    const { status, body } = await call;
    assert.equal(status, each.code, JSON.stringify(body));
    if (each.reason !== undefined) {
      assert.equal(body.kind, 'Status');
      assert.equal(body.reason, each.reason);
      assert.equal(body.code, each.code);
    }
    if (typeof each.message === 'string') assert.equal(body.message, each.message);
    else if (each.message !== undefined) assert.match(body.message, each.message);
  });
}

test('an unknown path is plain text', async () => {
  const { status, text } = await request(api.app.listener).get('/nowhere').set('Authorization', 'Bearer admin');
  assert.equal(status, 404);
  assert.equal(text, '404 page not found\n');
});

test('after all that the server serves, and nothing was written', async () => {
  const { body } = await request(api.app.listener).get(configMaps).set('Authorization', 'Bearer admin').expect(200);
  assert.deepEqual(
    body.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ['there'],
  );
});

test('a field selector names fields of the kind only, not what every object of this language has', async () => {
  const selecting = await createTestApi({
    registrations: [{ resource: { group: '', resource: 'secrets' }, selectableFields: { type: () => 'Opaque' } }],
  });
  const secrets = (selector: string) =>
    request(selecting.app.listener)
      .get(`/api/v1/secrets?fieldSelector=${selector}`)
      .set('Authorization', 'Bearer admin');
  await secrets('type%3DOpaque').expect(200);
  for (const name of ['constructor', 'toString', '__proto__']) {
    const { body } = await secrets(`${name}%3Dx`).expect(400);
    assert.equal(body.message, `field label not supported: ${name}`);
  }
  await selecting.close();
});

test('warnings that are too long in all are cut, and no more come than fit', async () => {
  const warnings = async (names: readonly string[]) => {
    const body = Object.fromEntries([['metadata', { name: `w${names.length}` }], ...names.map((name) => [name, 1])]);
    const { headers } = await request(api.app.listener)
      .post(`${configMaps}?dryRun=All`)
      .set('Authorization', 'Bearer admin')
      .send(body)
      .expect(201);
    return headers['warning']!.split(', ').map((text) => text.slice('299 - "'.length, -1));
  };
  const several = Array.from({ length: 30 }, (_, index) => `${index}é`.padStart(200, 'x'));
  assert.deepEqual(
    (await warnings(several.slice(0, 10))).map(({ length }) => length),
    several.slice(0, 10).map(() => 'unknown field \\"\\"'.length + 201),
  );
  // 18 of 216 characters fit; with the next all are cut, short as they are, and nothing comes after it.
  assert.equal((await warnings(several)).length, 19);
  const [long = '', next] = await warnings(['y'.repeat(100_000), 'z']);
  assert.equal(long, `unknown field \\"${'y'.repeat(241)}`);
  assert.equal(next, 'unknown field \\"z\\"');
});
