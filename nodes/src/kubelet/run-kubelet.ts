/** Puts a kubelet together: connections, certificate, server, node. One per machine; a process may hold many simulated ones. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ClientConfig, type Clock, type Logger, RestClient, systemClock } from '@typernetes/openapi/client';
import { type CriConnection, connectCri } from 'cri-client';
import { type KubeletConfiguration, settingsOf } from './configuration-file.ts';
import { Kubelet, type KubeletOptions } from './kubelet.ts';
import { defaultNodeIp, type Machine, readMachine } from './node/machine.ts';
import type { ServiceSource } from './runtime-helper.ts';
import { ensureSandboxImage } from './sandbox-image/index.ts';
import { watchServices } from './services.ts';
import { KubeletServer } from './serving/server.ts';
import { type ServingCertificate, servingCertificate } from './serving-certificate.ts';
import { kubeletVersion } from './version.ts';

export interface RunKubeletOptions {
  client: ClientConfig;
  nodeName: string;
  /** Empty: the address of the default route. */
  nodeIps: readonly string[];
  rootDirectory: string;
  logsDirectory?: string | undefined;
  configuration: KubeletConfiguration;
  /** unix:///…; or a runtime of this process. */
  runtime: string | SimulatedParts;
  labels?: Readonly<Record<string, string>>;
  tlsCertFile?: string | undefined;
  tlsPrivateKeyFile?: string | undefined;
  certDir?: string | undefined;
  clientCaFile?: string | undefined;
  /** When the port is taken, any free one will do. */
  portMayMove?: boolean;
  /** Pods end with the kubelet; by default they go on running. */
  stopsPods?: boolean;
  logger: Logger;
  clock?: Clock;
  random?: () => number;
}

/** A runtime without containers, and what many kubelets of one process share. */
export interface SimulatedParts {
  cri: Pick<CriConnection, 'runtime' | 'images'>;
  prober: NonNullable<KubeletOptions['prober']>;
  machine?: Machine;
  services?: ServiceSource;
  warningsOnly?: boolean;
  certificate?: ServingCertificate;
}

export interface RunningKubelet {
  /** The node is Ready. */
  ready: Promise<void>;
  /** The port of its server. */
  port: Promise<number>;
  kubelet: Promise<Kubelet>;
  /** Containers go on running. */
  stop(): Promise<void>;
}

const isTaken = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';

export function runKubelet(options: RunKubeletOptions, signal: AbortSignal): RunningKubelet {
  const stopping = new AbortController();
  const stops: (() => Promise<void> | void)[] = [];
  const port = Promise.withResolvers<number>();
  const kubelet = startKubelet(options, stopping.signal, stops, port.resolve);
  kubelet.catch(port.reject);
  port.promise.catch(() => undefined);
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      stopping.abort();
      await kubelet.catch(() => undefined);
      for (const end of stops.reverse()) await end();
    })();
    return stopped;
  };
  if (signal.aborted) void stop();
  else signal.addEventListener('abort', () => void stop(), { once: true });
  const ready = kubelet.then((started) => started.ready);
  ready.catch(() => undefined);
  return { ready, port: port.promise, kubelet, stop };
}

async function listen(
  options: RunKubeletOptions,
  client: RestClient,
  clock: Clock,
  nodeIps: readonly string[],
): Promise<{ server: KubeletServer; port: number }> {
  const { configuration, nodeName, logger, rootDirectory, runtime } = options;
  const shared = typeof runtime === 'string' ? undefined : runtime.certificate;
  const certificate =
    shared ??
    (await servingCertificate({
      certFile: options.tlsCertFile ?? configuration.tlsCertFile,
      keyFile: options.tlsPrivateKeyFile ?? configuration.tlsPrivateKeyFile,
      certDir: options.certDir ?? join(rootDirectory, 'pki'),
      nodeName,
      addresses: nodeIps,
    }));
  const caFile = options.clientCaFile ?? configuration.authentication?.x509?.clientCAFile;
  const clientCa = caFile === undefined ? undefined : await readFile(caFile);
  const make = (port: number): KubeletServer =>
    new KubeletServer({
      client,
      nodeName,
      clock,
      logger,
      address: configuration.address ?? '0.0.0.0',
      port,
      tls: { ...certificate, clientCa },
    });
  let server = make(configuration.port ?? 10_250);
  try {
    return { server, port: await server.listen() };
  } catch (error) {
    if (!isTaken(error) || options.portMayMove !== true) throw error;
    server = make(0);
    return { server, port: await server.listen() };
  }
}

/** One machine has few requests under way; many simulated nodes in one process must not hold thousands of sockets. */
const maxSockets = 4;

async function startKubelet(
  options: RunKubeletOptions,
  signal: AbortSignal,
  stops: (() => Promise<void> | void)[],
  portKnown: (port: number) => void,
): Promise<Kubelet> {
  const { configuration, nodeName, rootDirectory, logger, runtime } = options;
  const clock = options.clock ?? systemClock;
  const client = new RestClient(options.client, { clock, maxSockets });
  stops.push(() => client.close());
  await mkdir(rootDirectory, { recursive: true, mode: 0o750 });
  const nodeIps = options.nodeIps.length > 0 ? options.nodeIps : [await defaultNodeIp()];
  const settings = settingsOf(configuration, {
    nodeName,
    nodeIps,
    rootDirectory,
    labels: options.labels ?? {},
    logsDirectory: options.logsDirectory,
  });
  const simulated = typeof runtime === 'string' ? undefined : runtime;
  const [{ server, port }, machine] = await Promise.all([
    listen(options, client, clock, nodeIps),
    simulated?.machine ?? readMachine(rootDirectory),
  ]);
  stops.push(() => server.stop());
  portKnown(port);
  let cri = simulated?.cri;
  if (cri === undefined) {
    const connection = connectCri(runtime as string);
    stops.push(() => connection.close());
    cri = connection;
  }
  const services = simulated?.services ?? watchServices(client, clock, logger, signal);
  signal.throwIfAborted();
  const kubelet = new Kubelet({
    settings,
    machine,
    client,
    cri,
    clock,
    random: options.random ?? Math.random,
    logger,
    services,
    port,
    kubeletVersion,
    realContainers: simulated === undefined,
    ...(simulated === undefined
      ? { beforePods: () => sandboxImage(cri, runtime as string) }
      : { prober: simulated.prober }),
    ...(simulated?.warningsOnly === true ? { warningsOnly: true } : {}),
  });
  stops.push(() => kubelet.stop());
  if (options.stopsPods === true)
    stops.push(() =>
      kubelet
        .stopPods()
        .catch((error: unknown) => logger.warn({ error: String(error) }, 'not all pods could be ended')),
    );
  server.serve({ kubelet, configuration, systemLogs: '/var/log' });
  await kubelet.start(signal);
  return kubelet;
}

/** A containerd that is configured for our sandbox image is given it: no registry has it. Other images are its own affair. */
async function sandboxImage(cri: Pick<CriConnection, 'runtime' | 'images'>, endpoint: string): Promise<void> {
  const { info } = await cri.runtime.status({ verbose: true });
  const config = JSON.parse(info['config'] ?? '{}') as { sandboxImage?: string };
  const name = config.sandboxImage ?? '';
  if (name.startsWith('typernetes.dev/'))
    await ensureSandboxImage(cri.images, endpoint.replace(/^unix:(\/\/)?/, ''), { name });
}
