/**
 * Records events about objects, as `kubectl describe` and `kubectl get events` show them. Recording never waits and
 * never fails: events queue (bounded) and are written one after another.
 */
import { randomUUID } from 'node:crypto';
import type { Event, ObjectReference } from '@typernetes/openapi/types/core/v1';
import { isNotFound, type KubernetesObject, nameIsDnsSubdomain, StatusError } from '../meta/index.ts';
import { type Clock, delay, systemClock } from './clock.ts';
import { type Correlation, EventCorrelator } from './event-correlator.ts';
import { type Logger, silentLogger } from './logger.ts';
import { events } from './resources.ts';
import type { RestClient } from './rest-client.ts';

export type EventType = 'Normal' | 'Warning';

export interface EventRecorderOptions {
  /** `source.component`, such as `deployment-controller`. */
  component: string;
  /** `source.host`: the node, for components of a node. */
  host?: string;
  clock?: Clock;
  logger?: Logger;
}

/** Room for the burst of a large workload; beyond it events are dropped. */
const maximumQueued = 10_000;
const writers = 4;
const maximumTries = 12;
const retryMs = 10_000;

type WrittenCorrelation = Exclude<Correlation, { type: 'skip' }>;

/** What an event can be about: an object with apiVersion and kind, or a reference to one. */
export type EventSubject = KubernetesObject | ObjectReference;

/** A reference as events carry it. `fieldPath` names a part, such as `spec.containers{web}`. */
export function referenceTo(object: KubernetesObject, fieldPath?: string): ObjectReference {
  const { namespace, name, uid, resourceVersion } = object.metadata ?? {};
  return {
    ...(object.kind ? { kind: object.kind } : {}),
    ...(namespace ? { namespace } : {}),
    ...(name ? { name } : {}),
    ...(uid ? { uid } : {}),
    ...(object.apiVersion ? { apiVersion: object.apiVersion } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
    ...(fieldPath ? { fieldPath } : {}),
  };
}

export class EventRecorder {
  readonly #client: RestClient;
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #correlator: EventCorrelator;
  readonly #queue: Event[] = [];
  readonly #stopping = new AbortController();
  #writing: Promise<void> | undefined;
  #lastNameAt = 0n;

  constructor(client: RestClient, options: EventRecorderOptions) {
    this.#client = client;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#correlator = new EventCorrelator(this.#clock);
  }

  event(
    subject: EventSubject,
    type: EventType,
    reason: string,
    message: string,
    annotations?: Record<string, string>,
  ): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#queue.length >= maximumQueued) {
      this.#logger.warn({ reason }, 'too many queued events, dropped one');
      return;
    }
    this.#queue.push(
      this.#make(
        'metadata' in subject ? referenceTo(subject) : (subject as ObjectReference),
        type,
        reason,
        message,
        annotations,
      ),
    );
    this.#writing ??= this.#drainAll();
  }

  /** Writes what is queued, each at most once, then ends. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#writing;
  }

  #make(
    reference: ObjectReference,
    type: EventType,
    reason: string,
    message: string,
    annotations?: Record<string, string>,
  ): Event {
    const now = this.#clock.now();
    const time = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
    const { component, host } = this.#options;
    const namespace = reference.namespace || 'default';
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: this.#nameFor(reference, now),
        namespace,
        ...(annotations ? { annotations } : {}),
      },
      involvedObject: reference,
      reason,
      message,
      type,
      source: { component, ...(host ? { host } : {}) },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      reportingComponent: component,
      reportingInstance: host ?? '',
    };
  }

  /** Not every name of an object can begin the name of an event. */
  #nameFor({ name = '' }: ObjectReference, now: number): string {
    const unique = `${name}.${this.#uniqueSuffix(now)}`;
    return nameIsDnsSubdomain(unique, false).length === 0 ? unique : randomUUID();
  }

  /** Nanoseconds in hex, as upstream; never twice the same. */
  #uniqueSuffix(nowMs: number): string {
    const at = BigInt(Math.trunc(nowMs)) * 1_000_000n;
    this.#lastNameAt = at > this.#lastNameAt ? at : this.#lastNameAt + 1n;
    return this.#lastNameAt.toString(16);
  }

  async #drainAll(): Promise<void> {
    while (this.#queue.length > 0) await this.#drain();
    this.#writing = undefined;
  }

  /** A few events at a time, but those that end up in one object in order. */
  async #drain(): Promise<void> {
    const lastOf = new Map<string, Promise<void>>();
    const worker = async (): Promise<void> => {
      for (let event = this.#queue.shift(); event; event = this.#queue.shift()) {
        const correlation = this.#correlator.correlate(event);
        if (correlation.type === 'skip') continue;
        const { key } = correlation;
        const before = lastOf.get(key) ?? Promise.resolve();
        const written = before.then(() => this.#write(correlation));
        lastOf.set(key, written);
        await written;
        if (lastOf.get(key) === written) lastOf.delete(key);
      }
    };
    await Promise.all(Array.from({ length: writers }, worker));
  }

  async #write(correlation: WrittenCorrelation): Promise<void> {
    const { signal } = this.#stopping;
    for (let tries = 1; tries <= maximumTries; tries++) {
      try {
        this.#correlator.written(correlation.key, await this.#send(correlation));
        return;
      } catch (error) {
        // The server's refusal is final; only a server that cannot be reached is worth waiting for.
        if (error instanceof StatusError || signal.aborted) {
          this.#logger.debug({ reason: correlation.event.reason, error: String(error) }, 'event was not written');
          return;
        }
        await delay(this.#clock, tries === 1 ? retryMs * Math.random() : retryMs, signal);
      }
    }
  }

  async #send(correlation: WrittenCorrelation): Promise<Event> {
    const { event } = correlation;
    const { namespace, name = '' } = event.metadata ?? {};
    const resource = this.#client.resource(events);
    if (correlation.type === 'patch') {
      try {
        return await resource.patch(namespace, name, correlation.patch, { type: 'strategic' });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    return resource.create(namespace, event);
  }
}
