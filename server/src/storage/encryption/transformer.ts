/** Values on their way to and from the store. The key is authenticated with the value: none can take another's place. */

export interface Plain {
  value: Buffer;
  /** Readable, but not as it would be written now. */
  stale: boolean;
}

/** A promise only where a key must be fetched first. */
export interface Transformer {
  write(value: Buffer, key: string): Buffer | Promise<Buffer>;
  read(value: Buffer, key: string): Plain | Promise<Plain>;
}

/** A transformer and what its values begin with; nothing for plain ones. */
export interface Prefixed {
  prefix: Buffer;
  transformer: Transformer;
}

/** Every encrypted value begins with this. */
const encryptedPrefix = Buffer.from('k8s:enc:');

export function startsWith(value: Buffer, prefix: Buffer): boolean {
  return value.length >= prefix.length && value.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}

export const identity: Transformer = {
  write: (value) => value,
  read(value) {
    if (startsWith(value, encryptedPrefix)) throw new Error('identity transformer tried to read encrypted data');
    return { value, stale: false };
  },
};

/** Writes with the first; reads with whichever of those that the value's prefix fits succeeds. */
export class PrefixTransformers implements Transformer {
  readonly #transformers: readonly Prefixed[];

  constructor(transformers: readonly Prefixed[]) {
    this.#transformers = transformers;
  }

  write(value: Buffer, key: string): Buffer | Promise<Buffer> {
    const { prefix, transformer } = this.#transformers[0]!;
    const written = transformer.write(value, key);
    if (written instanceof Promise) return written.then((data) => Buffer.concat([prefix, data]));
    return prefix.length === 0 ? written : Buffer.concat([prefix, written]);
  }

  read(value: Buffer, key: string): Plain | Promise<Plain> {
    return this.#read(value, key, 0, []);
  }

  #read(value: Buffer, key: string, from: number, failures: unknown[]): Plain | Promise<Plain> {
    for (let index = from; index < this.#transformers.length; index++) {
      const { prefix, transformer } = this.#transformers[index]!;
      if (!startsWith(value, prefix)) continue;
      const result = ({ value: plain, stale }: Plain): Plain => ({ value: plain, stale: stale || index !== 0 });
      const failed = (error: unknown): void => {
        // Identity refusing an encrypted value is no failure to tell of.
        if (prefix.length > 0) failures.push(error);
      };
      try {
        const read = transformer.read(value.subarray(prefix.length), key);
        if (!(read instanceof Promise)) return result(read);
        return read.then(result, (error: unknown) => {
          failed(error);
          return this.#read(value, key, index + 1, failures);
        });
      } catch (error) {
        failed(error);
      }
    }
    const [first] = failures;
    if (first instanceof Error) throw first;
    throw new Error('the provided value does not match any of the supported transformers');
  }
}
