import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decodeWatchEvent, protobufMediaType, protobufSerializer } from '@typernetes/openapi/codec';
import { type ServedTestApi, serveTestApi } from './testing/api.ts';

let api: ServedTestApi;
before(async () => {
  api = await serveTestApi();
});
after(() => api.close());

const configMaps = '/api/v1/namespaces/default/configmaps';

async function call(method: string, path: string, accept: string, body?: object, type = 'application/json') {
  const headers: Record<string, string> = { authorization: 'Bearer admin', accept };
  if (body !== undefined) headers['content-type'] = type;
  const response = await fetch(api.origin + path, {
    method,
    headers,
    ...(body === undefined
      ? {}
      : {
          body: type === protobufMediaType ? new Uint8Array(protobufSerializer.encode(body)) : JSON.stringify(body),
        }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, type: response.headers.get('content-type'), bytes };
}

interface List {
  kind: string;
  metadata: object;
  items: { metadata: object; data: object }[];
}

const decoded = (bytes: Buffer) => protobufSerializer.decode(bytes).object as Record<string, never>;
const configMap = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data: { key: 'value' },
});

test('an object goes in and comes out as protobuf, the same as in JSON', async () => {
  const created = await call('POST', configMaps, protobufMediaType, configMap('binary'), protobufMediaType);
  assert.equal(created.status, 201);
  assert.equal(created.type, protobufMediaType);
  const got = await call('GET', `${configMaps}/binary`, protobufMediaType);
  const asJson = await call('GET', `${configMaps}/binary`, 'application/json');
  assert.deepEqual(decoded(got.bytes), JSON.parse(asJson.bytes.toString()));
  assert.deepEqual(decoded(created.bytes), decoded(got.bytes));
  const patched = await call(
    'PATCH',
    `${configMaps}/binary`,
    protobufMediaType,
    { data: { key: 'other' } },
    'application/merge-patch+json',
  );
  assert.deepEqual(decoded(patched.bytes)['data'], { key: 'other' });
});

test('lists, metadata and deletions are protobuf where asked for', async () => {
  await call('POST', configMaps, 'application/json', configMap('listed'));
  const asJson = JSON.parse((await call('GET', configMaps, 'application/json')).bytes.toString()) as List;
  const asProtobuf = decoded((await call('GET', configMaps, protobufMediaType)).bytes) as unknown as List;
  assert.deepEqual(asProtobuf.metadata, asJson.metadata);
  assert.deepEqual(
    asProtobuf.items.map(({ metadata, data }) => ({ metadata, data })),
    asJson.items.map(({ metadata, data }) => ({ metadata, data })),
  );
  const metadata = `${protobufMediaType};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`;
  const list = decoded((await call('GET', configMaps, metadata)).bytes) as unknown as List;
  assert.equal(list.kind, 'PartialObjectMetadataList');
  assert.deepEqual(
    list.items.map((item) => item.metadata),
    asJson.items.map((item) => item.metadata),
  );
  const one = `${protobufMediaType};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`;
  const partial = decoded((await call('GET', `${configMaps}/listed`, one)).bytes);
  assert.equal(partial['kind'], 'PartialObjectMetadata');
  assert.equal(partial['data'], undefined);
  const deleted = decoded((await call('DELETE', `${configMaps}/listed`, protobufMediaType)).bytes);
  assert.equal(deleted['kind'], 'Status');
  assert.equal(deleted['status'], 'Success');
});

test('a Table falls through to the next choice, and alone is 406', async () => {
  const table = `as=Table;v=v1;g=meta.k8s.io`;
  const fallen = await call('GET', configMaps, `${protobufMediaType};${table},application/json;${table}`);
  assert.equal(fallen.type, 'application/json');
  assert.equal(JSON.parse(fallen.bytes.toString()).kind, 'Table');
  const alone = await call('GET', configMaps, `${protobufMediaType};${table}`);
  assert.equal(alone.status, 406);
  assert.equal(
    JSON.parse(alone.bytes.toString()).message,
    'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  );
});

test('errors are Statuses in the format asked for', async () => {
  const absent = await call('GET', `${configMaps}/absent`, protobufMediaType);
  assert.equal(absent.status, 404);
  assert.equal(absent.type, protobufMediaType);
  assert.equal(decoded(absent.bytes)['message'], 'configmaps "absent" not found');
  const unknown = await call('POST', configMaps, 'application/json', configMap('no'), 'application/cbor');
  assert.equal(unknown.status, 415);
  assert.equal(
    JSON.parse(unknown.bytes.toString()).message,
    'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  );
  const stream = await call('GET', `${configMaps}?watch=true`, 'application/yaml');
  assert.equal(stream.status, 406);
});

test('a watch sends frames with their length in front', async () => {
  const aborter = new AbortController();
  const response = await fetch(`${api.origin}${configMaps}?watch=true&fieldSelector=metadata.name%3Dwatched`, {
    headers: { authorization: 'Bearer admin', accept: `${protobufMediaType};stream=watch` },
    signal: aborter.signal,
  });
  assert.equal(response.headers.get('content-type'), `${protobufMediaType};stream=watch`);
  await call('POST', configMaps, 'application/json', configMap('watched'));
  let bytes = Buffer.alloc(0);
  for await (const chunk of response.body!) {
    bytes = Buffer.concat([bytes, chunk as Uint8Array]);
    if (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE()) break;
  }
  const event = decodeWatchEvent(bytes.subarray(4, 4 + bytes.readUInt32BE()));
  assert.equal(event.type, 'ADDED');
  assert.deepEqual(
    event.object,
    JSON.parse((await call('GET', `${configMaps}/watched`, 'application/json')).bytes.toString()),
  );
  aborter.abort();
});
