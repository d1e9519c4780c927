import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import protobuf from 'protobufjs';
import { complete, decode, encode } from './codec.ts';
import { enums, messages } from './protocol/descriptors.ts';
import type { Messages } from './protocol/messages.ts';

/** The same descriptors given to protobufjs: an encoder that is not ours to compare with. */
function reference(): protobuf.Root {
  const nested: Record<string, protobuf.AnyNestedObject> = {};
  for (const [name, values] of Object.entries(enums)) nested[name] = { values };
  for (const [name, fields] of Object.entries(messages)) {
    const described: Record<string, protobuf.IField> = {};
    for (const [field, [id, type]] of Object.entries(fields)) {
      if (type === 'map<string,string>')
        described[field] = { keyType: 'string', type: 'string', id } as protobuf.IMapField;
      else if (type.endsWith('[]')) described[field] = { rule: 'repeated', type: type.slice(0, -2), id };
      else described[field] = { type, id };
    }
    nested[name] = { fields: described };
  }
  return protobuf.Root.fromJSON({ nested });
}

function arbitrary(type: string, depth: number): fc.Arbitrary<unknown> {
  if (type.endsWith('[]')) return fc.array(arbitrary(type.slice(0, -2), depth), { maxLength: 3 });
  if (type === 'map<string,string>')
    return fc.dictionary(fc.string({ maxLength: 200 }), fc.string({ maxLength: 200 }), { noNullPrototype: true });
  const fields = messages[type];
  if (fields !== undefined) {
    if (depth === 0) return fc.constant({});
    return fc.record(
      Object.fromEntries(Object.entries(fields).map(([name, [, of]]) => [name, arbitrary(of, depth - 1)])),
      { requiredKeys: [], noNullPrototype: true },
    );
  }
  if (type === 'string') return fc.string();
  if (type === 'bool') return fc.boolean();
  if (type === 'int32') return fc.integer();
  if (type === 'uint32') return fc.nat();
  if (type === 'double') return fc.double({ noNaN: true });
  if (type === 'int64') return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  if (type === 'uint64') return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  if (type === 'bytes') return fc.uint8Array();
  return fc.constantFrom(...Object.keys(enums[type] ?? {}));
}

test('whatever is encoded comes back with zero values filled in', () => {
  for (const name of Object.keys(messages)) {
    fc.assert(
      fc.property(arbitrary(name, 3), (value) => {
        const type = name as keyof Messages;
        assert.deepEqual(decode(type, encode(type, value as never)), complete(type, value as never));
      }),
      { numRuns: 20 },
    );
  }
});

test('protobufjs reads what we write, and we read what it writes', () => {
  const root = reference();
  for (const name of Object.keys(messages)) {
    const peer = root.lookupType(name);
    const type = name as keyof Messages;
    fc.assert(
      fc.property(arbitrary(name, 3), (value) => {
        const ours = encode(type, value as never);
        const theirs = peer.encode(peer.decode(ours)).finish();
        assert.deepEqual(decode(type, theirs), complete(type, value as never));
      }),
      { numRuns: 10 },
    );
  }
});

test('truncated and malformed bytes throw, unknown fields are skipped', () => {
  const bytes = encode('VersionResponse', { runtimeName: 'containerd', runtimeVersion: '1.6' });
  assert.throws(() => decode('VersionResponse', bytes.subarray(0, bytes.length - 1)), RangeError);
  assert.throws(() => decode('VersionResponse', Buffer.from([0x0f])), RangeError);
  const withUnknown = Buffer.concat([bytes, Buffer.from([0xf8, 0x07, 0x01])]);
  assert.deepEqual(decode('VersionResponse', withUnknown), decode('VersionResponse', bytes));
});
