/**
 * The state behind a Cacher, pure: no clock, no storage, no promises. It holds the entries under one prefix as of
 * `revision` and the recent events that led there, so that it can answer for the present, roll back to any revision
 * its events reach, and replay them to late watchers.
 */
import { prefixEnd, sortKey } from '../keys.ts';
import type { Among, Entry } from '../storage.ts';
import { AttributeIndexes } from './attribute-index.ts';
import type { ChangeEvent, RingLimits } from './event-ring.ts';
import { EventRing } from './event-ring.ts';
import { SortedIndex } from './sorted-index.ts';

/** After all keys, in byte order. */
const lastKey = '\u{10ffff}';

export class WatchCache {
  readonly #index = new SortedIndex();
  readonly #ring: EventRing;
  readonly #attributes = new AttributeIndexes((key) => this.#index.get(key));
  #revision = 0;
  #listed = 0;
  #changed = 0;

  constructor(limits?: RingLimits) {
    this.#ring = new EventRing(0, limits);
  }

  /** The entries are exactly those of this revision. */
  get revision(): number {
    return this.#revision;
  }

  /** The revision of the last change under the prefix: from there to `revision` every state is the same. */
  get changed(): number {
    return this.#changed;
  }

  get ring(): EventRing {
    return this.#ring;
  }

  /** Starts over from a list, which is in key order. */
  replace(entries: readonly Entry[], revision: number): void {
    this.#index.replace(entries);
    this.#attributes.clear();
    this.#ring.clear(revision);
    this.#revision = revision;
    this.#listed = revision;
    this.#changed = revision;
  }

  /**
   * Takes in the next event of the storage's watch. Returns the event for the watchers: the same, but with the entries
   * this cache has handed out before, so that what readers derived from them is found again. Undefined if the list that
   * the cache started from has it already.
   */
  apply(event: ChangeEvent, now: number): ChangeEvent | undefined {
    if (event.revision <= this.#listed) return undefined;
    const key = event.entry.key;
    const known = event.type === 'put' ? this.#index.set(event.entry) : this.#index.delete(key);
    const shared = share(event, known);
    this.#attributes.changed(key);
    this.#ring.push(shared, now);
    this.#revision = event.revision;
    this.#changed = event.revision;
    return shared;
  }

  /** Nothing up to this revision is still to come. */
  progress(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
  }

  get(key: string): Entry | undefined {
    return this.#index.get(key);
  }

  /** How much there is, at a glance. */
  get size(): { count: number; bytes: number } {
    return { count: this.#index.size, bytes: this.#index.bytes };
  }

  count(prefix: string): number {
    return this.#index.count(prefix, prefixEnd(prefix));
  }

  /** Whether the state at this revision can be told. */
  knows(revision: number): boolean {
    return revision <= this.#revision && revision >= Math.min(this.#ring.floor, this.#changed);
  }

  /**
   * The entries with start <= key < end at a revision that the cache knows, the first `limit` of them, and how many
   * there are altogether.
   */
  range(start: string, end: string, revision: number, limit = Infinity): { entries: Entry[]; total: number } {
    if (revision >= this.#changed) {
      return { entries: this.#index.slice(start, end, limit), total: this.#index.count(start, end) };
    }
    const since = this.#statesAt(revision);
    const past = new SortedIndex();
    past.replace(this.#index.slice(start, end));
    for (const [key, entry] of since) {
      if (sortKey(key) < sortKey(start) || sortKey(key) >= sortKey(end)) continue;
      if (entry === undefined) past.delete(key);
      else past.set(entry);
    }
    return { entries: past.slice(start, end, limit), total: past.size };
  }

  /** Of these entries those that may be in question, in key order; undefined where all may. */
  candidates(start: string, end: string, revision: number, among: Among): Entry[] | undefined {
    if (revision < this.#changed) return undefined;
    const keys = this.#attributes.find(among, () => this.#index.slice('', lastKey), this.#index.size);
    if (keys === undefined) return undefined;
    const [first, beyond] = [sortKey(start), sortKey(end)];
    const found = keys.map((key) => ({ key, order: sortKey(key) }));
    return found
      .filter(({ order }) => order >= first && order < beyond)
      .sort((a, b) => (a.order < b.order ? -1 : 1))
      .map(({ key }) => this.#index.get(key)!);
  }

  /** For each key that changed after `revision`: what it was then. */
  #statesAt(revision: number): Map<string, Entry | undefined> {
    const states = new Map<string, Entry | undefined>();
    for (const event of this.#ring.after(revision)) {
      if (states.has(event.entry.key)) continue;
      states.set(event.entry.key, event.type === 'delete' ? event.entry : event.previous);
    }
    return states;
  }
}

function share(event: ChangeEvent, known: Entry | undefined): ChangeEvent {
  if (known === undefined) return event;
  if (event.type === 'delete')
    return known.modRevision === event.entry.modRevision ? { ...event, entry: known } : event;
  return known.modRevision === event.previous?.modRevision ? { ...event, previous: known } : event;
}
