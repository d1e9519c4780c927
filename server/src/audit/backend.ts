/** Where events go. A backend resolves to false where it could not keep them. */
import type { Logger } from '../endpoints/request-context.ts';
import type { AuditEvent } from './event.ts';
import type { AuditMode } from './options.ts';

export interface AuditBackend {
  process(events: readonly AuditEvent[]): Promise<boolean>;
  /** Everything taken so far is written, or given up, when it resolves. */
  close(): Promise<void>;
}

export interface BatchOptions {
  bufferSize: number;
  maxBatchSize: number;
  maxWaitMs: number;
  /** Batches per second; absent is no limit. */
  throttle?: { qps: number; burst: number };
}

/** blocking-strict fails requests that cannot be recorded; blocking only waits; batch does neither. */
export function withMode(backend: AuditBackend, mode: AuditMode, batch: BatchOptions, logger: Logger): AuditBackend {
  if (mode === 'blocking-strict') return backend;
  if (mode === 'batch') return new BatchingBackend(backend, batch, logger);
  return {
    async process(events) {
      await backend.process(events);
      return true;
    },
    close: () => backend.close(),
  };
}

export class UnionBackend implements AuditBackend {
  readonly #backends: readonly AuditBackend[];

  constructor(backends: readonly AuditBackend[]) {
    this.#backends = backends;
  }

  async process(events: readonly AuditEvent[]): Promise<boolean> {
    const results = await Promise.all(this.#backends.map((backend) => backend.process(events)));
    return results.every(Boolean);
  }

  async close(): Promise<void> {
    await Promise.all(this.#backends.map((backend) => backend.close()));
  }
}

/** Takes events at once and hands them on in batches, one after another; drops them when its buffer is full. */
class BatchingBackend implements AuditBackend {
  readonly #next: AuditBackend;
  readonly #options: BatchOptions;
  readonly #logger: Logger;
  #buffer: AuditEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();
  #sendable = true;
  #tokens: number;
  #refilledAt = performance.now();

  constructor(next: AuditBackend, options: BatchOptions, logger: Logger) {
    this.#next = next;
    this.#options = options;
    this.#logger = logger;
    this.#tokens = options.throttle?.burst ?? 0;
  }

  process(events: readonly AuditEvent[]): Promise<boolean> {
    const room = this.#options.bufferSize - this.#buffer.length;
    // Copies: an event goes on to its next stage while it waits here.
    for (const event of events.slice(0, room)) this.#buffer.push({ ...event });
    if (events.length > room) this.#logger.error({ dropped: events.length - room }, 'the audit buffer is full');
    if (this.#buffer.length >= this.#options.maxBatchSize) this.#flush();
    else {
      this.#timer ??= setTimeout(() => this.#flush(), this.#options.maxWaitMs);
      this.#timer.unref();
    }
    return Promise.resolve(true);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#sendable) return;
    this.#sendable = false;
    this.#sending = this.#send();
  }

  async #send(): Promise<void> {
    try {
      while (this.#buffer.length > 0) {
        await this.#turn();
        await this.#next.process(this.#buffer.splice(0, this.#options.maxBatchSize));
      }
    } finally {
      this.#sendable = true;
    }
  }

  /** Waits for the throttle to let the next batch through. */
  async #turn(): Promise<void> {
    const { throttle } = this.#options;
    if (throttle === undefined) return;
    const now = performance.now();
    this.#tokens = Math.min(throttle.burst, this.#tokens + ((now - this.#refilledAt) / 1000) * throttle.qps);
    this.#refilledAt = now;
    this.#tokens--;
    if (this.#tokens >= 0) return;
    const waitMs = (-this.#tokens / throttle.qps) * 1000;
    await new Promise<void>((resolve) => setTimeout(resolve, waitMs));
  }

  async close(): Promise<void> {
    this.#flush();
    await this.#sending;
    this.#flush();
    await this.#sending;
    await this.#next.close();
  }
}
