import type { Storage, StorageError, StorageEvent, Watch } from '../storage.ts';

export type Change = Exclude<StorageEvent, { type: 'progress' }>;

/** A watch whose events can be awaited. */
export class Recorder {
  readonly changes: Change[] = [];
  readonly progress: number[] = [];
  /** Undefined while the watch runs. */
  ended: { error: StorageError | undefined } | undefined;
  readonly #watch: Watch;
  #waiting: { met: () => boolean; resolve: () => void }[] = [];

  constructor(storage: Storage, prefix: string, afterRevision: number, progressIntervalMs?: number) {
    const progress = progressIntervalMs === undefined ? {} : { progress: true, progressIntervalMs };
    this.#watch = storage.watch(
      { prefix, afterRevision, ...progress },
      {
        event: (event) => {
          if (event.type === 'progress') this.progress.push(event.revision);
          else this.changes.push(event);
          this.#wake();
        },
        end: (error) => {
          if (this.ended !== undefined) throw new Error('the watch ended twice');
          this.ended = { error };
          this.#wake();
        },
      },
    );
  }

  /** Resolves when `condition` holds; rejects after `withinMs`, which is for what never comes, not for a busy machine. */
  until(what: string, condition: (recorder: Recorder) => boolean, withinMs = 60_000): Promise<void> {
    if (condition(this)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`waited ${withinMs} ms for ${what}; saw ${this.summary().join(', ') || 'nothing'}`)),
        withinMs,
      );
      this.#waiting.push({ met: () => condition(this), resolve: () => (clearTimeout(timer), resolve()) });
    });
  }

  untilRevision(revision: number): Promise<void> {
    return this.until(`revision ${revision}`, ({ changes }) => (changes.at(-1)?.revision ?? 0) >= revision);
  }

  untilChanges(count: number): Promise<void> {
    return this.until(`${count} changes`, ({ changes }) => changes.length >= count);
  }

  untilEnd(): Promise<void> {
    return this.until('the end', ({ ended }) => ended !== undefined);
  }

  summary(): string[] {
    return this.changes.map(describe);
  }

  stop(): void {
    this.#watch.stop();
  }

  #wake(): void {
    const met = this.#waiting.filter((waiter) => waiter.met());
    this.#waiting = this.#waiting.filter((waiter) => !met.includes(waiter));
    for (const waiter of met) waiter.resolve();
  }
}

/** A change in one comparable line: everything a watcher may rely on. */
export function describe(change: Change): string {
  const { key, value, createRevision, modRevision } = change.entry;
  const name = key.slice(key.lastIndexOf('/') + 1);
  const state = `${name}=${value.toString()}@${createRevision}/${modRevision}`;
  if (change.type === 'delete') return `${change.revision} delete ${state}`;
  const { previous } = change;
  return `${change.revision} put ${state} was ${previous === undefined ? 'nothing' : `${previous.value.toString()}@${previous.modRevision}`}`;
}
