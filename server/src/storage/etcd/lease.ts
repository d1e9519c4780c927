import type { Clock } from '../clock.ts';
import type { EtcdClient } from './client.ts';
import type { EtcdObserver } from './metrics.ts';

/** Upstream's bounds: a lease outlives its first entry by at most a minute or 5 %, and carries at most so many. */
const reuseSeconds = 60;
const reuseShare = 0.05;
const maximumEntries = 1000;

interface Lease {
  id: Promise<bigint>;
  expiresAt: number;
  entries: number;
}

/** Leases for expiring entries; entries with about the same lifetime share one, as a lease each would be costly. */
export class Leases {
  readonly #client: EtcdClient;
  readonly #clock: Clock;
  readonly #observer: Pick<EtcdObserver, 'leaseFilled'> | undefined;
  #last: Lease | undefined;

  constructor(client: EtcdClient, clock: Clock, observer?: Pick<EtcdObserver, 'leaseFilled'>) {
    this.#client = client;
    this.#observer = observer;
    this.#clock = clock;
  }

  /** The id of a lease that lasts at least this long, and little longer. */
  for(ttlSeconds: number): Promise<bigint> {
    const now = this.#clock.now();
    const reuse = Math.min(reuseSeconds, Math.floor(ttlSeconds * reuseShare));
    const last = this.#last;
    if (
      last !== undefined &&
      last.entries < maximumEntries &&
      now + ttlSeconds * 1000 < last.expiresAt &&
      now + (ttlSeconds + reuse) * 1000 >= last.expiresAt
    ) {
      last.entries += 1;
      return last.id;
    }
    this.#observer?.leaseFilled(last?.entries ?? 0);
    const seconds = ttlSeconds + reuse;
    const id = this.#client.grantLease(seconds);
    const lease: Lease = { id, expiresAt: now + seconds * 1000, entries: 1 };
    this.#last = lease;
    id.catch(() => this.#drop(lease));
    return id;
  }

  /** etcd does not know the last lease any more. */
  forget(): void {
    this.#last = undefined;
  }

  #drop(lease: Lease): void {
    if (this.#last === lease) this.#last = undefined;
  }
}
