/**
 * Workers that hand keys of a queue to a Reconciler. One switch decides what each outcome means for the key.
 */
import { isConflict } from '../meta/index.ts';
import { type Logger, silentLogger } from './logger.ts';
import { WorkQueue, type WorkQueueOptions, workQueueObserver } from './work-queue.ts';

export interface ReconcileResult {
  /** Look again after this many milliseconds, whatever happens. */
  requeueAfter?: number;
}

/** Makes the world as the object of that key says. Level-triggered: only the state it reads counts. */
export interface Reconciler<K = string> {
  reconcile(key: K, signal: AbortSignal): Promise<ReconcileResult | undefined>;
}

/** Trying again would change nothing: the key waits for its next change. */
export class TerminalError extends Error {
  override name = 'TerminalError';
}

/** Something started: `ready` resolves (or rejects) once, `stop` resolves when nothing of it runs any more. */
export interface Running {
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

export interface ControllerOptions<K> extends WorkQueueOptions {
  name: string;
  reconciler: Reconciler<K>;
  queue?: WorkQueue<K>;
  /** Keys worked on at the same time. Default 5. */
  concurrency?: number;
  /** After so many failures in a row the key waits for its next change. Default: no end. */
  maxRetries?: number;
  /** Resolve before the first key is worked on. */
  synced?: readonly Promise<unknown>[];
  logger?: Logger;
  /** For metrics. */
  observe?: (outcome: Outcome['type'], seconds: number) => void;
}

type Outcome =
  | { type: 'success' }
  | { type: 'requeueAfter'; milliseconds: number }
  | { type: 'error'; error: unknown }
  | { type: 'terminal'; error: unknown }
  | { type: 'stopped' };

export class Controller<K = string> {
  readonly name: string;
  readonly queue: WorkQueue<K>;
  readonly #options: ControllerOptions<K>;
  readonly #logger: Logger;

  constructor(options: ControllerOptions<K>) {
    this.name = options.name;
    this.queue =
      options.queue ?? new WorkQueue<K>({ ...options, observer: options.observer ?? workQueueObserver(options.name) });
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
  }

  start(signal?: AbortSignal): Running {
    const stopping = new AbortController();
    const either = signal ? AbortSignal.any([signal, stopping.signal]) : stopping.signal;
    const shutDown = (): void => this.queue.shutDown();
    if (either.aborted) shutDown();
    else either.addEventListener('abort', shutDown, { once: true });
    const ended = Promise.withResolvers<void>();
    if (either.aborted) ended.resolve();
    else either.addEventListener('abort', () => ended.resolve(), { once: true });
    const ready = Promise.race([Promise.all(this.#options.synced ?? []), ended.promise]).then(() => undefined);
    const workers = ready.then(() =>
      Promise.all(Array.from({ length: this.#options.concurrency ?? 5 }, () => this.#work(either))),
    );
    return {
      ready,
      stop: async () => {
        stopping.abort();
        await workers;
      },
    };
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (;;) {
      const key = await this.queue.get();
      if (key === undefined) return;
      const startedAt = performance.now();
      const outcome = await this.#reconcile(key, signal);
      this.#options.observe?.(outcome.type, (performance.now() - startedAt) / 1000);
      this.#settle(key, outcome);
      this.queue.done(key);
    }
  }

  async #reconcile(key: K, signal: AbortSignal): Promise<Outcome> {
    try {
      const result = await this.#options.reconciler.reconcile(key, signal);
      return result?.requeueAfter === undefined
        ? { type: 'success' }
        : { type: 'requeueAfter', milliseconds: result.requeueAfter };
    } catch (error) {
      if (signal.aborted) return { type: 'stopped' };
      return { type: error instanceof TerminalError ? 'terminal' : 'error', error };
    }
  }

  #settle(key: K, outcome: Outcome): void {
    switch (outcome.type) {
      case 'success':
        this.queue.forget(key);
        break;
      case 'requeueAfter':
        this.queue.forget(key);
        this.queue.addAfter(key, outcome.milliseconds);
        break;
      case 'error':
        if (this.queue.retries(key) >= (this.#options.maxRetries ?? Number.POSITIVE_INFINITY)) {
          this.#report(key, outcome.error, 'reconcile failed too often, waiting for the next change');
          this.queue.forget(key);
        } else {
          this.#report(key, outcome.error, 'reconcile failed, trying again');
          this.queue.addRateLimited(key);
        }
        break;
      case 'terminal':
        this.#report(key, outcome.error, 'reconcile failed for good');
        this.queue.forget(key);
        break;
      case 'stopped':
        break;
    }
  }

  #report(key: K, error: unknown, message: string): void {
    const fields = { controller: this.name, key, error: error instanceof Error ? error.message : String(error) };
    if (isConflict(error)) this.#logger.debug(fields, message);
    else this.#logger.warn(fields, message);
  }
}
