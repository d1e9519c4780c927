/** Priority and fairness: from a request to its FlowSchema, priority level and seats. */
import type { FlowSchema, PriorityLevelConfiguration } from '@typernetes/openapi/types/flowcontrol/v1';
import type { UserInfo } from '../authentication/authenticator.ts';
import type { RequestInfo } from '../endpoints/request-info.ts';
import type { MetricsRegistry } from '../metrics/index.ts';
import { catchAllLevel, catchAllSchema, exemptLevel, exemptSchema } from './bootstrap.ts';
import { borrow } from './borrowing.ts';
import { Level, responseOf } from './level.ts';
import { matchesSchema } from './matching.ts';
import { FlowControlMetrics, type FlowMetrics } from './metrics.ts';
import { maxSeatsOf, type Ticket } from './queue-set.ts';
import { WatchTracker } from './watch-tracker.ts';
import { type ObjectStats, WorkEstimator } from './work-estimate.ts';

/** A FlowSchema in use. */
export interface Flow {
  readonly object: FlowSchema;
  readonly name: string;
  readonly uid: string;
  readonly level: Level;
  readonly metrics: FlowMetrics;
}

/** A request that has been classified; `ticket.state` says what became of it. */
export interface Admission {
  readonly flow: Flow;
  readonly ticket: Ticket;
}

export interface FlowControlOptions {
  /** Seats of the whole server: the two in-flight limits together. */
  seats: number;
  registry: MetricsRegistry;
  nowMs: () => number;
  statsOf: (info: RequestInfo) => ObjectStats | undefined;
}

export class FlowControl {
  readonly metrics: FlowControlMetrics;
  readonly watches = new WatchTracker();
  readonly nowMs: () => number;
  readonly #seats: number;
  readonly #estimator: WorkEstimator;
  #levels = new Map<string, Level>();
  #flows: Flow[] = [];

  constructor({ seats, registry, nowMs, statsOf }: FlowControlOptions) {
    if (seats <= 0) {
      throw new Error(`invalid configuration: the in-flight limits must add up to something positive, not ${seats}`);
    }
    this.#seats = seats;
    this.nowMs = nowMs;
    this.metrics = new FlowControlMetrics(registry, nowMs);
    this.#estimator = new WorkEstimator(statsOf, this.watches);
    this.configure([], []);
  }

  get levels(): ReadonlyMap<string, Level> {
    return this.#levels;
  }

  /** Takes over a whole new configuration; requests under way keep their places. */
  configure(levels: readonly PriorityLevelConfiguration[], schemas: readonly FlowSchema[]): void {
    const next = new Map<string, Level>();
    const keep = (object: PriorityLevelConfiguration): void => {
      const name = object.metadata?.name ?? '';
      const level = this.#levels.get(name) ?? new Level(object, this.metrics.level(name), this.nowMs);
      level.configure(object);
      next.set(name, level);
    };
    for (const object of levels) if (responseOf(object) !== undefined) keep(object);
    const wanted = schemas.filter((schema) => next.has(levelNameOf(schema)));
    const named = (name: string) => wanted.some(({ metadata }) => metadata?.name === name);
    const sorted = [...wanted].sort(byPrecedence);
    if (!named('exempt')) sorted.unshift(exemptSchema);
    if (!named('catch-all')) sorted.push(catchAllSchema);
    if (!next.has('exempt')) keep(exemptLevel);
    if (!next.has('catch-all')) keep(catchAllLevel);
    for (const [name, level] of this.#levels) {
      if (next.has(name)) continue;
      if (level.queueSet.idle) {
        this.metrics.forget(name);
        continue;
      }
      level.quiescing = true;
      next.set(name, level);
    }
    const shares = [...next.values()].reduce((sum, level) => sum + level.shares, 0);
    for (const level of next.values()) {
      level.assign(this.#seats, shares);
      this.metrics.configured(level);
    }
    this.#levels = next;
    this.#flows = sorted.map((object) => this.#flow(object));
    this.adjust();
  }

  #flow(object: FlowSchema): Flow {
    const name = object.metadata?.name ?? '';
    const uid = object.metadata?.uid ?? '';
    const level = this.#levels.get(levelNameOf(object))!;
    const known = this.#flows.find((flow) => flow.name === name && flow.level === level);
    return { object, name, uid, level, metrics: known?.metrics ?? this.metrics.flow(level.name, name) };
  }

  /** Moves seats between levels by demand; to be called every ten seconds. Levels that were given up end here. */
  adjust(): void {
    for (const [name, level] of this.#levels) {
      if (!level.quiescing || !level.queueSet.idle) continue;
      this.#levels.delete(name);
      this.metrics.forget(name);
    }
    borrow([...this.#levels.values()], this.#seats, this.nowMs(), this.metrics);
  }

  #classify(info: RequestInfo, user: UserInfo): Flow {
    for (const flow of this.#flows) if (matchesSchema(flow.object, info, user)) return flow;
    return this.#flows.find(({ name }) => name === 'catch-all')!;
  }

  /** Never waits: the ticket is executing, waiting or rejected. */
  start(info: RequestInfo, user: UserInfo, query: URLSearchParams): Admission {
    const flow = this.#classify(info, user);
    const { level, metrics } = flow;
    const estimate = this.#estimator.estimate(info, query, level.requestSeats);
    metrics.estimatedSeats.observe(maxSeatsOf(estimate));
    const ticket: Ticket = {
      state: 'new',
      info,
      user,
      schema: flow.name,
      distinguisher: distinguisherOf(flow.object, info, user),
      metrics,
      estimate,
      arrivalMs: this.nowMs(),
      startMs: 0,
      queue: undefined,
      arrivalR: 0,
      dispatched: undefined,
    };
    level.queueSet.start(ticket);
    if (ticket.state === 'rejected') {
      metrics.waitedInVain.observe(0);
      this.#rejected(flow);
    } else if (ticket.state === 'executing' && !level.exempt) metrics.waited.observe(0);
    return { flow, ticket };
  }

  /** For a ticket that waits: resolves when it executes, or is rejected because time is up or the client has gone. */
  wait(admission: Admission, limitMs: number, signal: AbortSignal): Promise<void> {
    const { ticket, flow } = admission;
    return new Promise<void>((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', cancel);
        const waited = (this.nowMs() - ticket.arrivalMs) / 1000;
        if (ticket.state === 'rejected') {
          flow.metrics.waitedInVain.observe(waited);
          this.#rejected(flow);
        } else flow.metrics.waited.observe(waited);
        resolve();
      };
      const cancel = (): void => {
        flow.level.queueSet.cancel(ticket);
        settle();
      };
      const timer = setTimeout(cancel, Math.max(0, limitMs));
      ticket.dispatched = settle;
      if (signal.aborted) cancel();
      else signal.addEventListener('abort', cancel, { once: true });
    });
  }

  #rejected(flow: Flow): void {
    flow.level.retryAfter.record(Math.floor(this.nowMs() / 1000));
  }

  finish({ ticket, flow }: Admission): void {
    if (ticket.state !== 'executing') return;
    const seconds = (this.nowMs() - ticket.startMs) / 1000;
    (ticket.info.verb === 'watch' ? flow.metrics.watchesStarted : flow.metrics.executed).observe(seconds);
    flow.level.queueSet.finish(ticket);
  }
}

function levelNameOf({ spec }: FlowSchema): string {
  return spec?.priorityLevelConfiguration.name ?? '';
}

function byPrecedence(a: FlowSchema, b: FlowSchema): number {
  const difference = (a.spec?.matchingPrecedence ?? 0) - (b.spec?.matchingPrecedence ?? 0);
  return difference !== 0 ? difference : (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1;
}

function distinguisherOf({ spec }: FlowSchema, info: RequestInfo, user: UserInfo): string {
  switch (spec?.distinguisherMethod?.type) {
    case 'ByUser':
      return user.name;
    case 'ByNamespace':
      return info.namespace;
    default:
      return '';
  }
}
