/** `typernetes proxy`: Services on this node, with upstream's flag names. */
import { createServer, type Server } from 'node:http';
import os from 'node:os';
import {
  type ClientConfig,
  type Logger,
  loadKubeconfig,
  RestClient,
  SharedInformerFactory,
} from '@typernetes/openapi/client';
import { Command, InvalidArgumentError } from 'commander';
import { pino } from 'pino';
import { parseDuration } from '../duration.ts';
import { NftProgram } from './nft.ts';
import { Proxier } from './proxier.ts';

export interface ProxyOptions {
  client: ClientConfig;
  nodeName: string;
  clusterCIDR: string | undefined;
  /** `ADDRESS:PORT` of /healthz and /livez; undefined: none. */
  healthzBindAddress: string | undefined;
  tableName: string;
  minSyncPeriodMs: number;
  logger: Logger;
}

export interface RunningProxy {
  /** The first rules are in the kernel. */
  ready: Promise<void>;
  /** Ends everything and removes the rules. */
  stop(): Promise<void>;
}

export const defaultTableName = 'kube-proxy';
const addressPollMs = 5_000;

interface ServiceCIDR {
  metadata?: { name?: string };
  spec?: { cidrs?: string[] };
}

export function runProxy(options: ProxyOptions, signal: AbortSignal): RunningProxy {
  const stopping = new AbortController();
  const all = AbortSignal.any([signal, stopping.signal]);
  const informers = new SharedInformerFactory(new RestClient(options.client), { logger: options.logger });
  const cidrs = informers.informer<ServiceCIDR>({
    group: 'networking.k8s.io',
    version: 'v1',
    resource: 'servicecidrs',
  });
  let proxier: Proxier | undefined;
  let poll: NodeJS.Timeout | undefined;
  let health: Server | undefined;
  const ready = (async () => {
    informers.start(all);
    await informers.waitForSync(all);
    all.throwIfAborted();
    const serviceCIDR = cidrs.lister
      .list()
      .flatMap(({ spec }) => spec?.cidrs ?? [])
      .find((cidr) => cidr.includes('.'));
    proxier = new Proxier({
      nodeName: options.nodeName,
      tableName: options.tableName,
      clusterCIDR: options.clusterCIDR,
      serviceCIDR,
      nodeAddresses: hostAddresses(),
      nft: new NftProgram(),
      informers,
      logger: options.logger,
      minSyncPeriodMs: options.minSyncPeriodMs,
    });
    const current = proxier;
    // The kernel tells of new addresses over netlink only, which Node cannot read: look again every few seconds.
    poll = setInterval(() => current.setNodeAddresses(hostAddresses()), addressPollMs);
    await current.start();
    if (options.healthzBindAddress !== undefined) health = await serveHealth(options.healthzBindAddress);
  })();
  ready.catch(() => {});
  return {
    ready,
    stop: async () => {
      stopping.abort();
      clearInterval(poll);
      await ready.catch(() => {});
      await proxier?.stop();
      await informers.stopped();
      health?.close();
      health?.closeAllConnections();
    },
  };
}

function hostAddresses(): string[] {
  return Object.values(os.networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)
    .toSorted();
}

function serveHealth(bindAddress: string): Promise<Server> {
  const separator = bindAddress.lastIndexOf(':');
  const server = createServer((request, response) => {
    const known = request.url === '/healthz' || request.url === '/livez';
    response.writeHead(known ? 200 : 404, { 'content-type': 'text/plain' }).end(known ? 'ok' : '404 page not found\n');
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(bindAddress.slice(separator + 1)), bindAddress.slice(0, separator), () => resolve(server));
  });
}

interface Flags {
  kubeconfig: string;
  hostnameOverride: string;
  clusterCidr?: string;
  healthzBindAddress: string;
  nftablesTable: string;
  /** Milliseconds. */
  nftablesMinSyncPeriod?: number;
}

export function proxyCommand(): Command {
  return new Command('proxy')
    .description(
      'Route Service addresses (ClusterIP, NodePort, external addresses) to pods with nftables. Needs root and the nft program.',
    )
    .requiredOption('--kubeconfig <file>', 'how to reach the API server, and as whom (system:kube-proxy)')
    .option('--hostname-override <name>', "this node's name", os.hostname().toLowerCase())
    .option('--cluster-cidr <cidr>', 'pod addresses; traffic to a ClusterIP from elsewhere is masqueraded')
    .option('--healthz-bind-address <address:port>', 'where /healthz answers; empty: nowhere', '0.0.0.0:10256')
    .option(
      '--nftables-min-sync-period <duration>',
      'changes within this time are taken together (default: 50ms)',
      duration,
    )
    .option('--nftables-table <name>', 'the table of this cluster; others on the machine keep theirs', defaultTableName)
    .action(async (flags: Flags) => {
      const logger = pino({ name: 'proxy' });
      const ending = new AbortController();
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => ending.abort());
      const running = runProxy(
        {
          client: loadKubeconfig(flags.kubeconfig),
          nodeName: flags.hostnameOverride,
          clusterCIDR: flags.clusterCidr,
          healthzBindAddress: flags.healthzBindAddress === '' ? undefined : flags.healthzBindAddress,
          tableName: flags.nftablesTable,
          minSyncPeriodMs: flags.nftablesMinSyncPeriod ?? 50,
          logger,
        },
        ending.signal,
      );
      const ended = new Promise<void>((resolve) =>
        ending.signal.addEventListener('abort', () => resolve(), { once: true }),
      );
      await Promise.race([running.ready, ended]);
      if (!ending.signal.aborted) {
        logger.info({ node: flags.hostnameOverride }, 'the rules are in place');
        process.send?.({ type: 'ready' });
        await ended;
      }
      await running.stop();
    });
}

function duration(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    throw new InvalidArgumentError('a duration such as 1s or 50ms is needed');
  }
}
