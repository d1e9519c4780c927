/**
 * Measures the storages: `node server/src/storage/testing/bench.ts [seconds]`. Not a test; prints one line per figure.
 */
import { CacherGroup } from '../cacher/index.ts';
import { EmbeddedStorage } from '../embedded/index.ts';
import { EtcdStorage } from '../etcd/index.ts';
import type { Storage } from '../storage.ts';
import { temporaryDirectory } from './directory.ts';
import { EtcdServer, etcdMissing } from './etcd-server.ts';

const seconds = Number(process.argv[2] ?? 2);
const value = Buffer.from(JSON.stringify({ filler: 'x'.repeat(1500) }));
const prefix = '/registry/pods/';
let serial = 0;

function report(what: string, figure: number, unit: string): void {
  process.stdout.write(`${what.padEnd(58)} ${figure.toFixed(figure < 100 ? 2 : 0).padStart(9)} ${unit}\n`);
}

const nextKey = (): string => `${prefix}namespace-${serial % 20}/pod-${(serial += 1)}`;

async function creates(name: string, storage: Storage, writers: number): Promise<void> {
  const latencies: number[] = [];
  const end = performance.now() + seconds * 1000;
  await Promise.all(
    Array.from({ length: writers }, async () => {
      while (performance.now() < end) {
        const start = performance.now();
        await storage.create(nextKey(), value);
        latencies.push(performance.now() - start);
      }
    }),
  );
  latencies.sort((left, right) => left - right);
  report(`${name}: creates, ${writers} writers`, latencies.length / seconds, '/s');
  report(`${name}: p99 of a create, ${writers} writers`, latencies[Math.floor(latencies.length * 0.99)] ?? 0, 'ms');
}

async function timed(name: string, times: number, call: () => Promise<unknown>): Promise<void> {
  await call();
  const start = performance.now();
  for (let index = 0; index < times; index += 1) await call();
  report(name, (performance.now() - start) / times, 'ms');
}

/** CPU of this process per event with so many watches, beyond what the write itself costs. */
async function fanOut(name: string, storage: Storage, watches: number): Promise<void> {
  const writes = 1000;
  let expected = 0;
  let seen = 0;
  let arrived = (): void => undefined;
  const run = async (): Promise<number> => {
    const before = process.cpuUsage();
    seen = 0;
    for (let done = 0; done < writes; done += 50) {
      await Promise.all(Array.from({ length: 50 }, () => storage.create(nextKey(), value)));
    }
    if (seen < expected) await new Promise<void>((resolve) => (arrived = resolve));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / writes;
  };
  await storage.list({ prefix });
  await run();
  const without = await run();
  const event = (): void => {
    seen += 1;
    if (seen === expected) arrived();
  };
  const after = await storage.currentRevision();
  const running = Array.from({ length: watches }, () =>
    storage.watch({ prefix, afterRevision: after }, { event, end: () => undefined }),
  );
  expected = writes * watches;
  const withWatches = await run();
  for (const watch of running) watch.stop();
  report(`${name}: a write with its event, no watch`, without, 'µs CPU');
  report(`${name}: fan-out of an event to ${watches} watches`, Math.max(withWatches - without, 0), 'µs CPU');
}

async function measure(name: string, storage: Storage): Promise<void> {
  await creates(name, storage, 1);
  await creates(name, storage, 32);
  const folder = '/registry/listed/';
  for (let done = 0; done < 5000; done += 500) {
    await Promise.all(Array.from({ length: 500 }, (_, index) => storage.create(`${folder}k${done + index}`, value)));
  }
  await timed(`${name}: list of 5,000`, 10, () => storage.list({ prefix: folder }));
  await timed(`${name}: page of 500 of 5,000`, 10, () => storage.list({ prefix: folder, limit: 500 }));
  await timed(`${name}: get`, 500, () => storage.get(`${folder}k77`));

  const group = new CacherGroup(storage);
  const cacher = group.for(folder);
  const start = performance.now();
  await cacher.list({ prefix: folder });
  report(`Cacher over ${name}: first list of 5,000`, performance.now() - start, 'ms');
  await timed(`Cacher over ${name}: list of 5,000`, 50, () => cacher.list({ prefix: folder }));
  await timed(`Cacher over ${name}: page of 500 of 5,000`, 50, () => cacher.list({ prefix: folder, limit: 500 }));
  await timed(`Cacher over ${name}: get`, 500, () => cacher.get(`${folder}k77`));
  await fanOut(`Cacher over ${name}`, group.for(prefix), 300);
  await creates(`Cacher over ${name}`, group.for(prefix), 32);
  await group.close();
}

const directory = temporaryDirectory();
const embedded = await EmbeddedStorage.open(directory.path);
try {
  await measure('embedded', embedded);
} finally {
  await embedded.close();
  directory.remove();
}

const missing = etcdMissing();
if (missing === undefined) {
  const server = await EtcdServer.start();
  const etcd = await EtcdStorage.connect({ endpoints: [server.endpoint] });
  try {
    await measure('etcd', etcd);
  } finally {
    await etcd.close();
    await server.stop();
  }
} else {
  process.stdout.write(`etcd: not measured, ${missing}\n`);
}
