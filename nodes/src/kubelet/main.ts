/** `typernetes kubelet`: the node agent alone, with upstream's flag names. */
import os from 'node:os';
import { loadKubeconfig } from '@typernetes/openapi/client';
import { Command, InvalidArgumentError, Option } from 'commander';
import { pino } from 'pino';
import { type KubeletConfiguration, parsePairs, parseTaints, readConfiguration } from './configuration-file.ts';
import { type RunKubeletOptions, runKubelet } from './run-kubelet.ts';

export { Kubelet } from './kubelet.ts';
export { type RunKubeletOptions, type RunningKubelet, runKubelet, type SimulatedParts } from './run-kubelet.ts';
export { ensureSandboxImage, sandboxImageName } from './sandbox-image/index.ts';

/** Flags that a kubelet takes, as commander hands them over. */
export interface KubeletFlags {
  kubeconfig?: string;
  config?: string;
  containerRuntimeEndpoint?: string;
  hostnameOverride?: string;
  nodeIp?: string;
  rootDir: string;
  certDir?: string;
  tlsCertFile?: string;
  tlsPrivateKeyFile?: string;
  clientCaFile?: string;
  address?: string;
  port?: number;
  clusterDns?: string;
  clusterDomain?: string;
  resolvConf?: string;
  podManifestPath?: string;
  cgroupDriver?: 'cgroupfs' | 'systemd';
  cgroupRoot?: string;
  maxPods?: number;
  registerNode?: boolean;
  registerWithTaints?: string;
  nodeLabels?: string;
}

const defaultRuntimeEndpoint = 'unix:///run/containerd/containerd.sock';

/** The CRI socket by flag, file or custom. */
export function runtimeEndpoint(flags: KubeletFlags, configuration: KubeletConfiguration): string {
  return flags.containerRuntimeEndpoint || configuration.containerRuntimeEndpoint || defaultRuntimeEndpoint;
}

export function integer(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('a whole number is needed');
  return value;
}

export function addKubeletFlags(command: Command): Command {
  return command
    .option('--config <file>', 'a KubeletConfiguration (kubelet.config.k8s.io/v1beta1); flags win over it')
    .option(
      '--container-runtime-endpoint <endpoint>',
      `the runtime's CRI socket, or simulated: no containers (default: ${defaultRuntimeEndpoint})`,
    )
    .option('--hostname-override <name>', "the node's name instead of the machine's")
    .option(
      '--node-ip <address>',
      "the node's address, or one of each family with a comma (default: that of the default route)",
    )
    .option('--root-dir <directory>', 'where the files of pods are kept', '/var/lib/kubelet')
    .option('--cert-dir <directory>', 'where a self-signed serving certificate is kept (default: pki in --root-dir)')
    .option('--tls-cert-file <file>', 'serving certificate (default: self-signed)')
    .option('--tls-private-key-file <file>', 'key of the serving certificate')
    .option(
      '--client-ca-file <file>',
      'CA whose client certificates say who calls (default: nobody is known by certificate)',
    )
    .option('--address <address>', 'where the HTTPS server for logs, exec and metrics listens (default: 0.0.0.0)')
    .option('--port <port>', 'port of that server; 0 takes a free one (default: 10250)', integer)
    .option('--cluster-dns <addresses>', 'DNS servers of pods, with commas')
    .option('--cluster-domain <domain>', 'the DNS domain of the cluster (default: cluster.local)')
    .option('--resolv-conf <file>', "the node's resolvers, for pods that want them (default: /etc/resolv.conf)")
    .option('--pod-manifest-path <directory>', 'directory of manifests of static pods (default: no static pods)')
    .addOption(
      new Option('--cgroup-driver <driver>', 'who makes cgroups (default: cgroupfs)').choices(['cgroupfs', 'systemd']),
    )
    .option('--cgroup-root <cgroup>', 'below which cgroup pods get theirs (default: /)')
    .option('--max-pods <number>', 'how many pods the node takes (default: 110)', integer)
    .option('--no-register-node', 'do not make the Node object: somebody else does')
    .option('--register-with-taints <taints>', 'taints of the Node when it is made: key=value:effect, with commas')
    .option('--node-labels <labels>', 'labels of the Node: key=value, with commas');
}

/** Flags over the file. */
export async function configurationOf(flags: KubeletFlags): Promise<KubeletConfiguration> {
  const file = flags.config === undefined ? {} : await readConfiguration(flags.config);
  const given: KubeletConfiguration = {
    address: flags.address,
    port: flags.port,
    clusterDNS: flags.clusterDns?.split(',').filter((address) => address !== ''),
    clusterDomain: flags.clusterDomain,
    resolvConf: flags.resolvConf,
    staticPodPath: flags.podManifestPath,
    cgroupDriver: flags.cgroupDriver,
    cgroupRoot: flags.cgroupRoot,
    maxPods: flags.maxPods,
    registerNode: flags.registerNode === false ? false : undefined,
    registerWithTaints: flags.registerWithTaints === undefined ? undefined : parseTaints(flags.registerWithTaints),
  };
  return { ...file, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

/** What flags and file say, but for the runtime and who logs. */
export async function kubeletOptions(
  flags: KubeletFlags,
): Promise<Omit<RunKubeletOptions, 'client' | 'runtime' | 'logger'>> {
  return {
    configuration: await configurationOf(flags),
    nodeName: (flags.hostnameOverride ?? os.hostname()).toLowerCase(),
    nodeIps: (flags.nodeIp ?? '').split(',').filter((address) => address !== ''),
    rootDirectory: flags.rootDir,
    labels: parsePairs(flags.nodeLabels ?? ''),
    certDir: flags.certDir,
    tlsCertFile: flags.tlsCertFile,
    tlsPrivateKeyFile: flags.tlsPrivateKeyFile,
    clientCaFile: flags.clientCaFile,
  };
}

/** Runs until SIGINT or SIGTERM; tells the parent process when the node is ready. */
export async function runUntilSignal(
  start: (signal: AbortSignal) => { ready: Promise<unknown>; stop(): Promise<void> },
): Promise<void> {
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => ending.abort());
  const ended = new Promise<void>((resolve) =>
    ending.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  // Timers of the client library do not keep a process alive: this one does.
  const alive = setInterval(() => undefined, 0x7fffffff);
  const running = start(ending.signal);
  try {
    await Promise.race([running.ready, ended]);
    if (!ending.signal.aborted) process.send?.({ type: 'ready' });
    await ended;
  } finally {
    await running.stop();
    clearInterval(alive);
    if (process.connected) process.disconnect();
  }
}

export function kubeletCommand(): Command {
  const command = new Command('kubelet')
    .description('Run the pods of this machine through a CRI runtime.')
    .requiredOption('--kubeconfig <file>', 'how to reach the API server, and as whom (system:node:NAME)');
  return addKubeletFlags(command).action(async (flags: KubeletFlags) => {
    const logger = pino({ name: 'kubelet' });
    const options = await kubeletOptions(flags);
    const endpoint = runtimeEndpoint(flags, options.configuration);
    const client = loadKubeconfig(flags.kubeconfig ?? '');
    if (endpoint === 'simulated') {
      const { simulatedParts } = await import('../simulated-nodes.ts');
      const simulated = await simulatedParts({ index: 0, awaitsPodCidr: true });
      await runUntilSignal((signal) => {
        const running = runKubelet({ ...options, client, runtime: simulated.parts, logger }, signal);
        return { ready: running.ready, stop: () => running.stop().then(() => simulated.stop()) };
      });
      return;
    }
    await runUntilSignal((signal) => runKubelet({ ...options, client, runtime: endpoint, logger }, signal));
  });
}
