/**
 * Where the entries with a certain value are: a list of a few out of thousands need not look at each. An index is made
 * for an attribute that is asked for again, little by little, and brought up to date when it is next asked; changes only
 * note their keys.
 */
import type { Among, Entry } from '../storage.ts';

/** Fewer are looked through in no time. */
const smallestWorth = 256;
/** To find more than one in so many takes as long as to look through all. */
const fewest = 4;
const keptIndexes = 4;
/** Entries that are read in one go; reading one that nobody has looked at takes some 30 µs. */
const readAtOnce = 1000;

class AttributeIndex {
  readonly #keys = new Map<string, Set<string>>();
  readonly #values = new Map<string, string>();
  /** Keys of entries that are yet to be read, all of them at first. */
  readonly changed: Set<string>;
  #complete = false;

  constructor(entries: readonly Entry[]) {
    this.changed = new Set(entries.map(({ key }) => key));
  }

  /** Nobody has asked while everything has changed. */
  get outdated(): boolean {
    return this.#complete && this.changed.size > this.#values.size;
  }

  /** Whether it is exact now. */
  refresh(among: Among, get: (key: string) => Entry | undefined): boolean {
    let read = 0;
    for (const key of this.changed) {
      if (++read > readAtOnce) return false;
      this.changed.delete(key);
      const entry = get(key);
      const value = entry === undefined ? undefined : among.of(entry);
      const former = this.#values.get(key);
      if (value === former) continue;
      if (former !== undefined) this.#forget(key, former);
      if (value === undefined) continue;
      this.#values.set(key, value);
      const keys = this.#keys.get(value);
      if (keys === undefined) this.#keys.set(value, new Set([key]));
      else keys.add(key);
    }
    this.#complete = true;
    return true;
  }

  #forget(key: string, value: string): void {
    this.#values.delete(key);
    const keys = this.#keys.get(value);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(value);
  }

  of(values: readonly string[]): ReadonlySet<string>[] {
    return [...new Set(values)].flatMap((value) => this.#keys.get(value) ?? []);
  }
}

export class AttributeIndexes {
  readonly #get: (key: string) => Entry | undefined;
  /** Undefined: asked for once. The one asked for last comes last. */
  readonly #indexes = new Map<string, AttributeIndex | undefined>();

  constructor(get: (key: string) => Entry | undefined) {
    this.#get = get;
  }

  clear(): void {
    this.#indexes.clear();
  }

  changed(key: string): void {
    for (const [attribute, index] of this.#indexes) {
      index?.changed.add(key);
      if (index?.outdated === true) this.#indexes.set(attribute, undefined);
    }
  }

  /** The keys to look at, in no order; undefined where all have to be looked through. */
  find(among: Among, entries: () => readonly Entry[], count: number): string[] | undefined {
    const { attribute, values } = among;
    if (count < smallestWorth) return undefined;
    let index = this.#indexes.get(attribute);
    if (index === undefined && this.#indexes.has(attribute)) index = new AttributeIndex(entries());
    this.#remember(attribute, index);
    if (index?.refresh(among, this.#get) !== true) return undefined;
    const found = index.of(values);
    const all = found.reduce((sum, { size }) => sum + size, 0);
    return all * fewest > count ? undefined : found.flatMap((keys) => [...keys]);
  }

  #remember(attribute: string, index: AttributeIndex | undefined): void {
    this.#indexes.delete(attribute);
    this.#indexes.set(attribute, index);
    if (this.#indexes.size <= keptIndexes) return;
    const [oldest] = this.#indexes.keys();
    this.#indexes.delete(oldest!);
  }
}
