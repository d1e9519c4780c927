/**
 * What the fake API server keeps: objects by resource, one growing revision, and every change since the start (or the
 * last `compact`), so that watches resume as they do from etcd.
 */
import { randomUUID } from 'node:crypto';
import type { KubernetesObject } from '../../meta/index.ts';

/** An object as the fake treats it: any field. */
export type FakeObject = KubernetesObject & { spec?: unknown; status?: unknown; [field: string]: unknown };

export interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  revision: number;
  /** `group/resource`. */
  resource: string;
  object: FakeObject;
  previous: FakeObject | undefined;
}

export class FakeStore {
  readonly #objects = new Map<string, Map<string, FakeObject>>();
  readonly #listeners = new Set<(change: Change) => void>();
  #changes: Change[] = [];
  #compacted = 0;
  revision = 1;

  get(resource: string, key: string): FakeObject | undefined {
    return this.#objects.get(resource)?.get(key);
  }

  list(resource: string): FakeObject[] {
    const entries = [...(this.#objects.get(resource) ?? [])];
    return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  /** Stores a new state; the store owns `object` from then on. */
  put(resource: string, key: string, object: FakeObject): FakeObject {
    const objects = this.#objects.get(resource) ?? new Map<string, FakeObject>();
    this.#objects.set(resource, objects);
    const previous = objects.get(key);
    const revision = ++this.revision;
    const stored: FakeObject = {
      ...object,
      metadata: {
        uid: randomUUID(),
        creationTimestamp: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
        ...object.metadata,
        resourceVersion: String(revision),
      },
    };
    objects.set(key, stored);
    this.#emit({ type: previous ? 'MODIFIED' : 'ADDED', revision, resource, object: stored, previous });
    return stored;
  }

  delete(resource: string, key: string): FakeObject | undefined {
    const object = this.#objects.get(resource)?.get(key);
    if (!object) return undefined;
    this.#objects.get(resource)?.delete(key);
    const revision = ++this.revision;
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
    this.#emit({ type: 'DELETED', revision, resource, object: last, previous: object });
    return last;
  }

  /** Changes after the revision, or undefined if some of them are forgotten. */
  since(revision: number): readonly Change[] | undefined {
    if (revision < this.#compacted) return undefined;
    return this.#changes.filter((change) => change.revision > revision);
  }

  compact(): void {
    this.#compacted = this.revision;
    this.#changes = [];
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #emit(change: Change): void {
    this.#changes.push(change);
    for (const listener of this.#listeners) listener(change);
  }
}
