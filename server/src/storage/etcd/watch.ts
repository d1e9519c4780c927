/**
 * One watch on etcd, on a stream of its own. When the stream breaks it is opened again, at any endpoint, after the last
 * revision that was told, so that nothing is missed or told twice.
 *
 * Progress. An etcd that can be asked is asked. With an older one a watch with progress takes in the whole key space:
 * changes of other keys are its progress then. (Where a role forbids that, only etcd's own rare notifications are left.)
 */
import type { Clock } from '../clock.ts';
import { compacted } from '../errors.ts';
import { callEnd, callEvent } from '../handler.ts';
import { defaultProgressIntervalMs } from '../progress.ts';
import type { Entry, StorageEvent, Watch, WatchHandler, WatchOptions } from '../storage.ts';
import { StorageError } from '../storage.ts';
import type { MessageStream, StreamHandler } from './calls.ts';
import type { KeyValue } from './kv.ts';
import { createRequest, progressRequest, type WatchAnswer, type WatchEvent, watchAnswer } from './watch-messages.ts';

export interface EtcdWatchHost {
  readonly clock: Clock;
  readonly progressRequests: boolean;
  open(handler: StreamHandler): Promise<MessageStream>;
  /** The range that a watch's prefix stands for. */
  range(prefix: string): { key: Buffer; range_end?: Buffer };
  entryOf(kv: KeyValue): Entry;
  forget(watch: EtcdWatch): void;
}

const firstRetryMs = 50;
const lastRetryMs = 1000;
const zero = Buffer.from([0]);

export class EtcdWatch implements Watch {
  readonly #host: EtcdWatchHost;
  readonly #options: WatchOptions;
  readonly #handler: WatchHandler;
  readonly #range: { key: Buffer; range_end?: Buffer };
  #wide: boolean;
  #stream: MessageStream | undefined;
  /** Everything up to here has been told. */
  #position: number;
  /** Where the store was when the watch was made: there the backlog is through. */
  #backlogEnd = Infinity;
  #over = false;
  #busy = false;
  #asked = false;
  #cancelTimer: (() => void) | undefined;

  constructor(host: EtcdWatchHost, options: WatchOptions, handler: WatchHandler) {
    this.#host = host;
    this.#options = options;
    this.#handler = handler;
    this.#range = host.range(options.prefix);
    this.#position = options.afterRevision;
    this.#wide = options.progress === true && !host.progressRequests;
    void this.#run();
    if (options.progress === true) this.#tick();
  }

  async #run(): Promise<void> {
    let delay = firstRetryMs;
    while (!this.#over) {
      const before = this.#position;
      await this.#follow();
      if (this.#over) return;
      delay = this.#position > before ? firstRetryMs : Math.min(delay * 2, lastRetryMs);
      await new Promise<void>((resolve) => this.#host.clock.after(delay, resolve));
    }
  }

  /** One stream from its opening to its end, whatever the reason. */
  async #follow(): Promise<void> {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    let stream: MessageStream;
    try {
      stream = await this.#host.open({
        message: (message) => {
          if (this.#stream !== stream || this.#take(watchAnswer(message))) return;
          stream.cancel();
          end();
        },
        end: () => end(),
      });
    } catch {
      return;
    }
    if (this.#over) return stream.cancel();
    this.#stream = stream;
    // The answer that the last stream owed will not come.
    this.#asked = false;
    stream.write(
      createRequest({
        ...(this.#wide ? { key: zero, range_end: zero } : this.#range),
        startRevision: this.#position + 1,
        progressNotify: this.#options.progress === true,
      }),
    );
    await ended;
    if (this.#stream === stream) this.#stream = undefined;
  }

  /** False where the stream is of no more use. */
  #take(response: WatchAnswer): boolean {
    if (response.cancelled) {
      this.#cancelled(response);
      return false;
    }
    const { revision } = response;
    if (response.created) {
      this.#backlogEnd = revision;
      if (this.#options.progress === true) this.requestProgress();
      this.#backlogThrough();
      return true;
    }
    if (response.events.length === 0) {
      this.#asked = false;
      // A notification for nothing new repeats what is known; it is progress all the same.
      this.#position = Math.max(this.#position, revision);
      this.#tellProgress();
      return true;
    }
    let foreign = false;
    let last = this.#position;
    for (const event of response.events) {
      if (this.#over) return false;
      last = event.kv.mod_revision;
      if (last <= this.#position) continue;
      if (!this.#mine(event.kv.key)) {
        foreign = true;
        continue;
      }
      const change = this.#changeOf(event, last);
      if (change === undefined) {
        this.end(compacted());
        return false;
      }
      this.#busy = true;
      callEvent(this.#handler, change);
    }
    this.#position = Math.max(this.#position, last);
    if (this.#over) return false;
    if (this.#wide && !this.#backlogThrough() && foreign) this.#tellProgress();
    return true;
  }

  #mine(key: Buffer): boolean {
    const { key: first, range_end: end } = this.#range;
    if (end === undefined) return first.equals(key);
    return Buffer.compare(key, first) >= 0 && Buffer.compare(key, end) < 0;
  }

  /** Undefined where the state before is compacted away, so the change cannot be told whole. */
  #changeOf(event: WatchEvent, revision: number): StorageEvent | undefined {
    const before = event.previous && this.#host.entryOf(event.previous);
    if (event.type === 'delete') {
      return before === undefined ? undefined : { type: 'delete', revision, entry: before, memo: undefined };
    }
    const entry = this.#host.entryOf(event.kv);
    if (before === undefined && entry.createRevision !== entry.modRevision) return undefined;
    return { type: 'put', revision, entry, previous: before, memo: undefined };
  }

  #cancelled({ compactRevision, cancelReason }: WatchAnswer): void {
    if (compactRevision > 0) return this.end(compacted());
    if (!/permission denied/.test(cancelReason)) return;
    if (this.#wide) this.#wide = false;
    else this.end(new StorageError('unavailable', `etcd: ${cancelReason}`));
  }

  /** With the whole key space in view every revision up to now shows up, and the last of the backlog can be told. */
  #backlogThrough(): boolean {
    if (!this.#wide || this.#position < this.#backlogEnd) return false;
    this.#backlogEnd = Infinity;
    this.#tellProgress();
    return true;
  }

  #tellProgress(): void {
    if (this.#over || this.#options.progress !== true) return;
    const revision = this.#position;
    callEvent(this.#handler, { type: 'progress', revision });
  }

  requestProgress(): void {
    if (this.#over || this.#options.progress !== true) return;
    if (this.#wide) {
      if (this.#backlogEnd === Infinity && this.#stream !== undefined) this.#tellProgress();
    } else if (this.#host.progressRequests && !this.#asked && this.#stream !== undefined) {
      this.#asked = true;
      this.#stream.write(progressRequest());
    }
  }

  #tick(): void {
    this.#cancelTimer = this.#host.clock.after(this.#options.progressIntervalMs ?? defaultProgressIntervalMs, () => {
      // An answer that got lost must not be waited for for ever.
      this.#asked = false;
      if (!this.#busy) this.requestProgress();
      this.#busy = false;
      this.#tick();
    });
  }

  stop(): void {
    this.end(undefined);
  }

  end(error: StorageError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelTimer?.();
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.cancel();
    this.#host.forget(this);
    callEnd(this.#handler, error);
  }
}
