import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { AllocationError, NodePortAllocator, parsePortRange, reservedOffsets } from './node-ports.ts';
import { memoryRanges, type RangeRegistry } from './ranges.ts';

const none = (): Promise<number[]> => Promise.resolve([]);

test('reads ranges', () => {
  assert.deepEqual(parsePortRange('30000-32767'), { first: 30000, size: 2768 });
  assert.deepEqual(parsePortRange('30000+9'), { first: 30000, size: 10 });
  assert.throws(() => parsePortRange('2-1'));
  assert.throws(() => parsePortRange('x'));
});

test('leaves the lower part of a range for ports asked for by number', async () => {
  const allocator = new NodePortAllocator({ first: 30000, size: 2768 }, memoryRanges(), none, () => 0);
  assert.equal(reservedOffsets(2768), 86);
  assert.equal(await allocator.allocateNext(), 30086);
  await allocator.allocate(30000);
  await assert.rejects(
    allocator.allocate(30000),
    new AllocationError('allocated', 'provided port is already allocated'),
  );
  await assert.rejects(
    allocator.allocate(29999),
    /provided port is not in the valid range. The range of valid ports is 30000-32767/,
  );
});

test('takes over what Services hold', async () => {
  const allocator = new NodePortAllocator(
    { first: 100, size: 4 },
    memoryRanges(),
    () => Promise.resolve([101, 999]),
    () => 0,
  );
  assert.deepEqual(await allocator.allocated(), [101]);
  const ports = [await allocator.allocateNext(), await allocator.allocateNext(), await allocator.allocateNext()];
  assert.deepEqual(
    ports.toSorted((left, right) => left - right),
    [100, 102, 103],
  );
  await assert.rejects(allocator.allocateNext(), new AllocationError('full', 'range is full'));
  await allocator.release([102]);
  assert.equal(await allocator.allocateNext(), 102);
});

/** Every read and swap yields, so that allocators sharing the record interleave. */
function slowRanges(): RangeRegistry {
  const inner = memoryRanges();
  const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    async read() {
      await tick();
      return inner.read();
    },
    async swap(bitmap, version) {
      await tick();
      return inner.swap(bitmap, version);
    },
  };
}

test('many API servers never give one port twice', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.array(
        fc.record({ server: fc.integer({ min: 0, max: 2 }), port: fc.option(fc.integer({ min: 0, max: 45 })) }),
        { maxLength: 40 },
      ),
      fc.integer({ min: 0, max: 1000 }),
      async (size, requests, seed) => {
        const ranges = slowRanges();
        const random = (): number => (seed % 997) / 997;
        const servers = [0, 1, 2].map(() => new NodePortAllocator({ first: 1000, size }, ranges, none, random));
        const results = await Promise.allSettled(
          requests.map(async ({ server, port }) => {
            const allocator = servers[server];
            assert.ok(allocator);
            if (port === null) return allocator.allocateNext();
            await allocator.allocate(1000 + port);
            return 1000 + port;
          }),
        );
        const given = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
        assert.equal(new Set(given).size, given.length);
        assert.ok(given.every((port) => port >= 1000 && port < 1000 + size));
        assert.deepEqual(
          await servers[0]?.allocated(),
          given.toSorted((a, b) => a - b),
        );
        for (const result of results)
          if (result.status === 'rejected') assert.ok(result.reason instanceof AllocationError);
      },
    ),
    { numRuns: 50 },
  );
});
