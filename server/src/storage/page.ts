import type { Entry, ListResult } from './storage.ts';

/** Gathers one page of a list from entries offered in key order. */
export class Page {
  readonly #limit: number;
  readonly #select: ((entry: Entry) => boolean) | undefined;
  readonly #entries: Entry[] = [];
  #next: string | undefined;
  #beyond = 0;

  constructor(limit: number, select: ((entry: Entry) => boolean) | undefined) {
    this.#limit = limit;
    this.#select = select;
  }

  get full(): boolean {
    return this.#limit > 0 && this.#entries.length >= this.#limit;
  }

  /** Where the next page starts, as far as is known yet. */
  get next(): string | undefined {
    return this.#next;
  }

  /** `full` where nothing offered later can change the result; without a select, later ones still count as remaining. */
  add(key: string, load: () => Entry | undefined): 'more' | 'full' {
    if (this.full && this.#select === undefined) {
      this.#next ??= key;
      this.#beyond += 1;
      return 'more';
    }
    const entry = load();
    if (entry === undefined || (this.#select !== undefined && !this.#select(entry))) return 'more';
    if (this.full) {
      this.#next = key;
      return 'full';
    }
    this.#entries.push(entry);
    return 'more';
  }

  /** For stores that know how many entries follow without being offered each. */
  addBeyond(count: number): void {
    this.#beyond += count;
  }

  result(): Omit<ListResult, 'revision'> {
    const known = this.#select === undefined || this.#next === undefined;
    return { entries: this.#entries, next: this.#next, remaining: known ? this.#beyond : undefined };
  }
}
