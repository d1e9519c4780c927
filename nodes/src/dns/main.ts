/** `typernetes dns`: cluster DNS on this node. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import {
  type ClientConfig,
  type Logger,
  loadKubeconfig,
  type ResourceClient,
  RestClient,
  SharedInformerFactory,
} from '@typernetes/openapi/client';
import { isAlreadyExists } from '@typernetes/openapi/meta';
import type { Namespace, Service } from '@typernetes/openapi/types/core/v1';
import type { EndpointSlice } from '@typernetes/openapi/types/discovery/v1';
import { Command, InvalidArgumentError } from 'commander';
import { pino } from 'pino';
import { forward, nameservers } from './forward.ts';
import { Responder } from './responder.ts';
import { type DnsServer, serveDns } from './server.ts';
import { type ClusterView, ClusterZone } from './zone.ts';

export interface DnsOptions {
  client: ClientConfig;
  nodeName: string;
  clusterDomain: string;
  /** Where to listen; pods must reach it. */
  address: string;
  /** 0: a free port; clients come through the Service. */
  port: number;
  /** The resolv.conf whose nameservers answer names outside the cluster. */
  resolvConf: string;
  /** Publish this server as an endpoint of the Service kube-system/kube-dns. */
  publish: boolean;
  logger: Logger;
}

export interface RunningDns {
  ready: Promise<void>;
  stop(): Promise<void>;
}

const ttlSeconds = 30;
const dnsNamespace = 'kube-system';
const dnsService = 'kube-dns';

export function runDns(options: DnsOptions, signal: AbortSignal): RunningDns {
  const stopping = new AbortController();
  const all = AbortSignal.any([signal, stopping.signal]);
  const client = new RestClient(options.client);
  const informers = new SharedInformerFactory(client, { logger: options.logger });
  const zone = new ClusterZone(options.clusterDomain, clusterView(informers));
  const slices = client.resource<EndpointSlice>({
    group: 'discovery.k8s.io',
    version: 'v1',
    resource: 'endpointslices',
  });
  let server: DnsServer | undefined;
  const ready = (async () => {
    informers.start(all);
    await informers.waitForSync(all);
    all.throwIfAborted();
    const responder = new Responder({
      zone,
      ttlSeconds,
      now: () => Math.floor(Date.now() / 1000),
      // Read for every name: the host's resolvers change when a laptop changes its network.
      forward: (query, transport) =>
        forward(query, transport, nameservers(readResolvConf(options.resolvConf), [options.address])),
    });
    server = await serveDns(options.address, options.port, responder);
    if (options.publish) await publish(slices, options, server.port);
    options.logger.info({ address: options.address, port: server.port }, 'answering cluster names');
  })();
  ready.catch(() => {});
  return {
    ready,
    stop: async () => {
      stopping.abort();
      await ready.catch(() => {});
      await server?.stop();
      await informers.stopped();
    },
  };
}

function clusterView(informers: SharedInformerFactory): ClusterView {
  const services = informers.informer<Service>(
    { group: '', version: 'v1', resource: 'services' },
    { indexes: { address: ({ spec }) => (spec?.clusterIPs ?? []).filter((address) => address !== 'None') } },
  ).indexer;
  const slices = informers.informer<EndpointSlice>(
    { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' },
    {
      indexes: {
        service: ({ metadata }) => [
          `${metadata?.namespace ?? ''}/${metadata?.labels?.['kubernetes.io/service-name'] ?? ''}`,
        ],
        address: ({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses),
      },
    },
  ).indexer;
  const namespaces = informers.informer<Namespace>({ group: '', version: 'v1', resource: 'namespaces' }).indexer;
  return {
    service: (namespace, name) => services.get(namespace, name) as Service | undefined,
    endpointSlices: (namespace, service) => slices.byIndex('service', `${namespace}/${service}`) as EndpointSlice[],
    namespaceExists: (name) => namespaces.getByKey(name) !== undefined,
    servicesByAddress: (address) => services.byIndex('address', address) as Service[],
    slicesByAddress: (address) => slices.byIndex('address', address) as EndpointSlice[],
  };
}

function readResolvConf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** This server as an endpoint of kube-dns: one slice for each node. */
async function publish(slices: ResourceClient<EndpointSlice>, options: DnsOptions, port: number): Promise<void> {
  const slice: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${dnsService}-${options.nodeName}`,
      namespace: dnsNamespace,
      labels: {
        'kubernetes.io/service-name': dnsService,
        'endpointslice.kubernetes.io/managed-by': 'dns.typernetes.dev',
        'k8s-app': 'kube-dns',
      },
    },
    addressType: options.address.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: [
      {
        addresses: [options.address],
        nodeName: options.nodeName,
        conditions: { ready: true, serving: true, terminating: false },
      },
    ],
    ports: [
      { name: 'dns', protocol: 'UDP', port },
      { name: 'dns-tcp', protocol: 'TCP', port },
    ],
  };
  try {
    await slices.create(dnsNamespace, slice);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    await slices.update(slice);
  }
}

interface Flags {
  kubeconfig: string;
  hostnameOverride: string;
  clusterDomain: string;
  bindAddress: string;
  port: number;
  resolvConf: string;
  publish: boolean;
}

export function dnsCommand(): Command {
  return new Command('dns')
    .description(
      "Answer cluster DNS names (Services, headless Services, pods); other names are asked of the host's resolvers.",
    )
    .requiredOption('--kubeconfig <file>', 'how to reach the API server, and as whom (system:kube-dns)')
    .option('--hostname-override <name>', "this node's name", os.hostname().toLowerCase())
    .option('--cluster-domain <domain>', "the zone's name", 'cluster.local')
    .option('--bind-address <address>', 'where to listen; pods must reach it', '127.0.0.1')
    .option('--port <port>', 'UDP and TCP port; 0 takes a free one', portNumber, 10_053)
    .option('--resolv-conf <file>', 'names the resolvers for other names', '/etc/resolv.conf')
    .option('--no-publish', 'do not become an endpoint of the Service kube-system/kube-dns')
    .action(async (flags: Flags) => {
      const ending = new AbortController();
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => ending.abort());
      const running = runDns(
        {
          client: loadKubeconfig(flags.kubeconfig),
          nodeName: flags.hostnameOverride,
          clusterDomain: flags.clusterDomain,
          address: flags.bindAddress,
          port: flags.port,
          resolvConf: flags.resolvConf,
          publish: flags.publish,
          logger: pino({ name: 'dns' }),
        },
        ending.signal,
      );
      const ended = new Promise<void>((resolve) =>
        ending.signal.addEventListener('abort', () => resolve(), { once: true }),
      );
      await Promise.race([running.ready, ended]);
      if (!ending.signal.aborted) {
        process.send?.({ type: 'ready' });
        await ended;
      }
      await running.stop();
    });
}

function portNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('a port number (0 to 65535) is needed');
  return value;
}
