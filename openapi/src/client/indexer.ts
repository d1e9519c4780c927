/**
 * The objects of an informer, by key and by index. What it hands out is shared by every reader of the process: treat it
 * as read-only, copy before changing.
 */
import type { KubernetesObject } from '../meta/index.ts';

/** `namespace/name`, or `name` for cluster-scoped objects. */
export function keyOf(object: Readonly<KubernetesObject>): string {
  const { namespace, name = '' } = object.metadata ?? {};
  return namespace ? `${namespace}/${name}` : name;
}

export function splitKey(key: string): { namespace: string | undefined; name: string } {
  const slash = key.indexOf('/');
  return slash === -1
    ? { namespace: undefined, name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The index values of an object; must be pure. */
export type IndexFunction<T> = (object: Readonly<T>) => readonly string[];

export const namespaceIndex = 'namespace';

interface Index<T> {
  readonly of: IndexFunction<T>;
  readonly values: Map<string, Map<string, T>>;
}

export interface LabelMatcher {
  matches(labels: Record<string, string>): boolean;
}

/** Reads of an indexer. */
export interface Lister<T extends KubernetesObject> {
  get(namespace: string | undefined, name: string): Readonly<T> | undefined;
  getByKey(key: string): Readonly<T> | undefined;
  /** All objects, or those of a namespace; only those whose labels match, if a selector is given. */
  list(namespace?: string, selector?: LabelMatcher): Readonly<T>[];
  byIndex(index: string, value: string): Readonly<T>[];
  /** Every value that the index has objects for. */
  indexValues(index: string): string[];
  keys(): IterableIterator<string>;
  readonly size: number;
}

export class Indexer<T extends KubernetesObject> implements Lister<T> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();

  constructor(indexes: Record<string, IndexFunction<T>> = {}) {
    this.addIndex(namespaceIndex, (object) => (object.metadata?.namespace ? [object.metadata.namespace] : []));
    for (const [name, of] of Object.entries(indexes)) this.addIndex(name, of);
  }

  /** An index of the same name stays as it is. */
  addIndex(name: string, of: IndexFunction<T>): void {
    if (this.#indexes.has(name)) return;
    const index: Index<T> = { of, values: new Map() };
    this.#indexes.set(name, index);
    for (const [key, object] of this.#objects) addToIndex(index, key, object);
  }

  get size(): number {
    return this.#objects.size;
  }

  get(namespace: string | undefined, name: string): Readonly<T> | undefined {
    return this.#objects.get(namespace ? `${namespace}/${name}` : name);
  }

  getByKey(key: string): Readonly<T> | undefined {
    return this.#objects.get(key);
  }

  list(namespace?: string, selector?: LabelMatcher): Readonly<T>[] {
    const source = namespace ? this.#index(namespaceIndex).values.get(namespace)?.values() : this.#objects.values();
    if (!source) return [];
    if (!selector) return [...source];
    return [...source].filter((object) => selector.matches(object.metadata?.labels ?? {}));
  }

  byIndex(index: string, value: string): Readonly<T>[] {
    return [...(this.#index(index).values.get(value)?.values() ?? [])];
  }

  indexValues(index: string): string[] {
    return [...this.#index(index).values.keys()];
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  /** Returns what was there before. */
  put(object: T): T | undefined {
    const key = keyOf(object);
    const previous = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const index of this.#indexes.values()) {
      if (previous) removeFromIndex(index, key, previous);
      addToIndex(index, key, object);
    }
    return previous;
  }

  delete(key: string): T | undefined {
    const previous = this.#objects.get(key);
    if (!previous) return undefined;
    this.#objects.delete(key);
    for (const index of this.#indexes.values()) removeFromIndex(index, key, previous);
    return previous;
  }

  #index(name: string): Index<T> {
    const index = this.#indexes.get(name);
    if (!index) throw new Error(`index ${name} does not exist`);
    return index;
  }
}

function addToIndex<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.of(object)) {
    const entries = index.values.get(value);
    if (entries) entries.set(key, object);
    else index.values.set(value, new Map([[key, object]]));
  }
}

function removeFromIndex<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.of(object)) {
    const entries = index.values.get(value);
    entries?.delete(key);
    if (entries?.size === 0) index.values.delete(value);
  }
}
