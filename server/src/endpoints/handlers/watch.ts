/** GET with ?watch: a stream of events until the timeout, the client's leave, or the server's end. */
import {
  internalError,
  methodNotSupported,
  resourceExpired,
  type Status,
  StatusError,
  serviceUnavailable,
} from '@typernetes/openapi/meta';
import { type WatchSink, watchStore } from '../../registry/generic/watch.ts';
import type { StorageError, Watch } from '../../storage/storage.ts';
import type { WatchObserver } from '../metrics.ts';
import { negotiateStream } from '../negotiation.ts';
import type { RequestContext } from '../request-context.ts';
import type { HandlerDependencies, ResourceEndpoint } from '../resource-endpoint.ts';
import { statusErrorOf } from '../respond.ts';
import { Deliveries, type Recipient } from '../streaming/deliveries.ts';
import { httpWatchConnection, type WatchConnection, webSocketWatchConnection } from '../streaming/watch-connection.ts';
import { WatchFrames } from '../streaming/watch-frames.ts';
import { WatchQueue } from '../streaming/watch-queue.ts';
import { parseIncludeObject } from '../table.ts';
import { listOptions } from './get.ts';

/** Events a client may lag behind before it is cut off. */
const queueLimit = 10_000;
/** Bookmarks are no more frequent than this, save for the one shortly before the end. */
const bookmarkIntervalMs = 60_000;
const lastBookmarkBeforeEndMs = 2_000;
/** What waits for a client goes out in writes of at most about this. */
const writeBytes = 64 * 1024;

const deliveries = new Deliveries();

export async function handleWatch(
  context: RequestContext,
  endpoint: ResourceEndpoint,
  dependencies: HandlerDependencies,
): Promise<void> {
  const { store } = endpoint;
  if (store === undefined || !endpoint.verbs.has('watch')) {
    throw methodNotSupported({ group: endpoint.group, resource: endpoint.resource }, 'watch');
  }
  const format = negotiateStream(context, endpoint.untyped);
  const options = listOptions(context, endpoint, true);
  const include = parseIncludeObject(context.query);
  const timeoutMs =
    options.timeoutSeconds !== undefined && options.timeoutSeconds > 0
      ? options.timeoutSeconds * 1000
      : dependencies.minRequestTimeoutSeconds * 1000 * (1 + dependencies.random());
  const frames = new WatchFrames(endpoint, format, include, () => dependencies.now());
  const session = new WatchSession(
    frames,
    options.allowWatchBookmarks,
    options.sendInitialEvents === true,
    timeoutMs,
    dependencies.watched?.(context),
  );
  // Errors before the first byte are Statuses of their own; later ones are ERROR events.
  // With sendInitialEvents the stream is there before the cache has caught up, and an ERROR tells that it did not.
  try {
    session.attach(await watchStore(store, context.info.namespace, options, session, context.signal));
  } catch (error) {
    if (options.sendInitialEvents !== true || !isTooLargeResourceVersion(error)) throw error;
    session.refuse(error.status);
  }
  const connection =
    context.upgrade === undefined
      ? httpWatchConnection(context, format.mediaType)
      : await webSocketWatchConnection(context, context.upgrade, format.mediaType);
  if (connection === undefined) {
    session.abandon();
    return;
  }
  context.outcome = { code: 200, bytes: 0 };
  await session.run(connection, context.signal, context.watchStarted);
}

function isTooLargeResourceVersion(error: unknown): error is StatusError {
  return (
    error instanceof StatusError &&
    (error.status.details?.causes ?? []).some(({ reason }) => reason === 'ResourceVersionTooLarge')
  );
}

class WatchSession implements WatchSink, Recipient {
  readonly #frames: WatchFrames;
  readonly #bookmarks: boolean;
  readonly #initialEventsEnd: boolean;
  readonly #timeoutMs: number;
  readonly #queue = new WatchQueue(queueLimit);
  readonly #finished: Promise<void>;
  #finish!: () => void;
  readonly #observer: WatchObserver | undefined;
  #connection: WatchConnection | undefined;
  #watch: Watch | undefined;
  #over = false;
  #draining = false;
  #isDue = false;
  #failure: Status | undefined;
  #lastBookmark = performance.now();
  #endsAt = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    frames: WatchFrames,
    bookmarks: boolean,
    initialEventsEnd: boolean,
    timeoutMs: number,
    observer: WatchObserver | undefined,
  ) {
    this.#observer = observer;
    this.#frames = frames;
    this.#bookmarks = bookmarks;
    this.#initialEventsEnd = initialEventsEnd;
    this.#timeoutMs = timeoutMs;
    this.#finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  attach(watch: Watch): void {
    this.#watch = watch;
    if (this.#over) watch.stop();
  }

  refuse(status: Status): void {
    this.#failure = status;
    this.#over = true;
  }

  initial(entries: Parameters<WatchSink['initial']>[0], revision: number): void {
    this.#queue.pushInitial(
      entries.map((entry) => ({ type: 'ADDED' as const, entry, revision: entry.modRevision, source: undefined })),
    );
    if (this.#bookmarks && this.#initialEventsEnd) {
      this.#queue.pushInitial([{ type: 'bookmark', revision, initialEventsEnd: true }]);
    }
  }

  event(event: Parameters<WatchSink['event']>[0]): void {
    if (this.#over) return;
    if (this.#queue.push(event)) this.#due();
    else this.#close(true);
  }

  #due(): void {
    if (this.#isDue || this.#draining || this.#connection === undefined) return;
    this.#isDue = true;
    deliveries.add(this);
  }

  deliver(): void {
    this.#isDue = false;
    this.#pump();
  }

  progress(revision: number): void {
    const now = performance.now();
    const due = now - this.#lastBookmark >= bookmarkIntervalMs || this.#endsAt - now < lastBookmarkBeforeEndMs * 2;
    if (!this.#bookmarks || this.#over || !due) return;
    this.#lastBookmark = now;
    this.#queue.push({ type: 'bookmark', revision, initialEventsEnd: false });
    this.#due();
  }

  end(error: StorageError | undefined): void {
    if (this.#over) return;
    if (error !== undefined) {
      const status =
        error.code === 'compacted' || error.code === 'futureRevision'
          ? resourceExpired(error.code === 'compacted' ? error.message : `too old resource version: ${error.message}`)
          : error.code === 'unavailable'
            ? serviceUnavailable(error.message)
            : internalError(error.message);
      this.#failure = statusErrorOf(status).status;
    }
    this.#over = true;
    this.#pump();
  }

  /** Nobody will read it. */
  abandon(): void {
    this.#close(false);
  }

  /** Resolves when the watch is over, for whatever reason. */
  async run(connection: WatchConnection, signal: AbortSignal, started?: () => void): Promise<void> {
    this.#connection = connection;
    connection.onDrain(() => {
      this.#draining = false;
      this.#pump();
    });
    connection.onClose(() => this.#close(false));
    const onAbort = (): void => this.#leave();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#endsAt = performance.now() + this.#timeoutMs;
    this.#timer = setTimeout(() => this.#leave(), Math.min(this.#timeoutMs, 2 ** 31 - 1));
    if (signal.aborted) this.#close(false);
    else this.#pump();
    started?.();
    try {
      await this.#finished;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #pump(): void {
    const connection = this.#connection;
    if (connection === undefined || this.#draining) return;
    for (let frames = this.#framesOrFailure(); frames.length > 0; frames = this.#framesOrFailure()) {
      if (!connection.send(frames)) {
        this.#draining = true;
        return;
      }
    }
    if (this.#over) {
      if (this.#failure !== undefined) connection.send([this.#frames.error(this.#failure)]);
      this.#close(false);
    }
  }

  /** An object that cannot be encoded ends this watch, and nothing else. */
  #framesOrFailure(): Buffer[] {
    try {
      return this.#nextFrames();
    } catch (error) {
      this.#failure = statusErrorOf(error).status;
      this.#over = true;
      this.#queue.clear();
      this.#watch?.stop();
      return [];
    }
  }

  /** What goes out in one write. */
  #nextFrames(): Buffer[] {
    const frames: Buffer[] = [];
    for (let bytes = 0; bytes < writeBytes; ) {
      const item = this.#queue.shift();
      if (item === undefined) break;
      const frame =
        item.type === 'bookmark'
          ? this.#frames.bookmark(item.revision, item.initialEventsEnd)
          : this.#frames.encode(item);
      frames.push(frame);
      this.#observer?.sent(frame.length);
      if (item.type === 'bookmark' && item.initialEventsEnd) this.#observer?.initialEventsSent();
      bytes += frame.length;
    }
    return frames;
  }

  /** Not without what it was about to be sent. */
  #leave(): void {
    this.#pump();
    this.#close(false);
  }

  #close(cut: boolean): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#over = true;
    this.#watch?.stop();
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection !== undefined) {
      if (cut) connection.destroy();
      else connection.end();
    }
    this.#finish();
  }
}
