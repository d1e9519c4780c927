/** What the sync loop takes: changes in the order they came. Changes that only say "look again" are not queued twice. */
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { ProbeKind, ProbeOutcome } from './prober/results.ts';

export type SyncEvent =
  | { type: 'put'; pod: Pod }
  | { type: 'remove'; pod: Pod }
  /** Its sandboxes or containers changed. */
  | { type: 'runtime'; uid: string }
  /** Something that it refers to changed. */
  | { type: 'sync'; uid: string }
  | { type: 'probe'; uid: string; kind: ProbeKind; outcome: ProbeOutcome }
  /** Its worker has nothing more to do. */
  | { type: 'finished'; uid: string };

export class SyncQueue {
  #events: SyncEvent[] = [];
  readonly #queued = new Set<string>();
  #wake: (() => void) | undefined;
  #closed = false;

  put(event: SyncEvent): void {
    if (this.#closed) return;
    if (event.type === 'runtime' || event.type === 'sync') {
      const key = `${event.type} ${event.uid}`;
      if (this.#queued.has(key)) return;
      this.#queued.add(key);
    }
    this.#events.push(event);
    this.#wake?.();
  }

  /** undefined: closed. One reader at a time. */
  async next(): Promise<SyncEvent | undefined> {
    while (!this.#closed) {
      const event = this.#events.shift();
      if (event !== undefined) {
        if (event.type === 'runtime' || event.type === 'sync') this.#queued.delete(`${event.type} ${event.uid}`);
        return event;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    return undefined;
  }

  close(): void {
    this.#closed = true;
    this.#events = [];
    this.#wake?.();
  }
}
