/** scheduler_*: what waits for a node, how long attempts take and how they end. */
import type { Distribution, Histogram, MetricsRegistry } from '../metrics/index.ts';
import type { SchedulerCache } from './cache/cache.ts';
import type { QueuedPod, SchedulingQueue } from './queue/scheduling-queue.ts';

const doubling = (first: number, count: number): number[] => Array.from({ length: count }, (_, at) => first * 2 ** at);
const attemptBuckets = doubling(0.001, 15);

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error';

export class SchedulerMetrics {
  readonly #registry: MetricsRegistry;
  readonly #profile: string;
  readonly #attempts;
  readonly #durations: Histogram;
  readonly #algorithm: Distribution;
  readonly #perPod: Distribution;
  readonly #sli: Histogram;
  readonly #preemptions;
  readonly #victims: Distribution;

  constructor(registry: MetricsRegistry, profile: string) {
    this.#registry = registry;
    this.#profile = profile;
    this.#attempts = registry.counter(
      'scheduler_schedule_attempts_total',
      'STABLE',
      "Number of attempts to schedule pods, by the result. 'unschedulable' means a pod could not be scheduled, while 'error' means an internal scheduler problem.",
      ['result', 'profile'],
    );
    this.#durations = registry.histogram(
      'scheduler_scheduling_attempt_duration_seconds',
      'STABLE',
      'Scheduling attempt latency in seconds (scheduling algorithm + binding)',
      ['result', 'profile'],
      attemptBuckets,
    );
    const plain = (name: string, stability: 'STABLE' | 'ALPHA', help: string, buckets: readonly number[]) =>
      registry.histogram(`scheduler_${name}`, stability, help, [], buckets).with();
    this.#algorithm = plain(
      'scheduling_algorithm_duration_seconds',
      'ALPHA',
      'Scheduling algorithm latency in seconds',
      attemptBuckets,
    );
    this.#perPod = plain(
      'pod_scheduling_attempts',
      'STABLE',
      'Number of attempts to successfully schedule a pod.',
      doubling(1, 5),
    );
    this.#sli = registry.histogram(
      'scheduler_pod_scheduling_sli_duration_seconds',
      'BETA',
      'E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue and might involve multiple scheduling attempts.',
      ['attempts'],
      doubling(0.01, 20),
    );
    this.#preemptions = registry.counter(
      'scheduler_preemption_attempts_total',
      'STABLE',
      'Total preemption attempts in the cluster till now',
    );
    this.#victims = plain('preemption_victims', 'STABLE', 'Number of selected preemption victims', doubling(1, 7));
  }

  /** Looked at when somebody asks. */
  watch(queue: SchedulingQueue, cache: SchedulerCache, bindings: () => number): void {
    const pending = this.#registry.gauge(
      'scheduler_pending_pods',
      'STABLE',
      "Number of pending pods, by the queue type. 'active' means number of pods in activeQ; 'backoff' means number of pods in backoffQ; 'unschedulable' means number of pods in unschedulablePods that the scheduler attempted to schedule and failed; 'gated' is the number of unschedulable pods that the scheduler never attempted to schedule because they are gated.",
      ['queue'],
    );
    const reasons = this.#registry.gauge(
      'scheduler_unschedulable_pods',
      'BETA',
      'The number of unschedulable pods broken down by plugin name. A pod will increment the gauge for all plugins that caused it to not schedule and so this metric have meaning only when broken down by plugin.',
      ['plugin', 'profile'],
    );
    const cached = this.#registry.gauge(
      'scheduler_cache_size',
      'ALPHA',
      'Number of nodes, pods, and assumed (bound) pods in the scheduler cache.',
      ['type'],
    );
    const running = this.#registry.gauge(
      'scheduler_goroutines',
      'BETA',
      'Number of running goroutines split by the work they do such as binding.',
      ['operation'],
    );
    this.#registry.collect(() => {
      const { active, backoff, unschedulable, gated } = queue.counts();
      for (const [place, count] of Object.entries({ active, backoff, unschedulable, gated })) {
        pending.with(place).set(count);
      }
      reasons.clear();
      for (const [plugin, count] of queue.rejections()) reasons.with(plugin, this.#profile).set(count);
      cached.with('nodes').set(cache.list().length);
      cached.with('pods').set(cache.podCount);
      cached.with('assumed_pods').set(cache.assumedCount);
      running.with('binding').set(bindings());
    });
  }

  /** The search for a node is over, whatever came of it. */
  searched(startedMs: number): void {
    this.#algorithm.observe((performance.now() - startedMs) / 1000);
  }

  attempted(result: AttemptResult, startedMs: number): void {
    this.#attempts.with(result, this.#profile).inc();
    this.#durations.with(result, this.#profile).observe((performance.now() - startedMs) / 1000);
  }

  scheduled({ attempts, firstQueuedAt }: QueuedPod, now: number): void {
    this.#perPod.observe(attempts);
    this.#sli.with(attempts >= 15 ? '15+' : String(attempts)).observe(Math.max(0, now - firstQueuedAt) / 1000);
  }

  preempted(victims: number | undefined): void {
    this.#preemptions.with().inc();
    if (victims !== undefined) this.#victims.observe(victims);
  }
}
