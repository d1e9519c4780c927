/** The child of the crash test: writes for all it is worth and says on stdout what was acknowledged, until killed. */
import { EmbeddedStorage } from '../embedded/index.ts';
import type { Entry } from '../storage.ts';

const [directory = '', round = '0'] = process.argv.slice(2);
const storage = await EmbeddedStorage.open(directory, { compaction: { intervalMs: 0, maximumRevisions: 400 } });

function acknowledge(entry: Entry): void {
  process.stdout.write(`${JSON.stringify([entry.key, entry.modRevision, entry.value.toString().slice(0, 40)])}\n`);
}

/** One writer: creates keys, updates each a few times, deletes some. */
async function write(writer: number): Promise<never> {
  for (let number = 0; ; number += 1) {
    const key = `/registry/things/${round}-${writer}-${number}`;
    const value = (state: string): Buffer => Buffer.from(`${state} ${key} `.padEnd(1500, '.'));
    let entry = await storage.create(key, value('created'));
    acknowledge(entry);
    for (let update = 0; update < number % 3; update += 1) {
      entry = await storage.update(key, value(`updated${update}`), entry.modRevision);
      acknowledge(entry);
    }
    if (number % 5 === 4) {
      const revision = await storage.delete(key, entry.modRevision);
      process.stdout.write(`${JSON.stringify([key, revision, null])}\n`);
    }
  }
}

await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
