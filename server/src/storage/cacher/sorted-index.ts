import { sortKey } from '../keys.ts';
import type { Entry } from '../storage.ts';

const blockSize = 512;

/** Parallel arrays, ordered; never empty. */
interface Block {
  keys: string[];
  entries: Entry[];
}

interface Position {
  block: number;
  offset: number;
}

/**
 * Entries by key and in key order. Order is kept in blocks of a few hundred: a change moves one block's tail, a range
 * is a few array slices, a count is a sum of lengths.
 */
export class SortedIndex {
  readonly #byKey = new Map<string, Entry>();
  #blocks: Block[] = [];
  #bytes = 0;

  get size(): number {
    return this.#byKey.size;
  }

  /** Of all values together. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Entry | undefined {
    return this.#byKey.get(key);
  }

  /** `entries` must be in key order, without repetition. */
  replace(entries: readonly Entry[]): void {
    this.#byKey.clear();
    this.#blocks = [];
    // Half full, so that inserts do not split at once.
    for (let from = 0; from < entries.length; from += blockSize / 2) {
      const part = entries.slice(from, from + blockSize / 2);
      this.#blocks.push({ keys: part.map(({ key }) => sortKey(key)), entries: part });
    }
    this.#bytes = 0;
    for (const entry of entries) {
      this.#byKey.set(entry.key, entry);
      this.#bytes += entry.value.length;
    }
  }

  /** Returns the entry it replaced. */
  set(entry: Entry): Entry | undefined {
    const previous = this.#byKey.get(entry.key);
    this.#byKey.set(entry.key, entry);
    this.#bytes += entry.value.length - (previous?.value.length ?? 0);
    const key = sortKey(entry.key);
    let { block: at, offset } = this.#find(key);
    let block = this.#blocks[at];
    if (previous !== undefined && block !== undefined) {
      block.entries[offset] = entry;
      return previous;
    }
    if (block === undefined) {
      // Past the end: append to the last block.
      at = this.#blocks.length - 1;
      block = this.#blocks[at];
      if (block === undefined) {
        this.#blocks.push({ keys: [key], entries: [entry] });
        return undefined;
      }
      offset = block.keys.length;
    }
    block.keys.splice(offset, 0, key);
    block.entries.splice(offset, 0, entry);
    if (block.keys.length > blockSize) {
      const half = blockSize / 2;
      this.#blocks.splice(at + 1, 0, { keys: block.keys.splice(half), entries: block.entries.splice(half) });
    }
    return undefined;
  }

  delete(key: string): Entry | undefined {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return undefined;
    this.#byKey.delete(key);
    this.#bytes -= entry.value.length;
    const { block: at, offset } = this.#find(sortKey(key));
    const block = this.#blocks[at];
    if (block === undefined) throw new Error(`the index lost ${key}`);
    block.keys.splice(offset, 1);
    block.entries.splice(offset, 1);
    if (block.keys.length === 0) this.#blocks.splice(at, 1);
    return entry;
  }

  /** The entries with start <= key < end, the first `limit` of them. */
  slice(start: string, end: string, limit = Infinity): Entry[] {
    const from = this.#find(sortKey(start));
    const to = this.#find(sortKey(end));
    const parts: Entry[][] = [];
    let wanted = limit;
    for (let at = from.block; at <= to.block && wanted > 0; at += 1) {
      const entries = this.#blocks[at]?.entries;
      if (entries === undefined) break;
      const first = at === from.block ? from.offset : 0;
      const last = at === to.block ? to.offset : entries.length;
      const part = entries.slice(first, Math.min(last, first + wanted));
      wanted -= part.length;
      parts.push(part);
    }
    return parts.length === 1 ? (parts[0] ?? []) : parts.flat();
  }

  /** How many entries slice(start, end) has. */
  count(start: string, end: string): number {
    const from = this.#find(sortKey(start));
    const to = this.#find(sortKey(end));
    let count = to.offset - from.offset;
    for (let at = from.block; at < to.block; at += 1) count += this.#blocks[at]?.keys.length ?? 0;
    return Math.max(count, 0);
  }

  /** Where `key` is or would be: the first position whose key is not before it. */
  #find(key: string): Position {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = this.#blocks[middle]?.keys.at(-1);
      if (last !== undefined && last < key) low = middle + 1;
      else high = middle;
    }
    const keys = this.#blocks[low]?.keys;
    if (keys === undefined) return { block: low, offset: 0 };
    let first = 0;
    let end = keys.length;
    while (first < end) {
      const middle = (first + end) >>> 1;
      if ((keys[middle] ?? '') < key) first = middle + 1;
      else end = middle;
    }
    return { block: low, offset: first };
  }
}
