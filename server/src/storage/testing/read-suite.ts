import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListOptions, ListResult, Storage } from '../storage.ts';
import type { StorageFactory } from './suite.ts';
import { bytes, code, withFixture } from './suite.ts';

export function names(result: ListResult): string[] {
  return result.entries.map(({ key }) => key.slice(key.lastIndexOf('/') + 1));
}

async function pages(storage: Storage, options: ListOptions): Promise<ListResult[]> {
  const results = [await storage.list(options)];
  for (let last = results[0]; last?.next !== undefined; last = results.at(-1)) {
    const { minRevision: _, ...rest } = options;
    results.push(await storage.list({ ...rest, start: last.next, revision: results[0]?.revision ?? 0 }));
  }
  return results;
}

export function readTests(factory: StorageFactory): void {
  void test('list is in byte order, within the prefix, at one revision', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const keys = ['b/2', 'a/1', 'b/10', 'c', 'b-x/1', 'b/1', 'b0', 'é', '\u{1F600}', '\uFB01', 'B'];
      for (const key of keys) await storage.create(prefix + key, bytes(key));
      const all = await storage.list({ prefix });
      const sorted = keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
      assert.deepEqual(
        all.entries.map(({ key }) => key.slice(prefix.length)),
        sorted,
      );
      assert.equal(all.revision, await storage.currentRevision());
      assert.equal(all.next, undefined);
      assert.equal(all.remaining, 0);
      const folder = await storage.list({ prefix: `${prefix}b/` });
      assert.deepEqual(names(folder), ['1', '10', '2']);
      assert.equal(await storage.count(prefix), keys.length);
      assert.equal(await storage.count(`${prefix}b/`), 3);
      assert.deepEqual((await storage.list({ prefix: `${prefix}none/` })).entries, []);
    }));

  void test('pages are exact at the first page’s revision while the store changes', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      for (let index = 0; index < 25; index += 1)
        await storage.create(`${prefix}k${String(index).padStart(2, '0')}`, bytes('v'));
      const first = await storage.list({ prefix, limit: 10 });
      assert.equal(first.entries.length, 10);
      assert.equal(first.next, `${prefix}k10`);
      assert.equal(first.remaining, 15);
      const victim = await storage.get(`${prefix}k12`);
      await storage.delete(`${prefix}k12`, victim.entry?.modRevision ?? 0);
      const changed = await storage.get(`${prefix}k13`);
      await storage.update(`${prefix}k13`, bytes('new'), changed.entry?.modRevision ?? 0);
      await storage.create(`${prefix}k10a`, bytes('late'));
      const second = await storage.list({ prefix, limit: 10, start: first.next, revision: first.revision });
      assert.equal(second.revision, first.revision);
      assert.deepEqual(
        names(second),
        Array.from({ length: 10 }, (_, index) => `k${index + 10}`),
      );
      assert.ok(second.entries.every(({ value }) => value.toString() === 'v'));
      assert.equal(second.remaining, 5);
      const third = await storage.list({ prefix, limit: 10, start: second.next ?? '', revision: first.revision });
      assert.equal(third.entries.length, 5);
      assert.equal(third.next, undefined);
      assert.equal(third.remaining, 0);
      assert.deepEqual(names(await storage.list({ prefix, start: `${prefix}k23` })), ['k23', 'k24']);
    }));

  void test('a selected list counts only what it accepts', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      for (let index = 0; index < 30; index += 1)
        await storage.create(`${prefix}k${index + 10}`, bytes(String(index % 3)));
      const select: ListOptions['select'] = ({ value }) => value.toString() === '1';
      const all = await storage.list({ prefix, select });
      assert.equal(all.entries.length, 10);
      assert.equal(all.remaining, 0);
      const paged = await pages(storage, { prefix, select, limit: 4 });
      assert.deepEqual(
        paged.map(({ entries }) => entries.length),
        [4, 4, 2],
      );
      assert.equal(paged[0]?.remaining, undefined);
      assert.deepEqual(paged.flatMap(names), names(all));
    }));

  void test('reads at older revisions see the store as it was', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const created = await storage.create(`${prefix}a`, bytes('1'));
      const updated = await storage.update(`${prefix}a`, bytes('2'), created.modRevision);
      const other = await storage.create(`${prefix}b`, bytes('1'));
      const deleted = await storage.delete(`${prefix}a`, updated.modRevision);
      const again = await storage.create(`${prefix}a`, bytes('3'));
      const seen: string[] = [];
      for (let revision = created.modRevision - 1; revision <= again.modRevision; revision += 1) {
        const result = await storage.list({ prefix, revision });
        assert.equal(result.revision, revision);
        seen.push(
          names(result)
            .map((name, index) => name + String(result.entries[index]?.value))
            .join(' '),
        );
      }
      assert.deepEqual(seen, ['', 'a1', 'a2', 'a2 b1', 'b1', 'a3 b1']);
      assert.deepEqual(
        [updated.modRevision, other.modRevision, deleted].map((n) => n - created.modRevision),
        [1, 2, 3],
      );
      await assert.rejects(storage.list({ prefix, revision: again.modRevision + 1000 }), code('futureRevision'));
    }));

  void test('minRevision: any state at least that fresh, and no waiting for ever for the future', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const entry = await storage.create(`${prefix}a`, bytes('1'));
      for (const minRevision of [0, entry.modRevision]) {
        assert.ok((await storage.get(`${prefix}a`, { minRevision })).revision >= minRevision);
        assert.ok((await storage.list({ prefix, minRevision })).revision >= minRevision);
      }
      assert.equal(
        (await storage.get(`${prefix}a`, { minRevision: entry.modRevision })).entry?.modRevision,
        entry.modRevision,
      );
      const future = entry.modRevision + 1000;
      await assert.rejects(storage.get(`${prefix}a`, { minRevision: future }), code('futureRevision'));
      await assert.rejects(storage.list({ prefix, minRevision: future }), code('futureRevision'));
    }));

  void test('a list of several thousand entries is whole', () =>
    withFixture(factory, async ({ storage, prefix }) => {
      const total = 3000;
      for (let from = 0; from < total; from += 500) {
        await Promise.all(
          Array.from({ length: 500 }, (_, index) =>
            storage.create(`${prefix}n${from + index}`, Buffer.alloc(2000, 'x')),
          ),
        );
      }
      const all = await storage.list({ prefix });
      assert.equal(all.entries.length, total);
      assert.equal(new Set(all.entries.map(({ key }) => key)).size, total);
      const paged = await pages(storage, { prefix, limit: 700 });
      assert.deepEqual(paged.flatMap(names), names(all));
      assert.equal(await storage.count(prefix), total);
    }));
}
