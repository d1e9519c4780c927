/** `typernetes scheduler`. */
import {
  type Clock,
  EventRecorder,
  inClusterConfig,
  type Logger,
  loadKubeconfig,
  RestClient,
  resources,
  SharedInformerFactory,
  silentLogger,
  systemClock,
} from '@typernetes/openapi/client';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { Command } from 'commander';
import {
  addSharedFlags,
  type Component,
  ComponentMetrics,
  componentLogger,
  integerFlag,
  runProcess,
  type SharedFlags,
  serveComponent,
  startLeading,
} from '../controllers/component/index.ts';
import type { MetricsRegistry } from '../metrics/index.ts';
import { SchedulerCache } from './cache/cache.ts';
import { addEventHandlers, infoOf } from './event-handlers.ts';
import { Framework } from './framework/framework.ts';
import { SchedulerMetrics } from './metrics.ts';
import { defaultPreemption } from './plugins/default-preemption.ts';
import { defaultProfile, hintsOf } from './profile.ts';
import { SchedulingQueue } from './queue/scheduling-queue.ts';
import { Scheduler } from './scheduler.ts';

export interface SchedulerProcessOptions extends SharedFlags {
  percentageOfNodesToScore: number;
  schedulerName: string;
}

function flags(): Command {
  return addSharedFlags(new Command('scheduler').description('Assign pods to nodes.'), {
    securePort: 10259,
    leaseName: 'kube-scheduler',
  })
    .addOption(
      integerFlag(
        'percentage-of-nodes-to-score',
        'stop looking after this share of feasible nodes; 0: chosen by cluster size',
        0,
      ),
    )
    .option('--scheduler-name <name>', 'schedule pods whose spec.schedulerName is this', 'default-scheduler');
}

export function schedulerCommand(): Command {
  const command = flags();
  return command.action(async () => {
    const options = command.opts<SchedulerProcessOptions>();
    const logger = componentLogger('scheduler', options.v);
    await runProcess((signal) => runScheduler(options, signal, logger));
  });
}

/** The flags' defaults, for callers that start a scheduler in their own process. */
export function schedulerDefaults(): SchedulerProcessOptions {
  return flags().opts<SchedulerProcessOptions>();
}

export async function runScheduler(
  options: SchedulerProcessOptions,
  signal?: AbortSignal,
  logger: Logger = silentLogger,
): Promise<Component> {
  const config = options.kubeconfig === undefined ? inClusterConfig() : loadKubeconfig(options.kubeconfig);
  const metrics = new ComponentMetrics();
  const observer = metrics.client;
  const client = new RestClient({ ...config, userAgent: 'kube-scheduler' }, { maxSockets: 16, observer });
  const component = startLeading({
    flags: options,
    client,
    clock: systemClock,
    logger,
    signal,
    leads: metrics.leads(options.leaderElectResourceName),
    start: (leading) => startScheduler({ client, signal: leading, logger, metrics: metrics.registry, ...options }),
  });
  const serving = await serveComponent(options, client, () => metrics.text(), logger);
  return {
    ready: component.ready,
    ...(component.ended ? { ended: component.ended } : {}),
    stop: async () => {
      await Promise.all([component.stop(), serving.stop()]);
      client.close();
    },
  };
}

export interface StartSchedulerOptions {
  client: RestClient;
  signal: AbortSignal;
  logger?: Logger;
  clock?: Clock;
  random?: () => number;
  schedulerName?: string;
  percentageOfNodesToScore?: number;
  metrics?: MetricsRegistry;
}

/** The scheduler itself, on a client. */
export function startScheduler(options: StartSchedulerOptions): Component {
  const {
    client,
    logger = silentLogger,
    clock = systemClock,
    random = Math.random,
    schedulerName = 'default-scheduler',
  } = options;
  const stopping = new AbortController();
  const signal = AbortSignal.any([options.signal, stopping.signal]);
  const informers = new SharedInformerFactory(client, { clock, random, logger });
  const pods = informers.informer(resources.pods, {
    fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
    transform: withoutManagedFields,
  });
  const nodes = informers.informer(resources.nodes);
  const recorder = new EventRecorder(client, { component: schedulerName, clock, logger });
  const cache = new SchedulerCache();
  const metrics = options.metrics === undefined ? undefined : new SchedulerMetrics(options.metrics, schedulerName);
  const framework = new Framework(
    defaultProfile(
      client,
      defaultPreemption({
        client,
        recorder,
        nodes: cache,
        clock,
        random,
        logger,
        signal,
        attempted: (victims) => metrics?.preempted(victims),
        fits: (state, pod, node) => framework.filter(state, pod, node, new Set()),
      }),
    ),
  );
  const queue = new SchedulingQueue({
    clock,
    hints: hintsOf(framework.plugins()),
    isGated: (pod) => framework.preEnqueue(pod) !== undefined,
  });
  const scheduler = new Scheduler({
    client,
    recorder,
    framework,
    cache,
    queue,
    clock,
    random,
    logger,
    metrics,
    percentageOfNodesToScore: options.percentageOfNodesToScore ?? 0,
    current: (pod) => infoOf(pods, pod),
  });
  metrics?.watch(queue, cache, () => scheduler.bindingsUnderWay);
  const registrations = addEventHandlers(pods, nodes, {
    cache,
    queue,
    schedulerName,
    settled: (uid) => scheduler.forgetNomination(uid),
  });
  informers.start(signal);
  const ready = informers.waitForSync(signal).then(() => undefined);
  const running = ready.then(() => scheduler.run(signal));
  const close = (): void => queue.close();
  if (signal.aborted) close();
  else signal.addEventListener('abort', close, { once: true });
  return {
    ready,
    stop: async () => {
      stopping.abort();
      for (const registration of registrations) registration.remove();
      await running;
      await recorder.stop();
      await informers.stopped();
    },
  };
}

function withoutManagedFields(pod: Pod): Pod {
  if (pod.metadata) delete pod.metadata.managedFields;
  return pod;
}
