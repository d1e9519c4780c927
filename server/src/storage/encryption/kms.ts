/**
 * Envelope encryption: values are encrypted under a seed made here, which is stored beside them as the plugin has
 * encrypted it. The plugin is asked once for a seed, and again when its key has changed or an unknown seed is read.
 */
import { randomBytes } from 'node:crypto';
import { bytesField, bytesOf, decodeFields, mapField, mapOf, numberField, numberOf, textOf } from '../../protobuf.ts';
import { aesGcm, extendedNonceGcm } from './ciphers.ts';
import type { Encrypted, KmsService } from './kms-service.ts';
import type { Plain, Transformer } from './transformer.ts';

/** How the data key comes from the decrypted source. */
const keyItself = 0;
const seedOfKeys = 1;

const healthyPollMs = 60_000;
const unhealthyPollMs = 10_000;
/** Without word from the plugin for so long, nothing is written any more. */
const seedLifeMs = 180_000;
const seedSize = 32;
const maxSourceBytes = 1024;
const maxAnnotationBytes = 32 * 1024;

interface Envelope extends Encrypted {
  data: Buffer;
  sourceType: number;
}

interface WriteState {
  source: Encrypted;
  transformer: Transformer;
  expiresAt: number;
}

export class KmsTransformer implements Transformer {
  readonly name: string;
  readonly #service: KmsService;
  readonly #now: () => number;
  readonly #known = new Map<string, Transformer>();
  /** Asked for, not answered yet: many values wait for one answer. */
  readonly #fetching = new Map<string, Promise<Transformer>>();
  #state: WriteState | undefined;
  #failure: Error | undefined;
  #timer: NodeJS.Timeout | undefined;
  #refreshing: Promise<void> | undefined;
  #closed = false;

  constructor(name: string, service: KmsService, now: () => number = Date.now) {
    this.name = name;
    this.#service = service;
    this.#now = now;
  }

  /** Asks the plugin for its state, and goes on asking until closed. */
  async start(): Promise<void> {
    await this.refresh().catch(() => undefined);
    if (this.#closed) return;
    const delay = this.#failure === undefined ? healthyPollMs : unhealthyPollMs;
    this.#timer = setTimeout(() => void this.start(), delay);
    this.#timer.unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#service.close();
  }

  /** For /healthz: throws where the plugin is not well. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** A new seed where the plugin's key is another than before; else the old one lives on. One at a time. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    try {
      const { healthz, version, keyId } = await this.#service.status();
      if (healthz !== 'ok') throw new Error(`got unexpected healthz status: ${healthz}`);
      if (version !== 'v2' && version !== 'v2beta1') throw new Error(`expected KMS API version v2, got ${version}`);
      if (keyId === '' || keyId.length > maxSourceBytes) throw new Error('expected KMS v2 key ID to be set');
      if (this.#state?.source.keyId !== keyId) await this.#newSeed(keyId);
      if (this.#state !== undefined) this.#state.expiresAt = this.#now() + seedLifeMs;
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    }
  }

  async #newSeed(keyId: string): Promise<void> {
    const seed = randomBytes(seedSize);
    const source = await this.#service.encrypt(seed);
    if (source.keyId !== keyId)
      throw new Error('failed to rotate DEK: the plugin encrypts with another key than it tells');
    const transformer = extendedNonceGcm(seed);
    validate({ ...source, data: Buffer.of(0), sourceType: seedOfKeys });
    this.#known.set(cacheKey({ ...source, sourceType: seedOfKeys }), transformer);
    this.#state = { source, transformer, expiresAt: this.#now() + seedLifeMs };
  }

  write(value: Buffer, key: string): Buffer | Promise<Buffer> {
    const state = this.#state;
    if (state === undefined || state.expiresAt < this.#now()) {
      return this.refresh().then(() => this.#writeNow(value, key));
    }
    return this.#writeNow(value, key);
  }

  #writeNow(value: Buffer, key: string): Buffer {
    const { source, transformer } = this.#state!;
    // A transformer of a seed never waits.
    return encodeEnvelope({ ...source, sourceType: seedOfKeys, data: transformer.write(value, key) as Buffer });
  }

  read(value: Buffer, key: string): Plain | Promise<Plain> {
    const envelope = decodeEnvelope(value);
    const source = cacheKey(envelope);
    const known = this.#known.get(source);
    if (known !== undefined) return this.#readNow(known, envelope, key);
    let fetching = this.#fetching.get(source);
    if (fetching === undefined) {
      fetching = this.#fetch(envelope).finally(() => this.#fetching.delete(source));
      this.#fetching.set(source, fetching);
    }
    return fetching.then((transformer) => this.#readNow(transformer, envelope, key));
  }

  #readNow(transformer: Transformer, envelope: Envelope, key: string): Plain {
    const { value } = transformer.read(envelope.data, key) as Plain;
    const current = this.#state?.source.keyId;
    const stale = current !== undefined && (envelope.keyId !== current || envelope.sourceType !== seedOfKeys);
    return { value, stale };
  }

  async #fetch(envelope: Envelope): Promise<Transformer> {
    const key = await this.#service.decrypt(envelope).catch((error: unknown) => {
      throw new Error(`failed to decrypt DEK, error: ${(error as Error).message}`, { cause: error });
    });
    const transformer = envelope.sourceType === seedOfKeys ? extendedNonceGcm(key) : aesGcm(key);
    this.#known.set(cacheKey(envelope), transformer);
    return transformer;
  }
}

function cacheKey({ sourceType, ciphertext, keyId, annotations }: Encrypted & { sourceType: number }): string {
  const notes = [...annotations].map(([name, value]) => `${name}=${value.toString('base64')}`).sort();
  return JSON.stringify([sourceType, ciphertext.toString('base64'), keyId, notes]);
}

function validate({ data, ciphertext, keyId, annotations, sourceType }: Envelope): void {
  if (sourceType !== keyItself && sourceType !== seedOfKeys) {
    throw new Error(`unknown encryptedDEKSourceType: ${sourceType}`);
  }
  if (data.length === 0) throw new Error('encrypted data is empty');
  if (ciphertext.length === 0)
    throw new Error('failed to validate encrypted DEK source: encrypted DEK source is empty');
  if (ciphertext.length > maxSourceBytes) {
    throw new Error(
      `failed to validate encrypted DEK source: encrypted DEK source is ${ciphertext.length} bytes, which exceeds the max size of ${maxSourceBytes}`,
    );
  }
  if (keyId === '' || Buffer.byteLength(keyId) > maxSourceBytes) throw new Error('failed to validate key id');
  let size = 0;
  for (const [name, value] of annotations) size += Buffer.byteLength(name) + value.length;
  if (size > maxAnnotationBytes) {
    throw new Error(`total size of annotations is ${size}, which exceeds the max size of ${maxAnnotationBytes}`);
  }
}

function encodeEnvelope(envelope: Envelope): Buffer {
  validate(envelope);
  return Buffer.concat([
    bytesField(1, envelope.data),
    bytesField(2, envelope.keyId),
    bytesField(3, envelope.ciphertext),
    mapField(4, envelope.annotations),
    numberField(5, envelope.sourceType),
  ]);
}

export function decodeEnvelope(bytes: Buffer): Envelope {
  const fields = decodeFields(bytes);
  const envelope = {
    data: bytesOf(fields, 1),
    keyId: textOf(fields, 2),
    ciphertext: bytesOf(fields, 3),
    annotations: mapOf(fields, 4),
    sourceType: numberOf(fields, 5),
  };
  validate(envelope);
  return envelope;
}
