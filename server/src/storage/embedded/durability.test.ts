import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { open } from 'lmdb';
import { temporaryDirectory } from '../testing/directory.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { Recorder } from '../testing/recorder.ts';
import { code } from '../testing/suite.ts';
import type { EmbeddedStorageOptions } from './index.ts';
import { EmbeddedStorage } from './index.ts';
import { encodeIndex, encodeLog } from './record.ts';

const prefix = '/registry/things/';

async function inDirectory(body: (path: string) => Promise<void>): Promise<void> {
  const directory = temporaryDirectory();
  try {
    await body(directory.path);
  } finally {
    directory.remove();
  }
}

async function withStorage<T>(
  path: string,
  options: EmbeddedStorageOptions,
  body: (storage: EmbeddedStorage) => Promise<T>,
): Promise<T> {
  const storage = await EmbeddedStorage.open(path, options);
  try {
    return await body(storage);
  } finally {
    await storage.close();
  }
}

/** Starts the crash writer and kills it after so many acknowledgements; returns them, whole lines only. */
async function writeAndCrash(path: string, round: number, acknowledgements: number): Promise<string[]> {
  const child = spawn(
    process.execPath,
    [new URL('../testing/crash-writer.ts', import.meta.url).pathname, path, String(round)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exited = once(child, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === acknowledgements) child.kill('SIGKILL');
  }
  await exited;
  assert.equal(child.signalCode, 'SIGKILL');
  return lines.filter((line) => line.endsWith(']'));
}

void test('kill -9 in the middle of writes loses nothing acknowledged, round after round', () =>
  inDirectory(async (path) => {
    const last = new Map<string, { revision: number; value: string | null }>();
    let highest = 0;
    for (const [round, acknowledgements] of [150, 900, 60, 1500, 400].entries()) {
      for (const line of await writeAndCrash(path, round, acknowledgements)) {
        const [key, revision, value] = JSON.parse(line) as [string, number, string | null];
        if (revision > (last.get(key)?.revision ?? 0)) last.set(key, { revision, value });
        highest = Math.max(highest, revision);
      }
      await withStorage(path, {}, async (storage) => {
        const { entries, revision } = await storage.list({ prefix });
        assert.ok(revision >= highest, `revision ${revision} went back behind ${highest}`);
        const found = new Map(entries.map((entry) => [entry.key, entry]));
        for (const [key, { revision: acknowledged, value }] of last) {
          const entry = found.get(key);
          // Later writes of the key may have reached the disk unacknowledged.
          if (entry === undefined) {
            if (value === null) continue;
            assert.ok(await wasDeletedAfter(storage, key, acknowledged), `lost ${key}`);
            // Later rounds compact the history that says so.
            last.set(key, { revision: acknowledged, value: null });
          } else {
            assert.ok(entry.modRevision >= acknowledged, `${key} went back`);
            if (entry.modRevision === acknowledged) assert.equal(entry.value.toString().slice(0, 40), value);
            assert.equal(entry.value.length, 1500);
          }
        }
        // The log is whole: what is left of it replays without a gap.
        const recorder = new Recorder(storage, prefix, storage.compactedRevision);
        await recorder.untilRevision(revision);
        assert.deepEqual(
          recorder.changes.map((change) => change.revision),
          Array.from(
            { length: revision - storage.compactedRevision },
            (_, index) => storage.compactedRevision + index + 1,
          ),
        );
        recorder.stop();
      });
    }
  }));

/** Only the writer's own unacknowledged delete explains a missing key; it must still be in the history. */
async function wasDeletedAfter(storage: EmbeddedStorage, key: string, revision: number): Promise<boolean> {
  const recorder = new Recorder(storage, key, Math.max(revision, storage.compactedRevision), 50);
  await recorder.until('the backlog', ({ progress }) => progress.length > 0);
  recorder.stop();
  return recorder.changes.at(-1)?.type === 'delete';
}

void test('one directory, one owner; an owner that is gone does not count', () =>
  inDirectory(async (path) => {
    const child = spawn(process.execPath, [new URL('../testing/crash-writer.ts', import.meta.url).pathname, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    child.stdout.resume();
    await assert.rejects(EmbeddedStorage.open(path), (error: Error) => {
      assert.ok(code('unavailable')(error));
      assert.match(error.message, new RegExp(`in use by process ${child.pid}`));
      return true;
    });
    child.kill('SIGKILL');
    await exited;
    await withStorage(path, {}, async (storage) => {
      await assert.rejects(EmbeddedStorage.open(path), /in use by this process/);
      assert.ok((await storage.currentRevision()) > 0);
    });
    await withStorage(path, {}, async () => undefined);
  }));

void test('a store of format 1, whose log is not compressed, is read and written on', () =>
  inDirectory(async (path) => {
    const former = open<Buffer, string>({ path: `${path}/data.mdb`, noSubdir: true, encoding: 'binary', maxDbs: 8 });
    const key = `${prefix}old`;
    const old = Buffer.alloc(6000, 'a');
    const record = { deleted: false, key, createRevision: 1, previousRevision: 0, value: old };
    await former.openDB<Buffer, number>({ name: 'log', encoding: 'binary' }).put(1, encodeLog(record));
    const place = encodeIndex({ deleted: false, modRevision: 1, createRevision: 1, expiresAt: 0 });
    await former.openDB<Buffer, string>({ name: 'index', encoding: 'binary' }).put(key, place);
    const meta = former.openDB<string, string>({ name: 'meta', encoding: 'string' });
    await meta.put('format', '1');
    await meta.put('revision', '1');
    await former.close();
    const written = Buffer.alloc(6000, 'b');
    await withStorage(path, {}, async (storage) => {
      assert.deepEqual((await storage.get(key)).entry?.value, old);
      const { modRevision } = await storage.update(key, written, 1);
      assert.equal(modRevision, 2);
    });
    await withStorage(path, {}, async (storage) => {
      assert.deepEqual((await storage.get(key)).entry?.value, written);
      assert.deepEqual((await storage.list({ prefix, revision: 1 })).entries[0]?.value, old);
    });
    assert.ok(statSync(`${path}/data.mdb`).size < 200_000, 'address space is not a file');
  }));

void test('state, revisions, history and the compacted revision survive a restart', () =>
  inDirectory(async (path) => {
    const [a, b] = await withStorage(path, {}, async (storage) => {
      const first = await storage.create(`${prefix}a`, Buffer.from('1'));
      const second = await storage.update(`${prefix}a`, Buffer.from('2'), first.modRevision);
      const third = await storage.update(`${prefix}a`, Buffer.from('3'), second.modRevision);
      await storage.compact(second.modRevision);
      return [second, third] as const;
    });
    await withStorage(path, {}, async (storage) => {
      assert.equal(await storage.currentRevision(), b.modRevision);
      await assert.rejects(storage.list({ prefix, revision: a.modRevision - 1 }), code('compacted'));
      const past = await storage.list({ prefix, revision: a.modRevision });
      assert.equal(past.entries[0]?.value.toString(), '2');
      const recorder = new Recorder(storage, prefix, a.modRevision);
      await recorder.untilRevision(b.modRevision);
      assert.equal(recorder.changes.length, 1);
      recorder.stop();
    });
  }));

void test('a full disk refuses writes, and nothing else', () =>
  inDirectory(async (path) => {
    const script = new URL('../testing/full-disk.ts', import.meta.url).pathname;
    // Files may have 4 MiB: a limit that a write meets like the end of the disk.
    const child = spawn('bash', ['-c', 'ulimit -f 4096; exec "$@"', 'bash', process.execPath, script, path], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exited = once(child, 'exit');
    const { written, ...told } = JSON.parse(await text(child.stdout)) as { written: number };
    assert.deepEqual(told, { code: 'unavailable', listed: written, revision: written });
    assert.deepEqual(await exited, [0, null]);
    await withStorage(path, {}, async (storage) => {
      assert.equal((await storage.list({ prefix })).entries.length, written);
      assert.equal((await storage.create(`${prefix}more`, Buffer.from('x'))).modRevision, written + 1);
    });
  }));

void test('what is written while others expire is in time for its own end', () =>
  inDirectory((path) => {
    const clock = new ManualClock();
    return withStorage(path, { clock }, async (storage) => {
      const recorder = new Recorder(storage, prefix, 0);
      await storage.create(`${prefix}first`, Buffer.from('x'), { ttlSeconds: 10 });
      await storage.create(`${prefix}last`, Buffer.from('x'), { ttlSeconds: 1000 });
      clock.advance(10_000);
      // The first is being deleted.
      await storage.create(`${prefix}meanwhile`, Buffer.from('x'), { ttlSeconds: 5 });
      await recorder.untilChanges(4);
      await storage.create(`${prefix}unrelated`, Buffer.from('x'));
      clock.advance(5000);
      await recorder.untilChanges(6);
      assert.equal(recorder.changes.at(-1)?.entry.key, `${prefix}meanwhile`);
      recorder.stop();
    });
  }));

void test('a lifetime goes on across a restart, and what expired meanwhile goes at once', () =>
  inDirectory(async (path) => {
    const clock = new ManualClock();
    await withStorage(path, { clock }, async (storage) => {
      await storage.create(`${prefix}short`, Buffer.from('x'), { ttlSeconds: 60 });
      await storage.create(`${prefix}long`, Buffer.from('x'), { ttlSeconds: 3600 });
      const renewed = await storage.create(`${prefix}renewed`, Buffer.from('x'), { ttlSeconds: 60 });
      await storage.update(`${prefix}renewed`, Buffer.from('y'), renewed.modRevision, { ttlSeconds: 3600 });
    });
    clock.advance(61_000);
    await withStorage(path, { clock }, async (storage) => {
      const start = await storage.currentRevision();
      const recorder = new Recorder(storage, prefix, start);
      await recorder.untilChanges(1);
      assert.equal(recorder.changes[0]?.entry.key, `${prefix}short`);
      assert.equal(await storage.count(prefix), 2);
      clock.advance(3600_000);
      await recorder.untilChanges(3);
      assert.equal(await storage.count(prefix), 0);
      recorder.stop();
    });
  }));

void test('history older than the interval is forgotten, younger is kept', () =>
  inDirectory((path) => {
    const clock = new ManualClock();
    return withStorage(path, { clock, compaction: { intervalMs: 300_000 } }, async (storage) => {
      const first = await storage.create(`${prefix}a`, Buffer.from('1'));
      clock.advance(300_000);
      const second = await storage.update(`${prefix}a`, Buffer.from('2'), first.modRevision);
      assert.equal((await storage.list({ prefix, revision: first.modRevision })).entries.length, 1);
      clock.advance(300_000);
      assert.equal(storage.compactedRevision, first.modRevision);
      clock.advance(300_000);
      await assert.rejects(storage.list({ prefix, revision: first.modRevision }), code('compacted'));
      assert.equal((await storage.list({ prefix, revision: second.modRevision })).entries.length, 1);
    });
  }));

void test('history is bounded in revisions too, and the space is used again', () =>
  inDirectory((path) =>
    withStorage(path, { compaction: { intervalMs: 0, maximumRevisions: 200 } }, async (storage) => {
      let entry = await storage.create(`${prefix}a`, Buffer.alloc(1000));
      for (let index = 0; index < 1000; index += 1) {
        entry = await storage.update(`${prefix}a`, Buffer.alloc(1000), entry.modRevision);
      }
      assert.ok(storage.revision - storage.compactedRevision <= 200);
      const records = storage.database.records(0, storage.revision, Infinity);
      assert.ok(records.length <= 400, `${records.length} records are left`);
    }),
  ));
