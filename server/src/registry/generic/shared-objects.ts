/**
 * Parsed objects that readers share instead of each parsing the stored bytes. Two small memories, both bounded by count
 * and by bytes: the objects that were just written, so that the event of a write finds what it is about; and those that
 * were asked for last, for what every request reads (its namespace, its service account).
 */
import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { Entry } from '../../storage/storage.ts';

/** Keeps what was added last; what falls out is told. */
class Recent<K, V> {
  readonly #items = new Map<K, { value: V; bytes: number }>();
  readonly #most: number;
  readonly #mostBytes: number;
  readonly #dropped: ((value: V) => void) | undefined;
  #bytes = 0;

  constructor(most: number, mostBytes: number, dropped?: (value: V) => void) {
    this.#most = most;
    this.#mostBytes = mostBytes;
    this.#dropped = dropped;
  }

  get(key: K): V | undefined {
    return this.#items.get(key)?.value;
  }

  add(key: K, value: V, bytes: number): void {
    this.remove(key);
    this.#items.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#items.keys()) {
      if (this.#items.size <= this.#most && this.#bytes <= this.#mostBytes) return;
      this.remove(oldest);
    }
  }

  remove(key: K): void {
    const item = this.#items.get(key);
    if (item === undefined) return;
    this.#items.delete(key);
    this.#bytes -= item.bytes;
    this.#dropped?.(item.value);
  }
}

interface Written {
  readonly value: Buffer;
  readonly object: Readonly<KubernetesObject>;
}

const written = new Recent<string, Written>(64, 512 * 1024);

/** `value` encodes `object`, which nobody changes from here on, unless it is forgotten. */
export function rememberWritten(key: string, value: Buffer, object: Readonly<KubernetesObject>): void {
  written.add(key, { value, object }, value.length);
}

export function forgetWritten(key: string): void {
  written.remove(key);
}

/** What was written as this entry, with its resourceVersion; the rest is shared with whoever wrote it. */
export function writtenAs({ key, value, modRevision }: Entry): KubernetesObject | undefined {
  const found = written.get(key);
  if (found === undefined || (found.value !== value && !found.value.equals(value))) return undefined;
  const { object } = found;
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(modRevision) } };
}

/** Holds a parsed object. */
export interface Holder {
  release(): void;
}

const held = new Recent<Holder, Holder>(256, 1024 * 1024, (holder) => holder.release());

/** The holder will be told to release its object when others have come after it. */
export function hold(holder: Holder, bytes: number): void {
  held.add(holder, holder, bytes);
}
