import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { framed, Messages } from './frames.ts';

test('messages come out as they went in, whatever the pieces', () => {
  const message = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat(100)), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map((each) => framed([each])));
      const ends = [...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].toSorted((a, b) => a - b);
      const messages = new Messages();
      const received = ends.flatMap((end, index) => messages.take(bytes.subarray(ends[index - 1] ?? 0, end)));
      assert.deepEqual(received, sent);
    }),
  );
});
