import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cborMediaType, cborSerializer } from '@typernetes/openapi/codec';
import { type ServedTestApi, serveTestApi } from './testing/api.ts';

let api: ServedTestApi;
before(async () => {
  api = await serveTestApi({ cbor: true });
});
after(() => api.close());

const configMaps = '/api/v1/namespaces/default/configmaps';
type Value = Record<string, never>;

async function call(
  method: string,
  path: string,
  accept: string,
  body?: Buffer | object,
  type = cborMediaType as string,
) {
  const headers: Record<string, string> = { authorization: 'Bearer admin', accept };
  if (body !== undefined) headers['content-type'] = type;
  const sent = body === undefined || Buffer.isBuffer(body) ? body : cborSerializer.encode(body);
  const response = await fetch(api.origin + path, {
    method,
    headers,
    ...(sent === undefined ? {} : { body: new Uint8Array(sent) }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, type: response.headers.get('content-type'), bytes };
}

const decoded = (bytes: Buffer): Value => cborSerializer.decode(bytes).object as Value;
const inJson = async (path: string, accept = 'application/json'): Promise<Value> =>
  JSON.parse((await call('GET', path, accept)).bytes.toString()) as Value;
const configMap = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data: { key: 'wärt' },
  binaryData: { b: 'AQID' },
});

test('an object, a list, a Table and metadata are the same as in JSON', async () => {
  const created = await call('POST', configMaps, cborMediaType, configMap('one'));
  assert.equal(created.status, 201, created.bytes.toString());
  assert.equal(created.type, cborMediaType);
  assert.deepEqual(created.bytes.subarray(0, 3), Buffer.from([0xd9, 0xd9, 0xf7]));
  const one = await inJson(`${configMaps}/one`);
  assert.deepEqual(decoded(created.bytes), one);
  assert.deepEqual(decoded((await call('GET', `${configMaps}/one`, cborMediaType)).bytes), one);
  assert.deepEqual(decoded((await call('GET', configMaps, cborMediaType)).bytes), await inJson(configMaps));
  for (const kind of ['Table', 'PartialObjectMetadataList']) {
    const as = `;as=${kind};v=v1;g=meta.k8s.io`;
    const got = decoded((await call('GET', configMaps, `${cborMediaType}${as}`)).bytes);
    assert.deepEqual(got, await inJson(configMaps, `application/json${as}`));
  }
  const metadata = ';as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
  const got = decoded((await call('GET', `${configMaps}/one`, `${cborMediaType}${metadata}`)).bytes);
  assert.deepEqual(got, await inJson(`${configMaps}/one`, `application/json${metadata}`));
});

test('bytes that are to be base64 are stored as base64', async () => {
  const body = Buffer.from(
    // {metadata: {name: "raw"}, binaryData: {b: 22(h'010203')}}
    'd9d9f7a2686d65746164617461a1646e616d65637261776a62696e61727944617461a16162d643010203',
    'hex',
  );
  assert.equal((await call('POST', configMaps, 'application/json', body)).status, 201);
  assert.deepEqual((await inJson(`${configMaps}/raw`))['binaryData'], { b: 'AQID' });
});

test('apply takes CBOR, deletion options and errors come in it', async () => {
  const path = `${configMaps}/applied`;
  const applied = await call(
    'PATCH',
    `${path}?fieldManager=me`,
    cborMediaType,
    configMap('applied'),
    'application/apply-patch+cbor',
  );
  assert.equal(applied.status, 201, applied.bytes.toString());
  const missing = await call('GET', `${configMaps}/none`, cborMediaType);
  assert.equal(missing.type, cborMediaType);
  assert.equal(decoded(missing.bytes)['reason'], 'NotFound');
  const deleted = await call('DELETE', path, cborMediaType, {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    preconditions: { uid: 'other' },
  });
  assert.equal(deleted.status, 409);
  const bad = await call(
    'POST',
    configMaps,
    'application/json',
    Buffer.from('a241610141610 2'.replace(' ', ''), 'hex'),
  );
  assert.equal(bad.status, 400);
  assert.match(bad.bytes.toString(), /duplicate map key/);
});

test('a watch is a sequence of events', async () => {
  for (const accept of [cborMediaType, 'application/cbor-seq', `${cborMediaType};stream=watch`]) {
    const aborter = new AbortController();
    const response = await fetch(`${api.origin}${configMaps}?watch=1&fieldSelector=metadata.name%3Done`, {
      headers: { authorization: 'Bearer admin', accept },
      signal: aborter.signal,
    });
    assert.equal(response.headers.get('content-type'), 'application/cbor-seq', accept);
    const reader = response.body!.getReader();
    let bytes = Buffer.alloc(0);
    let event: Value | undefined;
    while (event === undefined) {
      const { value } = await reader.read();
      bytes = Buffer.concat([bytes, value!]);
      try {
        event = decoded(bytes);
      } catch {
        // Not all of it yet.
      }
    }
    assert.deepEqual(event, { type: 'ADDED', object: await inJson(`${configMaps}/one`) });
    aborter.abort();
  }
});

test('what is offered is said', async () => {
  const accept = await call('GET', `${configMaps}/one`, 'application/foo');
  assert.equal(accept.status, 406);
  assert.match(
    accept.bytes.toString(),
    /representations: application\/json, application\/yaml, application\/vnd\.kubernetes\.protobuf, application\/cbor"/,
  );
  const patch = await call('PATCH', `${configMaps}/one`, 'application/json', {}, 'application/foo');
  assert.equal(patch.status, 415);
  assert.match(patch.bytes.toString(), /415: Unsupported Media Type/);
});
