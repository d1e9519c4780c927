/** The child of the test of a full disk: writes until it is refused, and says how it goes on, as one line of JSON. */
import { EmbeddedStorage } from '../embedded/index.ts';
import type { StorageError } from '../storage.ts';

const [directory = ''] = process.argv.slice(2);
const storage = await EmbeddedStorage.open(directory, { compaction: { intervalMs: 0 } });
const value = Buffer.alloc(100_000);
let written = 0;
let code = '';
while (code === '') {
  // Noise, as what repeats is stored compressed.
  crypto.getRandomValues(value.subarray(0, 60_000));
  try {
    await storage.create(`/registry/things/${written}`, Buffer.from(value));
    written += 1;
  } catch (error) {
    code = (error as StorageError).code;
  }
}
const { entries, revision } = await storage.list({ prefix: '/registry/things/' });
// What nobody listens to would end the process by now.
await new Promise((resolve) => setTimeout(resolve, 100));
process.stdout.write(JSON.stringify({ written, code, listed: entries.length, revision }));
await storage.close();
