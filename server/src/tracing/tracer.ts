/** Starts spans, decides which traces are kept, and gathers ended spans for the exporter: OpenTelemetry's defaults. */
import { type FinishedSpan, Span, type SpanContext, type SpanOptions, type SpanSink } from './span.ts';

const longestQueue = 2048;
const largestBatch = 512;
const delayMs = 5000;

export interface TracerOptions {
  /** Of a million traces that begin here, how many are kept. */
  samplingRatePerMillion: number;
  /** Must not throw. */
  send(spans: readonly FinishedSpan[]): Promise<void>;
  randomBytes(size: number): Buffer;
}

export class Tracer implements SpanSink {
  readonly #options: TracerOptions;
  #queue: FinishedSpan[] = [];
  #sending: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TracerOptions) {
    this.#options = options;
  }

  newSpanId(): string {
    return this.#id(8);
  }

  /** A part of `parent`, which lives elsewhere, or the first of its trace. What is kept of a trace its first span decides. */
  start(name: string, parent: SpanContext | undefined, options: SpanOptions = {}): Span {
    const traceId = parent?.traceId ?? this.#id(16);
    const context: SpanContext = {
      traceId,
      spanId: this.newSpanId(),
      sampled: parent?.sampled ?? this.#keeps(traceId),
      state: parent?.state ?? '',
    };
    return new Span(this, context, parent?.spanId ?? '', name, options);
  }

  finished(span: FinishedSpan): void {
    // A collector that does not keep up loses spans; the server must not wait for it.
    if (this.#queue.length >= longestQueue) return;
    this.#queue.push(span);
    if (this.#queue.length >= largestBatch) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), delayMs).unref();
  }

  /** Everything that has ended so far, sent. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#send().finally(() => (this.#sending = undefined));
    return this.#sending;
  }

  async #send(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, largestBatch);
      this.#queue = this.#queue.slice(largestBatch);
      await this.#options.send(batch);
    }
  }

  /** By the trace's id, so that all who see the trace decide alike. */
  #keeps(traceId: string): boolean {
    const bound = BigInt(this.#options.samplingRatePerMillion) * ((1n << 63n) / 1_000_000n);
    const { samplingRatePerMillion: rate } = this.#options;
    return rate >= 1_000_000 || (rate > 0 && BigInt(`0x${traceId.slice(16)}`) >> 1n < bound);
  }

  #id(size: number): string {
    for (;;) {
      const bytes = this.#options.randomBytes(size);
      if (bytes.some((byte) => byte !== 0)) return bytes.toString('hex');
    }
  }
}
