import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { CodecError } from '../serializer.ts';
import { envelopeParts } from './envelope.ts';
import { decodeWatchEvent, partialObjectMetadataOf, protobufSerializer as protobuf } from './index.ts';
import { RandomObject } from './testing/random-object.ts';
import { WireWriter } from './wire-writer.ts';

const samples = (
  [
    ['io.k8s.api.core.v1.Pod', 'v1', 'Pod'],
    ['io.k8s.api.apps.v1.StatefulSet', 'apps/v1', 'StatefulSet'],
    ['io.k8s.api.core.v1.Event', 'v1', 'Event'],
    ['io.k8s.api.core.v1.Secret', 'v1', 'Secret'],
    [
      'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
    ],
  ] as const
).map(([definition, apiVersion, kind]) =>
  protobuf.encode({ ...new RandomObject(7, 0.4).of(definition), apiVersion, kind }),
);

function enveloped(apiVersion: string, kind: string, raw: Buffer): Buffer {
  const { head, tail } = envelopeParts(apiVersion, kind, raw.length);
  return Buffer.concat([head, raw, tail]);
}

/** Decodes, or says why not; nothing else may happen. What comes out is JSON. */
function survives(bytes: Uint8Array): void {
  for (const read of [
    () => protobuf.decode(bytes).object,
    () => decodeWatchEvent(bytes),
    () => partialObjectMetadataOf(Buffer.from(bytes)),
  ]) {
    try {
      JSON.stringify(read());
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
    }
  }
}

const refuses = (bytes: Uint8Array, message: string | RegExp) =>
  assert.throws(() => protobuf.decode(bytes), { name: 'CodecError', message });

describe('what is no message', () => {
  const prefix = 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]';
  const cases: [string, Buffer, string][] = [
    ['nothing', Buffer.alloc(0), 'empty data'],
    ['JSON', Buffer.from('{"kind":"Pod"}'), prefix],
    ['half of the magic', Buffer.from('k8'), prefix],
    ['only the magic', Buffer.from('k8s\0'), 'empty body'],
    ['a length without bytes', Buffer.from('k8s\0\x12\x05a'), 'unexpected EOF'],
    ['an endless number', Buffer.from(`k8s\0\x12${'\xff'.repeat(11)}`, 'latin1'), 'proto: integer overflow'],
    [
      'a negative length',
      Buffer.from(`k8s\0\x12${'\xff'.repeat(9)}\x01`, 'latin1'),
      'proto: negative length found during unmarshaling',
    ],
    ['a length of 4 GB', Buffer.from('k8s\0\x12\xff\xff\xff\xff\x0f', 'latin1'), 'unexpected EOF'],
    ['a wrong wire type', Buffer.from('k8s\0\x10\x01'), 'proto: wrong wireType = 0 for field Raw'],
    ['field 0', Buffer.from('k8s\0\x02\x01'), 'proto: Unknown: illegal tag 0 (wire type 2)'],
    ['an unknown wire type', Buffer.from('k8s\0\x2f'), 'proto: illegal wireType 7'],
    [
      'a wrong wire type within',
      enveloped('v1', 'Pod', Buffer.from([0x08, 1])),
      'proto: wrong wireType = 0 for field Metadata',
    ],
    ['an end of no group', enveloped('v1', 'Pod', Buffer.from([0x0c])), 'proto: wrong wireType = 4 for field Metadata'],
    [
      'an end of an unknown group',
      enveloped('v1', 'Pod', Buffer.from([0x7c])),
      'proto: Pod: wiretype end group for non-group',
    ],
    [
      'an unknown kind',
      enveloped('example.com/v1', 'Foo', Buffer.alloc(0)),
      'no kind "Foo" is registered for version "example.com/v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
  ];
  for (const [name, bytes, message] of cases) test(name, () => refuses(bytes, message));

  test('a year that has no text', () => {
    const year = Buffer.from('0a0c 420a 08ffffffffffffffff7f'.replaceAll(' ', ''), 'hex');
    refuses(enveloped('v1', 'Namespace', year), 'Time.MarshalJSON: year outside of range [0,9999]');
  });
});

test('unknown fields and groups are passed over', () => {
  const raw = Buffer.from('7b 0801 7b 7c 7c 0a030a0161 f80701 fd0701020304'.replaceAll(' ', ''), 'hex');
  assert.deepEqual(protobuf.decode(enveloped('v1', 'Namespace', raw)).object, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'a' },
  });
});

describe('whatever is broken, a CodecError says so', () => {
  test('cut anywhere', () => {
    for (const sample of samples) {
      const step = Math.max(1, Math.floor(sample.length / 2000));
      for (let end = 0; end < sample.length; end += step) survives(sample.subarray(0, end));
    }
  });

  test('bytes changed', () => {
    const change = fc.tuple(fc.nat(), fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0x7f, 0x80, 0xff)));
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.array(change, { minLength: 1, maxLength: 8 }), (sample, changes) => {
        const bytes = Buffer.from(sample);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        survives(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  test('any bytes as the message of a kind', () => {
    const kinds = fc.constantFrom(['v1', 'Pod'], ['v1', 'WatchEvent'], ['apps/v1', 'ControllerRevision']);
    fc.assert(
      fc.property(kinds, fc.uint8Array({ maxLength: 60 }), ([apiVersion = '', kind = ''], raw) => {
        survives(enveloped(apiVersion, kind, Buffer.from(raw)));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('nesting', () => {
  function nested(levels: number, wrap: (writer: WireWriter) => void): Buffer {
    const writer = new WireWriter();
    for (let level = 0; level < levels; level++) wrap(writer);
    return writer.finish();
  }

  /** `not` in a schema, in `openAPIV3Schema` of a version of a CustomResourceDefinition. */
  const schemas = (levels: number) => {
    const schema = nested(levels, (writer) => {
      writer.varint(writer.length);
      writer.varint(notField * 8 + 2);
    });
    const writer = new WireWriter();
    writer.raw(schema);
    for (const tag of [0x0a, 0x22, 0x3a, 0x12]) {
      writer.varint(writer.length);
      writer.varint(tag);
    }
    return enveloped('apiextensions.k8s.io/v1', 'CustomResourceDefinition', writer.finish());
  };
  const notField = 28;

  test('deep, but not too deep', () => {
    const { object } = protobuf.decode(schemas(400));
    assert.equal(JSON.stringify(object).split('"not"').length - 1, 400);
    assert.ok(protobuf.encode(object).length > 800);
  });

  test('of messages', () => refuses(schemas(100_000), 'proto: exceeded max depth'));

  test('of envelopes in envelopes', () => {
    let bytes = protobuf.encode({ apiVersion: 'v1', kind: 'Namespace' });
    for (let level = 0; level < 600; level++) {
      const raw = Buffer.concat([Buffer.from([0x0a, ...varint(bytes.length)]), bytes]);
      const event = Buffer.concat([Buffer.from([0x12, ...varint(raw.length)]), raw]);
      bytes = enveloped('v1', 'WatchEvent', event);
    }
    refuses(bytes, 'proto: exceeded max depth');
  });

  test('of JSON in messages', () => {
    const data = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
    const revision = (levels: number) =>
      protobuf.encode({ apiVersion: 'apps/v1', kind: 'ControllerRevision', data: data(levels) });
    assert.ok(protobuf.decode(revision(900)).object);
    refuses(revision(1000), 'proto: exceeded max depth');
    refuses(revision(3000), /exceeded max depth/);
  });

  function varint(value: number): number[] {
    return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
  }
});

test('values of another type cannot be encoded', () => {
  const cases: unknown[] = [
    null,
    'text',
    { apiVersion: 'v1', kind: 'Pod', metadata: 'x' },
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 1 } },
    { apiVersion: 'v1', kind: 'Pod', metadata: { labels: { a: 1 } } },
    { apiVersion: 'v1', kind: 'Pod', metadata: { labels: ['a'] } },
    { apiVersion: 'v1', kind: 'Pod', metadata: { generation: 1.5 } },
    { apiVersion: 'v1', kind: 'Pod', metadata: { generation: 1e300 } },
    { apiVersion: 'v1', kind: 'Pod', metadata: { creationTimestamp: 'yesterday' } },
    { apiVersion: 'v1', kind: 'Pod', spec: { containers: {} } },
    { apiVersion: 'v1', kind: 'Pod', spec: { hostNetwork: 'yes' } },
    { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 2 ** 31 } },
    { apiVersion: 'v1', kind: 'Service', spec: { ports: [{ targetPort: true }] } },
    { apiVersion: 'v1', kind: 'Service', spec: { ports: [{ targetPort: 2 ** 31 }] } },
  ];
  for (const value of cases) assert.throws(() => protobuf.encode(value), { name: 'CodecError' }, JSON.stringify(value));
  // What was written before the error is gone.
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } };
  assert.deepEqual(protobuf.decode(protobuf.encode(namespace)).object, namespace);
});
