/**
 * Has etcd forget history older than the interval, as upstream's API servers do, and in turns with them: the version of
 * `compact_rev_key` is the time all of them go by, and whoever moves it on compacts to where it was an interval ago.
 */
import type { Clock } from '../clock.ts';
import type { EtcdClient } from './client.ts';

const key = Buffer.from('compact_rev_key');

export class Compactor {
  readonly #client: EtcdClient;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  /** What was before is forgotten, by whoever had the turn. */
  compactedRevision = 0;
  #time = 0;
  #revision = 0;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(client: EtcdClient, clock: Clock, intervalMs: number) {
    this.#client = client;
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    if (intervalMs > 0) this.#schedule();
  }

  #schedule(): void {
    this.#cancel = this.#clock.after(this.#intervalMs, () => {
      // A failed round is made up for by the next.
      this.round()
        .catch(() => undefined)
        .finally(() => {
          if (!this.#stopped) this.#schedule();
        });
    });
  }

  /** One interval has passed. Resolves to whether this compactor had the turn. */
  async round(): Promise<boolean> {
    const value = Buffer.from(String(this.#revision));
    const response = await this.#client.write((deadline) =>
      this.#client.kv.txn(
        {
          key,
          expected: { version: this.#time },
          success: [{ put: { key, value, lease: 0n } }],
          failure: [{ range: { key } }],
        },
        deadline,
      ),
    );
    const oldRevision = this.#revision;
    this.#revision = response.revision;
    if (!response.succeeded) {
      const other = response.found[0];
      this.#time = other?.version ?? 0;
      this.compacted(Number(other?.value.toString() ?? 0));
      return false;
    }
    this.#time += 1;
    if (oldRevision > 0) {
      await this.#client.write((deadline) => this.#client.kv.compact(oldRevision, deadline));
      this.compacted(oldRevision);
    }
    return true;
  }

  compacted(revision: number): void {
    this.compactedRevision = Math.max(this.compactedRevision, revision);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }
}
