/** Puts priority and fairness together: the control itself, who feeds it its configuration, and who makes that. */
import type { GroupResource } from '@typernetes/openapi/meta';
import type { ObjectSource } from '../authorization/object-source.ts';
import type { RequestInfo } from '../endpoints/request-info.ts';
import { ConfigConsumer, ensureFlowControlObjects, FlowControl, FlowControlDumps } from '../flowcontrol/index.ts';
import type { MetricsRegistry } from '../metrics/index.ts';
import type { RegistryReader } from '../registry/generic/rest.ts';
import type { ApiserverOptions } from './config.ts';
import type { PostStartHook } from './post-start.ts';

const ensureEveryMs = 60_000;
const adjustEveryMs = 10_000;
const consumerHook = 'priority-and-fairness-config-consumer';

export interface PriorityAndFairnessDependencies {
  options: ApiserverOptions;
  metrics: MetricsRegistry;
  registry: RegistryReader;
  source: ObjectSource;
  /** How much there is of a resource; undefined where that is not known. */
  sizeOf(resource: GroupResource): { count: number; bytes: number } | undefined;
  /** Resolves when that is known of all resources that are in use. */
  sizesKnown(): Promise<void>;
  now: () => Date;
  report: (error: unknown) => void;
}

export interface PriorityAndFairness {
  /** Undefined with --enable-priority-and-fairness=false. */
  control: FlowControl | undefined;
  dumps: FlowControlDumps | undefined;
  hooks: PostStartHook[];
  stop(): Promise<void>;
}

export function priorityAndFairness(dependencies: PriorityAndFairnessDependencies): PriorityAndFairness {
  const { options, metrics, registry, now, report } = dependencies;
  let timer: NodeJS.Timeout | undefined;
  let adjusting: NodeJS.Timeout | undefined;
  const producer: PostStartHook = {
    name: 'priority-and-fairness-config-producer',
    async run() {
      await ensureFlowControlObjects(registry);
      timer = setInterval(() => void ensureFlowControlObjects(registry).catch(report), ensureEveryMs);
      timer.unref();
    },
  };
  if (!options.enablePriorityAndFairness) {
    return { control: undefined, dumps: undefined, hooks: [producer], stop: async () => clearInterval(timer) };
  }
  const control = new FlowControl({
    seats: options.maxRequestsInflight + options.maxMutatingRequestsInflight,
    registry: metrics,
    nowMs: () => performance.now(),
    statsOf: ({ apiGroup, resource }: RequestInfo) => dependencies.sizeOf({ group: apiGroup, resource }),
  });
  const consumer = new ConfigConsumer({ control, source: dependencies.source, registry, now, report });
  return {
    control,
    dumps: new FlowControlDumps(control, now),
    hooks: [
      { name: consumerHook, run: () => consumer.start() },
      {
        name: 'priority-and-fairness-filter',
        after: [consumerHook],
        run: async () => void (adjusting = setInterval(() => control.adjust(), adjustEveryMs).unref()),
      },
      { name: 'storage-object-count-tracker-hook', after: [consumerHook], run: () => dependencies.sizesKnown() },
      producer,
    ],
    async stop() {
      clearInterval(timer);
      clearInterval(adjusting);
      await consumer.stop();
    },
  };
}
