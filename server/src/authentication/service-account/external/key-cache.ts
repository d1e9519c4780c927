/**
 * The keys an external signer's tokens are verified with. They are fetched as often as the signer asks for, and when
 * a token names a key that is not known; while the signer does not answer, the former ones are kept.
 */
import { namedKey, type TokenKeys, type VerificationKey } from '../keys.ts';
import type { ExternalSignerMetrics } from './metrics.ts';
import type { ExternalJwtSigner, FetchedKeys } from './service.ts';

export interface ExternalKeyCacheOptions {
  service: Pick<ExternalJwtSigner, 'fetchKeys'>;
  timeoutMs: number;
  metrics: Pick<ExternalSignerMetrics, 'fetched' | 'dataTimestamp'>;
  /** The keys could not be fetched, or a token names one that is not there. */
  report: (error: Error) => void;
}

interface Known {
  keys: readonly VerificationKey[];
  /** Of keys that verify older tokens, and sign none. */
  excluded: ReadonlySet<string>;
  /** When to ask again, of `Date.now()`. */
  refreshAt: number;
}

const retryMs = 10_000;
const maxIdBytes = 1024;
const maxTimerMs = 2 ** 31 - 1;

export class ExternalKeyCache implements TokenKeys {
  readonly #options: ExternalKeyCacheOptions;
  #known: Known = { keys: [], excluded: new Set(), refreshAt: 0 };
  /** What is published stays when the signer has nothing to publish any more. */
  #published: readonly VerificationKey[] = [];
  #syncing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ExternalKeyCacheOptions) {
    this.#options = options;
  }

  /** The first fetch, which must succeed. */
  async start(): Promise<void> {
    await this.#sync().catch((error: Error) => {
      throw new Error(`while performing initial cache fill: ${error.message}`, { cause: error });
    });
    this.#schedule(this.#known.refreshAt - Date.now());
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async find(kid: string | undefined): Promise<readonly VerificationKey[]> {
    const known = this.#find(kid);
    if (known.length > 0) return known;
    try {
      await this.#sync();
    } catch (error) {
      this.#options.report(error as Error);
      return [];
    }
    const found = this.#find(kid);
    if (found.length === 0) this.#options.report(new Error(`key id ${JSON.stringify(kid)} not found after refresh`));
    return found;
  }

  /** Whether nobody else is told of this key: then it must sign nothing. */
  async isExcluded(kid: string): Promise<boolean> {
    await this.find(kid);
    return this.#known.excluded.has(kid);
  }

  published(): readonly VerificationKey[] {
    return this.#published;
  }

  maxAgeSeconds(): number {
    return Math.max(0, Math.floor((this.#known.refreshAt - Date.now()) / 1000));
  }

  #find(kid: string | undefined): readonly VerificationKey[] {
    return kid === undefined ? this.#known.keys : this.#known.keys.filter((key) => key.kid === kid);
  }

  #schedule(delayMs: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#refresh(), Math.min(Math.max(0, delayMs), maxTimerMs));
    this.#timer.unref();
  }

  async #refresh(): Promise<void> {
    try {
      await this.#sync();
      this.#schedule(this.#known.refreshAt - Date.now());
    } catch (error) {
      if (!this.#closed) this.#options.report(error as Error);
      this.#schedule(retryMs);
    }
  }

  /** One fetch at a time, for all who want one. */
  #sync(): Promise<void> {
    return (this.#syncing ??= this.#fetch().finally(() => (this.#syncing = undefined)));
  }

  async #fetch(): Promise<void> {
    const { service, timeoutMs, metrics } = this.#options;
    try {
      const fetched = await service.fetchKeys(timeoutMs).catch((error: Error) => {
        throw new Error(`while getting externally supported jwt signing keys: ${error.message}`, { cause: error });
      });
      const { keys, dataTimestamp } = checked(fetched);
      const excluded = new Set(fetched.keys.filter((key) => key.excludeFromDiscovery).map((key) => key.id));
      this.#known = { keys, excluded, refreshAt: Date.now() + fetched.refreshHintSeconds * 1000 };
      const published = keys.filter(({ kid }) => !excluded.has(kid));
      if (published.length > 0) this.#published = published;
      metrics.fetched();
      metrics.dataTimestamp(dataTimestamp);
    } catch (error) {
      metrics.fetched(error);
      throw new Error(`while fetching token verification keys: ${(error as Error).message}`, { cause: error });
    }
  }
}

function checked(fetched: FetchedKeys): { keys: VerificationKey[]; dataTimestamp: number } {
  const { keys, dataTimestamp, refreshHintSeconds } = fetched;
  if (refreshHintSeconds <= 0) throw new Error(`found invalid refresh hint (${refreshHintSeconds}s)`);
  if (keys.length === 0) throw new Error('found no keys');
  if (dataTimestamp === undefined) throw new Error('invalid data timestamp');
  return { keys: keys.map(({ id, key }) => checkedKey(id, key)), dataTimestamp };
}

function checkedKey(id: string, key: Buffer): VerificationKey {
  if (id === '' || Buffer.byteLength(id) > maxIdBytes)
    throw new Error(`found invalid public key id ${JSON.stringify(id)}`);
  if (key.length === 0) throw new Error('found empty public key');
  try {
    return namedKey(id, key);
  } catch (error) {
    throw new Error(`while parsing external public keys: ${(error as Error).message}`, { cause: error });
  }
}
