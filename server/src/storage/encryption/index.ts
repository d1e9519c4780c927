/** Encryption at rest as the flags ask for it, over any Storage. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Storage } from '../storage.ts';
import { EncryptedStorage } from './encrypted-storage.ts';
import type { Providers } from './providers.ts';
import { plainProtobuf, withProtobuf } from './stored-protobuf.ts';
import type { Transformer } from './transformer.ts';

export { EncryptedStorage } from './encrypted-storage.ts';

const reloadEveryMs = 60_000;
/** Requests under way may still hold the old providers. */
const closeOldAfterMs = 120_000;

export interface EncryptionOptions {
  encryptionProviderConfig?: string;
  encryptionProviderConfigAutomaticReload: boolean;
}

export interface GroupResource {
  group: string;
  resource: string;
}

export class Encryption {
  readonly #file: string | undefined;
  readonly #root: string;
  readonly #folders = new Map<string, GroupResource>();
  readonly #decoding = new WeakMap<Transformer, Transformer>();
  #providers: Providers | undefined;
  #hash = '';
  #timer: NodeJS.Timeout | undefined;
  readonly #storages: EncryptedStorage[] = [];
  #protobuf = false;

  private constructor(file: string | undefined, root: string) {
    this.#file = file;
    this.#root = root;
  }

  /** `root` is the folder of everything, with a slash at its end. */
  static async open(options: EncryptionOptions, root: string, report: (error: unknown) => void): Promise<Encryption> {
    const encryption = new Encryption(options.encryptionProviderConfig, root);
    if (options.encryptionProviderConfig === undefined) return encryption;
    await encryption.reload();
    if (options.encryptionProviderConfigAutomaticReload) {
      encryption.#timer = setInterval(() => void encryption.reload().catch(report), reloadEveryMs);
      encryption.#timer.unref();
    }
    return encryption;
  }

  /** Storage that may hold protobuf was, or is, another API server's: its objects are read as JSON. */
  wrap(storage: Storage, mayHoldProtobuf: boolean): Storage {
    this.#protobuf = mayHoldProtobuf;
    if (this.#providers === undefined && !mayHoldProtobuf) return storage;
    const encrypted = new EncryptedStorage(storage, (key) => this.#transformerOf(key));
    this.#storages.push(encrypted);
    return encrypted;
  }

  /** Tells which resource lives in a folder, where they are named differently. */
  folder(prefix: string, resource: GroupResource): void {
    this.#folders.set(prefix.slice(this.#root.length, -1), resource);
  }

  /** Reads the file anew; what it cannot make sense of changes nothing. Resolves to whether anything changed. */
  async reload(): Promise<boolean> {
    const text = await readFile(this.#file!, 'utf8');
    const hash = createHash('sha256').update(text).digest('hex');
    if (hash === this.#hash) return false;
    // Ciphers and gRPC are large: nobody else waits for them.
    const { providersOf } = await import('./providers.ts');
    const providers = providersOf(text);
    await providers.start();
    const old = this.#providers;
    try {
      // What works is not given up for what does not; at the start there is nothing to keep.
      if (old !== undefined) providers.check();
    } catch (error) {
      providers.close();
      throw error;
    }
    this.#providers = providers;
    this.#hash = hash;
    if (old !== undefined) {
      setTimeout(() => old.close(), closeOldAfterMs).unref();
      for (const storage of this.#storages) storage.changed();
    }
    return true;
  }

  #transformerOf(key: string): Transformer | undefined {
    const resource = this.#resourceOf(key);
    const transformer = resource === undefined ? undefined : this.#providers?.of(resource.group, resource.resource);
    if (!this.#protobuf) return transformer;
    if (transformer === undefined) return plainProtobuf;
    let decoding = this.#decoding.get(transformer);
    if (decoding === undefined) this.#decoding.set(transformer, (decoding = withProtobuf(transformer)));
    return decoding;
  }

  /** Of `secrets/…`, `services/specs/…`, or `GROUP/RESOURCE/…` of a custom resource. */
  #resourceOf(key: string): GroupResource | undefined {
    const path = key.slice(this.#root.length);
    const first = path.indexOf('/');
    if (first < 0) return undefined;
    const one = path.slice(0, first);
    const known = this.#folders.get(one);
    if (known !== undefined) return known;
    const second = path.indexOf('/', first + 1);
    const two = second < 0 ? path : path.slice(0, second);
    const custom = one.includes('.') ? { group: one, resource: two.slice(first + 1) } : undefined;
    return this.#folders.get(two) ?? custom;
  }

  /** Whether the check `kms-providers` belongs to /healthz. */
  get checked(): boolean {
    return this.#timer !== undefined || (this.#providers?.kms.length ?? 0) > 0;
  }

  check(): void {
    this.#providers?.check();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#providers?.close();
  }
}
