/** `typernetes node`: everything of one machine in one process (kubelet, proxy, dns), or many simulated nodes. */
import path from 'node:path';
import { type Logger, loadKubeconfig } from '@typernetes/openapi/client';
import { Command, Option } from 'commander';
import { pino } from 'pino';
import { ensureBridgeNetwork } from './cni/bridge.ts';
import { addKubeletFlags, type KubeletFlags, kubeletOptions, runtimeEndpoint, runUntilSignal } from './kubelet/main.ts';
import { runKubelet } from './kubelet/run-kubelet.ts';

export { identitiesFrom, type RunningNodes, runSimulatedNodes, type SimulatedNodesOptions } from './simulated-nodes.ts';

export interface NodeFlags extends KubeletFlags {
  /** Names of simulated nodes. */
  node: string[];
  kubeconfigDir?: string;
  proxyKubeconfig?: string;
  dnsKubeconfig?: string;
  clusterCidr?: string;
  cniConfDir?: string;
  cniStateDir?: string;
  bridgeName: string;
  nftablesTable: string;
  stopPods?: boolean;
}

export interface RunningNode {
  ready: Promise<void>;
  stop(): Promise<void>;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

/** The parts that have started end in reverse order, whatever became of the others. */
export function runNode(flags: NodeFlags, logger: Logger, signal: AbortSignal): RunningNode {
  const stops: (() => Promise<void>)[] = [];
  const starting =
    flags.containerRuntimeEndpoint === 'simulated'
      ? startSimulated(flags, logger, signal, stops)
      : startMachine(flags, logger, signal, stops);
  const ready = starting.then(({ ready: allReady }) => allReady);
  ready.catch(() => undefined);
  let stopped: Promise<void> | undefined;
  return {
    ready,
    stop: () => {
      stopped ??= (async () => {
        await starting.catch(() => undefined);
        for (const stop of stops.reverse()) await stop();
      })();
      return stopped;
    },
  };
}

async function startSimulated(
  flags: NodeFlags,
  logger: Logger,
  signal: AbortSignal,
  stops: (() => Promise<void>)[],
): Promise<{ ready: Promise<void> }> {
  const { identitiesFrom, runSimulatedNodes } = await import('./simulated-nodes.ts');
  const { configuration, nodeName, rootDirectory, nodeIps } = await kubeletOptions(flags);
  const names = flags.node.length > 0 ? flags.node : [nodeName];
  const nodes = await runSimulatedNodes(
    {
      names,
      ...identitiesFrom(flags.kubeconfigDir ?? '.', flags.certDir ?? '.'),
      clientCaFile: flags.clientCaFile,
      rootDirectory,
      configuration,
      nodeIp: nodeIps[0] ?? '127.0.0.1',
      logger,
    },
    signal,
  );
  stops.push(() => nodes.stop());
  let count = 0;
  for (const { ready } of nodes.kubelets) {
    void ready.then(
      () => process.send?.({ type: 'status', message: `${++count} of ${names.length} nodes ready` }),
      () => undefined,
    );
  }
  return { ready: nodes.ready };
}

async function startMachine(
  flags: NodeFlags,
  logger: Logger,
  signal: AbortSignal,
  stops: (() => Promise<void>)[],
): Promise<{ ready: Promise<void> }> {
  const options = await kubeletOptions(flags);
  const client = loadKubeconfig(flags.kubeconfig ?? '');
  const child = (name: string): Logger => pino({ name });
  const running: Promise<unknown>[] = [];
  const kubelet = runKubelet(
    {
      ...options,
      client,
      runtime: runtimeEndpoint(flags, options.configuration),
      portMayMove: true,
      stopsPods: flags.stopPods === true,
      logger,
    },
    signal,
  );
  stops.push(() => kubelet.stop());
  running.push(kubelet.ready);
  if (flags.cniConfDir !== undefined)
    void kubelet.kubelet
      .then(
        (started) => started.podCidr,
        () => '',
      )
      .then((podCidr) => writeNetwork(flags, podCidr, logger));
  if (flags.proxyKubeconfig !== undefined) {
    const { runProxy } = await import('./proxy/main.ts');
    const proxy = runProxy(
      {
        client: loadKubeconfig(flags.proxyKubeconfig),
        nodeName: options.nodeName,
        clusterCIDR: flags.clusterCidr,
        healthzBindAddress: undefined,
        tableName: flags.nftablesTable,
        minSyncPeriodMs: 50,
        logger: child('proxy'),
      },
      signal,
    );
    stops.push(() => proxy.stop());
    running.push(proxy.ready);
  }
  if (flags.dnsKubeconfig !== undefined) {
    const { runDns } = await import('./dns/main.ts');
    const dns = runDns(
      {
        client: loadKubeconfig(flags.dnsKubeconfig),
        nodeName: options.nodeName,
        clusterDomain: options.configuration.clusterDomain ?? 'cluster.local',
        address: options.nodeIps[0] ?? '127.0.0.1',
        port: 0,
        resolvConf: options.configuration.resolvConf ?? '/etc/resolv.conf',
        publish: true,
        logger: child('dns'),
      },
      signal,
    );
    stops.push(() => dns.stop());
    running.push(dns.ready);
  }
  return { ready: Promise.all(running).then(() => undefined) };
}

/** The pod network is written when the node has been given its pod CIDR; a conf of somebody else's stays in force. */
function writeNetwork(flags: NodeFlags, podCidr: string, logger: Logger): void {
  const ipv4 = podCidr.split(',').find((cidr) => !cidr.includes(':'));
  if (ipv4 === undefined || ipv4 === '' || flags.cniConfDir === undefined) return;
  const ours = ensureBridgeNetwork(flags.cniConfDir, {
    name: flags.bridgeName,
    bridge: flags.bridgeName,
    podCIDR: ipv4,
    ipamDirectory: flags.cniStateDir ?? path.join(flags.rootDir, 'cni-state'),
  });
  logger.info({ podCidr: ipv4, ours }, 'the pod network is set');
}

export function nodeCommand(): Command {
  const command = new Command('node')
    .description('Run kubelet, proxy and dns of this machine in one process, or many simulated nodes.')
    .option('--kubeconfig <file>', 'how the kubelet reaches the API server, and as whom')
    .option('--proxy-kubeconfig <file>', 'the same of the proxy; without it Services are not routed from here')
    .option('--dns-kubeconfig <file>', 'the same of the DNS server; without it there is none here')
    .option('--cluster-cidr <cidr>', 'pod addresses of the cluster')
    .option('--cni-conf-dir <directory>', 'where the pod network is written when nobody else has')
    .option('--cni-state-dir <directory>', 'where the addresses given to pods are kept')
    .option('--bridge-name <name>', "the pod network's bridge", 'tn0')
    .option('--nftables-table <name>', "the proxy's table", 'kube-proxy')
    .option('--stop-pods', 'pods end with this process; without it they go on running')
    .addOption(
      new Option('--node <name>', 'with --container-runtime-endpoint simulated: a node; may be repeated')
        .argParser(collect)
        .default([], "the machine's name"),
    )
    .option('--kubeconfig-dir <directory>', 'with --node: kubelet-NAME.kubeconfig of each');
  return addKubeletFlags(command).action(async (flags: NodeFlags) => {
    const logger = pino({ name: 'node' });
    await runUntilSignal((signal) => {
      const node = runNode(flags, logger, signal);
      node.ready.catch((error: unknown) => {
        logger.fatal({ error: error instanceof Error ? error.message : String(error) }, 'the node cannot run');
        process.exitCode = 1;
        process.kill(process.pid, 'SIGTERM');
      });
      return node;
    });
  });
}
