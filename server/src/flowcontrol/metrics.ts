/** apiserver_flowcontrol_*: upstream's names, labels and buckets. */
import {
  type Cell,
  Counter,
  type Distribution,
  Gauge,
  Histogram,
  type MetricOptions,
  type MetricsRegistry,
  type Stability,
  type TimingRatio,
  TimingRatioHistogram,
  Watermark,
} from '../metrics/index.ts';
import type { Level } from './level.ts';

/** What is counted for requests of one FlowSchema in one priority level. */
export interface FlowMetrics {
  readonly dispatched: Pick<Cell, 'inc'>;
  readonly waitingRequests: Cell;
  readonly waitingSeats: Cell;
  readonly executingRequests: Cell;
  readonly executingSeats: Cell;
  readonly queueLength: Distribution;
  readonly estimatedSeats: Distribution;
  readonly executed: Distribution;
  readonly watchesStarted: Distribution;
  readonly waited: Distribution;
  readonly waitedInVain: Distribution;
  readonly watchCount: Distribution;
  readonly notAccommodated: Pick<Cell, 'inc'>;
  rejected(reason: string): void;
}

/** What is counted for one priority level. */
export interface LevelMetrics {
  readonly waitingRatio: TimingRatio;
  readonly executingRatio: TimingRatio;
  readonly seatRatio: TimingRatio;
  readonly demandRatio: TimingRatio;
  readonly currentR: Cell;
  readonly dispatchR: Cell;
  readonly latestS: Cell;
  readonly nextS: Bounds;
  readonly nextDiscountedS: Bounds;
}

export interface Bounds {
  readonly min: Cell;
  readonly max: Cell;
}

const durations = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const level = ['priority_level'];
const flow = ['priority_level', 'flow_schema'];

function describe(name: string, stability: Stability, labels: readonly string[], help: string): MetricOptions {
  return { name: `apiserver_flowcontrol_${name}`, stability, labels, help };
}

function instruments(registry: MetricsRegistry, nowMs: () => number) {
  const counter = (...of: Parameters<typeof describe>) => registry.register(new Counter(describe(...of)));
  const gauge = (...of: Parameters<typeof describe>) => registry.register(new Gauge(describe(...of)));
  const histogram = (buckets: readonly number[], ...of: Parameters<typeof describe>) =>
    registry.register(new Histogram({ ...describe(...of), buckets }));
  const ratio = (buckets: readonly number[], ...of: Parameters<typeof describe>) =>
    registry.register(new TimingRatioHistogram({ ...describe(...of), buckets }, nowMs));
  const subsystem = 'API Priority and Fairness subsystem';
  const stage = 'initial stage for a WATCH, any stage otherwise';
  return {
    rejected: counter(
      'rejected_requests_total',
      'BETA',
      [...flow, 'reason'],
      `Number of requests rejected by ${subsystem}`,
    ),
    dispatched: counter('dispatched_requests_total', 'BETA', flow, `Number of requests executed by ${subsystem}`),
    waitingRequests: gauge(
      'current_inqueue_requests',
      'BETA',
      flow,
      `Number of requests currently pending in queues of the ${subsystem}`,
    ),
    waitingSeats: gauge(
      'current_inqueue_seats',
      'ALPHA',
      flow,
      `Number of seats currently pending in queues of the ${subsystem}`,
    ),
    executingRequests: gauge(
      'current_executing_requests',
      'BETA',
      flow,
      `Number of requests in initial (for a WATCH) or any (for a non-WATCH) execution stage in the ${subsystem}`,
    ),
    executingSeats: gauge(
      'current_executing_seats',
      'BETA',
      flow,
      `Concurrency (number of seats) occupied by the currently executing (${stage}) requests in the ${subsystem}`,
    ),
    queueLength: histogram(
      [0, 10, 25, 50, 100, 250, 500, 1000],
      'request_queue_length_after_enqueue',
      'ALPHA',
      flow,
      `Length of queue in the ${subsystem}, as seen by each request after it is enqueued`,
    ),
    estimatedSeats: histogram(
      [1, 2, 4, 8, 16, 32, 64, 100],
      'work_estimated_seats',
      'ALPHA',
      flow,
      'Number of estimated seats (maximum of initial and final seats) associated with requests in API Priority and Fairness',
    ),
    executed: histogram(
      durations,
      'request_execution_seconds',
      'ALPHA',
      [...flow, 'type'],
      `Duration of initial stage (for a WATCH) or any (for a non-WATCH) stage of request execution in the ${subsystem}`,
    ),
    waited: histogram(
      durations,
      'request_wait_duration_seconds',
      'BETA',
      [...flow, 'execute'],
      'Length of time a request spent waiting in its queue',
    ),
    watchCount: histogram(
      [0, 1, 10, 100, 1000, 10_000],
      'watch_count_samples',
      'ALPHA',
      flow,
      'count of watchers for mutating requests in API Priority and Fairness',
    ),
    notAccommodated: counter(
      'request_dispatch_no_accommodation_total',
      'ALPHA',
      flow,
      'Number of times a dispatch attempt resulted in a non accommodation due to lack of available seats',
    ),
    requests: ratio(
      [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 1],
      'priority_level_request_utilization',
      'ALPHA',
      ['phase', ...level],
      'Observations, at the end of every nanosecond, of number of requests (as a fraction of the relevant limit) waiting or in any stage of execution (but only initial stage for WATCHes)',
    ),
    seats: ratio(
      [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1],
      'priority_level_seat_utilization',
      'ALPHA',
      ['phase', ...level],
      'Observations, at the end of every nanosecond, of utilization of seats for any stage of execution (but only initial stage for WATCHes)',
    ),
    demand: ratio(
      [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.7, 2, 2.8, 4, 6],
      'demand_seats',
      'ALPHA',
      level,
      'Observations, at the end of every nanosecond, of (the number of seats each priority level could use) / (nominal number of seats for that level)',
    ),
    readVsWrite: ratio(
      [0, 0.001, 0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1],
      'read_vs_write_current_requests',
      'ALPHA',
      ['phase', 'request_kind'],
      'Observations, at the end of every nanosecond, of the number of requests (as a fraction of the relevant limit) waiting or in regular stage of execution',
    ),
    currentR: gauge('current_r', 'ALPHA', level, 'R(time of last change)'),
    dispatchR: gauge('dispatch_r', 'ALPHA', level, 'R(time of last dispatch)'),
    nextS: gauge(
      'next_s_bounds',
      'ALPHA',
      [...level, 'bound'],
      'min and max, over queues, of S(oldest waiting request in queue)',
    ),
    nextDiscountedS: gauge(
      'next_discounted_s_bounds',
      'ALPHA',
      [...level, 'bound'],
      'min and max, over queues, of S(oldest waiting request in queue) - estimated work in progress',
    ),
    latestS: gauge('latest_s', 'ALPHA', level, 'S(most recently dispatched request)'),
    nominal: gauge(
      'nominal_limit_seats',
      'BETA',
      level,
      'Nominal number of execution seats configured for each priority level',
    ),
    lower: gauge(
      'lower_limit_seats',
      'ALPHA',
      level,
      'Configured lower bound on number of execution seats available to each priority level',
    ),
    upper: gauge(
      'upper_limit_seats',
      'ALPHA',
      level,
      'Configured upper bound on number of execution seats available to each priority level',
    ),
    current: gauge(
      'current_limit_seats',
      'ALPHA',
      level,
      'current derived number of execution seats available to each priority level',
    ),
    watermark: gauge(
      'demand_seats_high_watermark',
      'ALPHA',
      level,
      'High watermark, over last adjustment period, of demand_seats',
    ),
    average: gauge(
      'demand_seats_average',
      'ALPHA',
      level,
      'Time-weighted average, over last adjustment period, of demand_seats',
    ),
    deviation: gauge(
      'demand_seats_stdev',
      'ALPHA',
      level,
      'Time-weighted standard deviation, over last adjustment period, of demand_seats',
    ),
    smoothed: gauge('demand_seats_smoothed', 'ALPHA', level, 'Smoothed seat demands'),
    target: gauge('target_seats', 'ALPHA', level, 'Seat allocation targets'),
    fairFraction: gauge(
      'seat_fair_frac',
      'ALPHA',
      [],
      "Fair fraction of server's concurrency to allocate to each priority level that can use it",
    ),
  };
}

/** How many reads, or writes, wait and are executed. */
export interface RequestKindMetrics {
  waiting(change: 1 | -1): void;
  executing(change: 1 | -1): void;
}

export class FlowControlMetrics {
  readonly reads: RequestKindMetrics;
  readonly writes: RequestKindMetrics;
  readonly #all: ReturnType<typeof instruments>;

  constructor(registry: MetricsRegistry, nowMs: () => number) {
    this.#all = instruments(registry, nowMs);
    const queued = registry.gauge(
      'apiserver_current_inqueue_requests',
      'ALPHA',
      'Maximal number of queued requests in this apiserver per request kind in last second.',
      ['request_kind'],
    );
    const kind = (name: string): RequestKindMetrics => {
      const waiting = this.#all.readVsWrite.ratio('waiting', name);
      const executing = this.#all.readVsWrite.ratio('executing', name);
      const most = new Watermark();
      registry.collect(() => queued.with(name).set(most.read()));
      return {
        waiting(change) {
          waiting.add(change, nowMs());
          if (change > 0) most.enter();
          else most.leave();
        },
        executing: (change) => executing.add(change, nowMs()),
      };
    };
    this.reads = kind('readOnly');
    this.writes = kind('mutating');
  }

  flow(levelName: string, schemaName: string): FlowMetrics {
    const all = this.#all;
    const labels = [levelName, schemaName] as const;
    return {
      dispatched: all.dispatched.with(...labels),
      waitingRequests: all.waitingRequests.with(...labels),
      waitingSeats: all.waitingSeats.with(...labels),
      executingRequests: all.executingRequests.with(...labels),
      executingSeats: all.executingSeats.with(...labels),
      queueLength: all.queueLength.with(...labels),
      estimatedSeats: all.estimatedSeats.with(...labels),
      executed: all.executed.with(...labels, 'regular'),
      watchesStarted: all.executed.with(...labels, 'watch'),
      waited: all.waited.with(...labels, 'true'),
      waitedInVain: all.waited.with(...labels, 'false'),
      watchCount: all.watchCount.with(...labels),
      notAccommodated: all.notAccommodated.with(...labels),
      rejected: (reason) => all.rejected.with(...labels, reason).inc(),
    };
  }

  level(name: string): LevelMetrics {
    const all = this.#all;
    return {
      waitingRatio: all.requests.ratio('waiting', name),
      executingRatio: all.requests.ratio('executing', name),
      seatRatio: all.seats.ratio('executing', name),
      demandRatio: all.demand.ratio(name),
      currentR: all.currentR.with(name),
      dispatchR: all.dispatchR.with(name),
      latestS: all.latestS.with(name),
      nextS: { min: all.nextS.with(name, 'min'), max: all.nextS.with(name, 'max') },
      nextDiscountedS: { min: all.nextDiscountedS.with(name, 'min'), max: all.nextDiscountedS.with(name, 'max') },
    };
  }

  configured({ name, nominalSeats, minSeats, maxSeats }: Level): void {
    this.#all.nominal.with(name).set(nominalSeats);
    this.#all.lower.with(name).set(minSeats);
    this.#all.upper.with(name).set(maxSeats);
  }

  adjusted({ name, demand, currentSeats }: Level, target: number): void {
    const all = this.#all;
    all.watermark.with(name).set(demand.highWatermark);
    all.average.with(name).set(demand.average);
    all.deviation.with(name).set(demand.deviation);
    all.smoothed.with(name).set(demand.smoothed);
    all.target.with(name).set(target);
    all.current.with(name).set(currentSeats);
  }

  fairFraction(fraction: number): void {
    this.#all.fairFraction.with().set(fraction);
  }

  /** A level that is gone: its limits are shown no longer. */
  forget(name: string): void {
    const { nominal, lower, upper, current } = this.#all;
    for (const gauge of [nominal, lower, upper, current]) gauge.remove(name);
  }
}
