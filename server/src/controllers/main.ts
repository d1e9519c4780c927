/** `typernetes controller-manager`. */
import { readFile } from 'node:fs/promises';
import {
  EventRecorder,
  inClusterConfig,
  type Logger,
  loadKubeconfig,
  observeWorkQueues,
  RestClient,
  type Running,
  SharedInformerFactory,
  silentLogger,
  systemClock,
} from '@typernetes/openapi/client';
import { Command, Option } from 'commander';
import { WorkQueueMetrics } from '../metrics/index.ts';
import {
  addSharedFlags,
  booleanFlag,
  type Component,
  ComponentMetrics,
  componentLogger,
  durationFlag,
  integerFlag,
  runProcess,
  type SharedFlags,
  serveComponent,
  startLeading,
} from './component/index.ts';
import type { ControllerContext, ControllerSettings } from './context.ts';
import { ServiceAccountClients } from './identity/service-account-clients.ts';
import { controllers, selectControllers } from './registry.ts';

export interface ControllerManagerOptions extends SharedFlags {
  controllers: string[];
  useServiceAccountCredentials: boolean;
  serviceAccountPrivateKeyFile?: string;
  rootCaFile?: string;
  clusterSigningCertFile?: string;
  clusterSigningKeyFile?: string;
  clusterSigningDuration: number;
  allocateNodeCidrs: boolean;
  clusterCidr?: string;
  serviceClusterIpRange?: string;
  nodeCidrMaskSize: number;
  nodeCidrMaskSizeIpv4: number;
  nodeCidrMaskSizeIpv6: number;
  nodeMonitorPeriod: number;
  nodeMonitorGracePeriod: number;
  nodeStartupGracePeriod: number;
  terminatedPodGcThreshold: number;
  legacyServiceAccountTokenCleanUpPeriod: number;
  /** Kubeconfig of a scheduler to run in the same process. */
  withScheduler?: string;
  /** Of that scheduler's own endpoint. */
  schedulerSecurePort: number;
}

function list(text: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), ...text.split(',').filter(Boolean)];
}

function flags(): Command {
  const command = new Command('controller-manager').description(
    'Run the controllers that move the cluster towards its objects.',
  );
  return (
    addSharedFlags(command, { securePort: 10257, leaseName: 'kube-controller-manager' })
      .option(
        '--controllers <list>',
        `controllers to run, with commas: * is all (default), NAME this one, -NAME not this one; known: ${[...controllers.keys()].join(', ')}`,
        list,
      )
      .addOption(
        booleanFlag('use-service-account-credentials', 'each controller acts as its own ServiceAccount', false),
      )
      .option(
        '--service-account-private-key-file <file>',
        'key that signs the tokens of Secrets of type kubernetes.io/service-account-token',
      )
      .option('--root-ca-file <file>', 'CA that is published to every namespace as ConfigMap kube-root-ca.crt')
      .option('--cluster-signing-cert-file <file>', 'the CA that signs approved certificate requests')
      .option('--cluster-signing-key-file <file>', 'key of that CA')
      .addOption(durationFlag('cluster-signing-duration', 'the longest life of a signed certificate', '8760h'))
      .addOption(booleanFlag('allocate-node-cidrs', 'give nodes their part of the cluster CIDR', false))
      .option('--cluster-cidr <cidrs>', 'addresses of pods, parts of which nodes get; with commas')
      .option('--service-cluster-ip-range <cidrs>', 'addresses of Services: kept out of node CIDRs')
      // For the sake of existing command lines: it names things at clouds only.
      .addOption(new Option('--cluster-name <name>').hideHelp())
      .addOption(integerFlag('node-cidr-mask-size', 'prefix length of node CIDRs; 0: 24 for IPv4, 64 for IPv6', 0))
      .addOption(
        integerFlag('node-cidr-mask-size-ipv4', 'prefix length of IPv4 node CIDRs; 0: as --node-cidr-mask-size', 0),
      )
      .addOption(
        integerFlag('node-cidr-mask-size-ipv6', 'prefix length of IPv6 node CIDRs; 0: as --node-cidr-mask-size', 0),
      )
      .addOption(durationFlag('node-monitor-period', 'time between looks at the nodes', '5s'))
      .addOption(durationFlag('node-monitor-grace-period', 'silence after which a node counts as unreachable', '50s'))
      .addOption(durationFlag('node-startup-grace-period', 'the same for a node that never reported', '1m'))
      .addOption(integerFlag('terminated-pod-gc-threshold', 'how many ended pods are kept; 0: all', 12_500))
      .addOption(
        durationFlag(
          'legacy-service-account-token-clean-up-period',
          'time without use after which a legacy token goes',
          '8760h',
        ),
      )
      .option('--with-scheduler <kubeconfig>', 'also run a scheduler in this process, with this identity')
      .addOption(integerFlag('scheduler-secure-port', "that scheduler's own --secure-port", 10_259))
  );
}

export function controllerManagerCommand(): Command {
  const command = flags();
  return command.action(async () => {
    const options = command.opts<ControllerManagerOptions>();
    const logger = componentLogger('controller-manager', options.v);
    await runProcess((signal) => runControllerManager(options, signal, logger));
  });
}

export async function runControllerManager(
  options: ControllerManagerOptions,
  signal?: AbortSignal,
  logger: Logger = silentLogger,
): Promise<Component> {
  const names = selectControllers(options.controllers?.length ? options.controllers : ['*']);
  const settings = await settingsOf(options);
  const config = options.kubeconfig === undefined ? inClusterConfig() : loadKubeconfig(options.kubeconfig);
  const metrics = new ComponentMetrics();
  const queues = new WorkQueueMetrics(metrics.registry);
  observeWorkQueues((queue) => queues.queue(queue));
  const client = new RestClient({ ...config, userAgent: 'kube-controller-manager' }, { observer: metrics.client });
  const component = startLeading({
    flags: options,
    client,
    clock: systemClock,
    logger,
    signal,
    leads: metrics.leads(options.leaderElectResourceName),
    start: (leading) =>
      startEnabledControllers(client, options.useServiceAccountCredentials, settings, names, leading, logger),
  });
  const serving = await serveComponent(options, client, () => metrics.text(), logger);
  const scheduler =
    options.withScheduler === undefined
      ? undefined
      : await hostScheduler(options.withScheduler, options, signal, logger);
  return {
    ready: Promise.all([component.ready, scheduler?.ready]).then(() => undefined),
    ended: Promise.race([component.ended, scheduler?.ended].filter((ended) => ended !== undefined)),
    stop: async () => {
      await Promise.all([component.stop(), scheduler?.stop(), serving.stop()]);
      client.close();
    },
  };
}

async function hostScheduler(
  kubeconfig: string,
  options: ControllerManagerOptions,
  signal: AbortSignal | undefined,
  logger: Logger,
): Promise<Component> {
  const { runScheduler, schedulerDefaults } = await import('../scheduler/main.ts');
  return runScheduler(
    { ...schedulerDefaults(), ...servingFlags(options), securePort: options.schedulerSecurePort, kubeconfig },
    signal,
    logger,
  );
}

/** What a scheduler in this process has in common with it. */
function servingFlags(options: ControllerManagerOptions): Partial<SharedFlags> {
  const { bindAddress, tlsCertFile, tlsPrivateKeyFile, clientCaFile, leaderElect } = options;
  return {
    bindAddress,
    leaderElect,
    ...(tlsCertFile === undefined ? {} : { tlsCertFile }),
    ...(tlsPrivateKeyFile === undefined ? {} : { tlsPrivateKeyFile }),
    ...(clientCaFile === undefined ? {} : { clientCaFile }),
  };
}

function startEnabledControllers(
  client: RestClient,
  useServiceAccounts: boolean,
  settings: ControllerSettings,
  names: readonly string[],
  signal: AbortSignal,
  logger: Logger,
): Component {
  const clock = systemClock;
  const accounts = useServiceAccounts ? new ServiceAccountClients(client, clock) : undefined;
  const recorders: EventRecorder[] = [];
  const informers = new SharedInformerFactory(client, { clock, logger });
  const context: ControllerContext = {
    informers,
    clock,
    random: Math.random,
    logger,
    options: settings,
    client,
    clientFor: (serviceAccount) => accounts?.clientFor(serviceAccount) ?? client,
    recorderFor: (recording, component) => {
      const recorder = new EventRecorder(recording, { component, clock, logger });
      recorders.push(recorder);
      return recorder;
    },
  };
  const stoppingInformers = new AbortController();
  const running: Running[] = [];
  for (const name of names) {
    const start = controllers.get(name);
    if (start) running.push(start(context));
  }
  informers.start(stoppingInformers.signal);
  // The garbage collector watches everything that exists: it is not waited for.
  const awaited = names.flatMap((name, index) =>
    name === 'garbage-collector-controller' ? [] : (running[index]?.ready ?? []),
  );
  const ready = Promise.all(awaited).then(() => {
    if (!signal.aborted) logger.info({ controllers: names.length }, 'controllers are running');
  });
  return {
    ready,
    stop: async () => {
      stoppingInformers.abort();
      await Promise.all(running.map((entry) => entry.stop()));
      await Promise.all(recorders.map((recorder) => recorder.stop()));
      await informers.stopped();
      accounts?.close();
    },
  };
}

async function settingsOf(options: ControllerManagerOptions): Promise<ControllerSettings> {
  const maskSize = (specific: number, fallback: number): number => specific || options.nodeCidrMaskSize || fallback;
  return {
    allocateNodeCidrs: options.allocateNodeCidrs,
    clusterCidrs: (options.clusterCidr ?? '').split(',').filter(Boolean),
    serviceClusterIpRanges: (options.serviceClusterIpRange ?? '').split(',').filter(Boolean),
    nodeCidrMaskSizeIpv4: maskSize(options.nodeCidrMaskSizeIpv4, 24),
    nodeCidrMaskSizeIpv6: maskSize(options.nodeCidrMaskSizeIpv6, 64),
    rootCa: options.rootCaFile === undefined ? undefined : await readFile(options.rootCaFile, 'utf8'),
    serviceAccountKey:
      options.serviceAccountPrivateKeyFile === undefined
        ? undefined
        : await readFile(options.serviceAccountPrivateKeyFile, 'utf8'),
    clusterSigning:
      options.clusterSigningCertFile && options.clusterSigningKeyFile
        ? {
            certificate: await readFile(options.clusterSigningCertFile, 'utf8'),
            key: await readFile(options.clusterSigningKeyFile, 'utf8'),
            durationMs: options.clusterSigningDuration,
          }
        : undefined,
    nodeMonitorPeriodMs: options.nodeMonitorPeriod,
    nodeMonitorGracePeriodMs: options.nodeMonitorGracePeriod,
    nodeStartupGracePeriodMs: options.nodeStartupGracePeriod,
    terminatedPodGcThreshold: options.terminatedPodGcThreshold,
    legacyTokenCleanUpPeriodMs: options.legacyServiceAccountTokenCleanUpPeriod,
  };
}
