/**
 * Spans and the one that is under way. Code that wants one calls `traced`: without a span around it (tracing is off, or
 * the request was not sampled) that is a plain call. Only what a `Tracer` starts puts a span around anything.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** What crosses process boundaries, in the header `traceparent`. */
export interface SpanContext {
  /** 32 hex digits */
  readonly traceId: string;
  /** 16 hex digits */
  readonly spanId: string;
  readonly sampled: boolean;
  /** The header `tracestate`, passed on as it came. */
  readonly state: string;
}

export type SpanKind = 'internal' | 'server' | 'client';

export interface SpanOptions {
  kind?: SpanKind;
  /** The library that upstream's span comes from. */
  scope?: string;
  attributes?: Attributes;
  links?: readonly SpanContext[];
  /** By `performance.now()`; now unless told. */
  startMs?: number;
}

export interface FinishedSpan {
  readonly context: SpanContext;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly scope: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly events: readonly { name: string; atMs: number; attributes: Attributes }[];
  readonly links: readonly SpanContext[];
  /** Undefined where all went well. */
  readonly error: string | undefined;
}

/** Where spans get their ids, and go when they end. */
export interface SpanSink {
  newSpanId(): string;
  finished(span: FinishedSpan): void;
}

export const ownScope = 'k8s.io/component-base/tracing';

export class Span {
  readonly context: SpanContext;
  readonly #sink: SpanSink;
  readonly #name: string;
  readonly #parentSpanId: string;
  readonly #options: SpanOptions;
  readonly #startMs: number;
  readonly #attributes: Record<string, string | number | boolean>;
  readonly #events: { name: string; atMs: number; attributes: Attributes }[] = [];
  #error: string | undefined;

  constructor(sink: SpanSink, context: SpanContext, parentSpanId: string, name: string, options: SpanOptions) {
    this.context = context;
    this.#sink = sink;
    this.#name = name;
    this.#parentSpanId = parentSpanId;
    this.#options = options;
    this.#startMs = options.startMs ?? performance.now();
    this.#attributes = { ...options.attributes };
  }

  child(name: string, options: SpanOptions): Span {
    const { traceId, spanId, sampled, state } = this.context;
    // Of what is not sampled nothing is kept, so its parts need no identity of their own.
    if (!sampled) return this;
    const context = { traceId, spanId: this.#sink.newSpanId(), sampled, state };
    return new Span(this.#sink, context, spanId, name, options);
  }

  set(attributes: Attributes): void {
    Object.assign(this.#attributes, attributes);
  }

  event(name: string, attributes: Attributes = {}): void {
    if (this.context.sampled) this.#events.push({ name, atMs: performance.now(), attributes });
  }

  fail(message: string): void {
    this.#error = message;
  }

  end(): void {
    if (!this.context.sampled) return;
    this.#sink.finished({
      context: this.context,
      parentSpanId: this.#parentSpanId,
      name: this.#name,
      kind: this.#options.kind ?? 'internal',
      scope: this.#options.scope ?? ownScope,
      startMs: this.#startMs,
      endMs: performance.now(),
      attributes: this.#attributes,
      events: this.#events,
      links: this.#options.links ?? [],
      error: this.#error,
    });
  }
}

const active = new AsyncLocalStorage<Span>();

export function currentSpan(): Span | undefined {
  return active.getStore();
}

/** A moment of the current span, if there is one that is kept; in upstream's words. */
export function note(name: string, attributes?: Attributes): void {
  active.getStore()?.event(name, attributes);
}

/** Work with a moment before and one after it. */
export async function noted<T>(
  work: () => Promise<T>,
  {
    before,
    after,
    failed,
    attributes = {},
  }: { before: string; after: string; failed?: string; attributes?: Attributes },
): Promise<T> {
  const span = active.getStore();
  if (span === undefined) return work();
  span.event(before);
  try {
    const result = await work();
    span.event(after, attributes);
    return result;
  } catch (error) {
    if (failed !== undefined) span.event(failed, { ...attributes, err: (error as Error).message });
    throw error;
  }
}

/** Runs `work` in the span and ends it afterwards. */
export async function within<T>(span: Span, work: (span: Span) => Promise<T>): Promise<T> {
  try {
    return await active.run(span, work, span);
  } finally {
    span.end();
  }
}

/** Runs `work` in a part of the current span, if there is one that is kept. */
export function traced<T>(
  name: string,
  options: () => SpanOptions,
  work: (span: Span | undefined) => Promise<T>,
): Promise<T> {
  const parent = active.getStore();
  if (parent === undefined || !parent.context.sampled) return work(undefined);
  return within(parent.child(name, options()), work);
}
