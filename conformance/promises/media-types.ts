/** Protobuf on the wire, read and written by hand: nothing of ours stands between the promise and the bytes. */
import assert from 'node:assert/strict';
import type { PromiseContext } from '../src/context.ts';
import { area } from '../src/promise.ts';
import type { WatchedObject } from '../src/watch.ts';

const promise = area('media types');

const protobuf = 'application/vnd.kubernetes.protobuf';
const magic = Buffer.from('k8s\0', 'latin1');

interface StatusBody {
  kind: string;
  message: string;
  reason: string;
}

/** The fields of a message by number, as far as they are strings, bytes or messages. */
function fieldsOf(message: Buffer): Map<number, Buffer[]> {
  const fields = new Map<number, Buffer[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      if (byte === undefined) throw new Error('a varint ends after the message');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const wireType = tag & 7;
    if (wireType === 0) varint();
    else if (wireType === 2) {
      const length = varint();
      assert.ok(at + length <= message.length, 'a field ends after its message');
      const number = tag >>> 3;
      fields.set(number, [...(fields.get(number) ?? []), message.subarray(at, at + length)]);
      at += length;
    } else throw new Error(`unexpected wire type ${wireType}`);
  }
  return fields;
}

function only(fields: Map<number, Buffer[]>, number: number): Buffer {
  const [value, ...more] = fields.get(number) ?? [];
  assert.ok(value !== undefined && more.length === 0, `field ${number} is there once`);
  return value;
}

const textOf = (fields: Map<number, Buffer[]>, number: number): string => fields.get(number)?.[0]?.toString() ?? '';

/** A field of bytes that needs no more than two bytes of length. */
function field(number: number, value: Buffer | string): Buffer {
  const bytes = Buffer.from(value);
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes]);
}

interface Unwrapped {
  apiVersion: string;
  kind: string;
  message: Map<number, Buffer[]>;
}

function unwrap(bytes: Buffer): Unwrapped {
  assert.deepEqual(bytes.subarray(0, 4), magic);
  const envelope = fieldsOf(bytes.subarray(4));
  const typeMeta = fieldsOf(only(envelope, 1));
  return { apiVersion: textOf(typeMeta, 1), kind: textOf(typeMeta, 2), message: fieldsOf(only(envelope, 2)) };
}

const metadataOf = (object: Unwrapped): Map<number, Buffer[]> => fieldsOf(only(object.message, 1));

const dataOf = (object: Unwrapped): Record<string, string> =>
  Object.fromEntries(
    (object.message.get(2) ?? []).map((entry) => {
      const fields = fieldsOf(entry);
      return [textOf(fields, 1), textOf(fields, 2)];
    }),
  );

const configMap = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data: { key: 'value' },
});

async function getAs(context: PromiseContext, path: string, accept: string) {
  return context.http.request('GET', path, { headers: { accept }, signal: context.signal });
}

promise('an object is created and read in protobuf', async (context) => {
  const message = Buffer.concat([
    field(1, field(1, 'binary')),
    field(2, Buffer.concat([field(1, 'key'), field(2, 'value')])),
  ]);
  const body = Buffer.concat([
    magic,
    field(1, Buffer.concat([field(1, 'v1'), field(2, 'ConfigMap')])),
    field(2, message),
  ]);
  const created = await context.http.request('POST', context.path('v1', 'configmaps'), {
    body,
    headers: { 'content-type': protobuf, accept: protobuf },
  });
  assert.equal(created.status, 201, created.text());
  assert.equal(created.headers['content-type'], protobuf);
  const got = await getAs(context, context.path('v1', 'configmaps', 'binary'), protobuf);
  assert.equal(got.status, 200);
  for (const response of [created, got]) {
    const object = unwrap(response.body);
    assert.equal(object.apiVersion, 'v1');
    assert.equal(object.kind, 'ConfigMap');
    assert.deepEqual(dataOf(object), { key: 'value' });
    const metadata = metadataOf(object);
    assert.equal(textOf(metadata, 1), 'binary');
    assert.equal(textOf(metadata, 3), context.namespace);
    assert.match(textOf(metadata, 5), /^[0-9a-f-]{36}$/);
  }
  const asJson = await context.get('v1', 'configmaps', 'binary');
  assert.equal(textOf(metadataOf(unwrap(got.body)), 6), asJson.metadata.resourceVersion);
});

promise('a list in protobuf holds the messages of its items', async (context) => {
  await context.create('v1', 'configmaps', configMap('one'));
  await context.create('v1', 'configmaps', configMap('two'));
  const response = await getAs(context, context.path('v1', 'configmaps'), `${protobuf},application/json`);
  assert.equal(response.headers['content-type'], protobuf);
  const list = unwrap(response.body);
  assert.equal(list.kind, 'ConfigMapList');
  assert.match(textOf(fieldsOf(only(list.message, 1)), 2), /^[0-9]+$/);
  const names = (list.message.get(2) ?? []).map((item) => textOf(fieldsOf(only(fieldsOf(item), 1)), 1));
  for (const name of ['one', 'two']) assert.ok(names.includes(name), `${name} among ${names.join(', ')}`);
});

promise('a watch in protobuf sends frames of a length and an event', async (context) => {
  const created = await context.create('v1', 'configmaps', configMap('watched'));
  const query = `watch=true&fieldSelector=metadata.name%3Dwatched`;
  const response = await context.http.open('GET', `${context.path('v1', 'configmaps')}?${query}`, {
    headers: { accept: `${protobuf};stream=watch` },
    signal: context.signal,
  });
  assert.equal(response.statusCode, 200);
  assert.equal(response.headers['content-type'], `${protobuf};stream=watch`);
  let bytes = Buffer.alloc(0);
  for await (const chunk of response) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    if (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE()) break;
  }
  response.destroy();
  const event = fieldsOf(bytes.subarray(4, 4 + bytes.readUInt32BE()));
  assert.equal(textOf(event, 1), 'ADDED');
  const object = unwrap(only(fieldsOf(only(event, 2)), 1));
  assert.equal(object.kind, 'ConfigMap');
  assert.equal(textOf(metadataOf(object), 5), created.metadata.uid);
});

promise('metadata alone comes as PartialObjectMetadata, in protobuf and in JSON', async (context) => {
  const created = await context.create('v1', 'configmaps', configMap('partial'));
  const path = context.path('v1', 'configmaps', 'partial');
  const asked = (mediaType: string, kind: string): string => `${mediaType};as=${kind};g=meta.k8s.io;v=v1`;
  const object = unwrap((await getAs(context, path, asked(protobuf, 'PartialObjectMetadata'))).body);
  assert.equal(object.apiVersion, 'meta.k8s.io/v1');
  assert.equal(object.kind, 'PartialObjectMetadata');
  assert.equal(textOf(metadataOf(object), 5), created.metadata.uid);
  assert.deepEqual([...object.message.keys()], [1]);
  const asJson = (await getAs(context, path, asked('application/json', 'PartialObjectMetadata'))).json<
    WatchedObject & { data?: object }
  >();
  assert.equal(asJson.kind, 'PartialObjectMetadata');
  assert.equal(asJson.metadata.uid, created.metadata.uid);
  assert.equal(asJson.data, undefined);
  const list = unwrap(
    (await getAs(context, context.path('v1', 'configmaps'), asked(protobuf, 'PartialObjectMetadataList'))).body,
  );
  assert.equal(list.kind, 'PartialObjectMetadataList');
});

promise('a Table is never protobuf: the next choice is taken, and without one it is 406', async (context) => {
  const path = context.path('v1', 'configmaps');
  const table = 'as=Table;v=v1;g=meta.k8s.io';
  const next = await getAs(context, path, `${protobuf};${table},application/json;${table},application/json`);
  assert.equal(next.headers['content-type'], 'application/json');
  assert.equal(next.json<WatchedObject>().kind, 'Table');
  const none = await getAs(context, path, `${protobuf};${table}`);
  assert.equal(none.status, 406);
  assert.match(none.json<StatusBody>().message, /^only the following media types are accepted: application\/json, /);
});

promise('errors are Statuses in protobuf where that was asked for', async (context) => {
  const response = await getAs(context, context.path('v1', 'configmaps', 'absent'), protobuf);
  assert.equal(response.status, 404);
  assert.equal(response.headers['content-type'], protobuf);
  const status = unwrap(response.body);
  assert.equal(status.kind, 'Status');
  assert.equal(textOf(status.message, 3), 'configmaps "absent" not found');
  assert.equal(textOf(status.message, 4), 'NotFound');
});

promise('a body of a type nobody reads is 415, and so is a patch in protobuf', async (context) => {
  const response = await context.http.request('POST', context.path('v1', 'configmaps'), {
    body: JSON.stringify(configMap('unread')),
    headers: { 'content-type': 'application/xml' },
  });
  assert.equal(response.status, 415);
  assert.equal(response.json<StatusBody>().reason, 'UnsupportedMediaType');
  assert.match(response.json<StatusBody>().message, /accepted media types include: application\/json, /);
  await context.create('v1', 'configmaps', configMap('patched'));
  const patch = await context.http.request('PATCH', context.path('v1', 'configmaps', 'patched'), {
    body: Buffer.from([0]),
    headers: { 'content-type': protobuf },
  });
  assert.equal(patch.status, 415);
});
