/** `typernetes up`: a whole cluster in the foreground. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  findProgram,
  findRuntimeSocket,
  missingForContainers,
  type RunningContainerd,
  removeRemains,
  startContainerd,
} from '@typernetes/nodes/containerd';
import { kubernetesVersion } from '@typernetes/openapi/catalogue';
import { Command, InvalidArgumentError } from 'commander';
import { adminClient, ensureDnsService, nodesReady } from './addons.ts';
import {
  apiserverSpec,
  bridgeName,
  type ClusterPlan,
  cgroupRoot,
  controllerManagerSpec,
  nodeNames,
  nodeSpec,
  planNodes,
  serverUrl,
  writeIdentities,
} from './cluster.ts';
import { lockDirectory } from './lock.ts';
import { addressInRange, defaultDataDirectory, type Layout, layoutOf, type UpFlags } from './options.ts';
import { freePort } from './ports.ts';
import { StatusView } from './status.ts';
import { ComponentProcess, type ComponentSpec } from './supervisor.ts';

/** The image of pod sandboxes of a private containerd; the node makes and imports it. */
const sandboxImage = 'typernetes.dev/pause:1';
const startDeadlineMs = 120_000;

export function upCommand(): Command {
  return new Command('up')
    .description(
      'Start a whole cluster in the foreground. Ctrl-C stops it; its data stays, and the next start continues with it.',
    )
    .option('--data-dir <dir>', `where everything of this cluster lies (default: ${defaultDataDirectory()})`)
    .option('--secure-port <n>', "the API server's port; 0 takes a free one and keeps it", port, 6443)
    .option(
      '--bind-address <address>',
      'where the API server listens (default: 0.0.0.0 with real containers, for pods must reach it; else 127.0.0.1)',
    )
    .option(
      '--kubeconfig <file>',
      "where to write the administrator's kubeconfig (default: admin.kubeconfig in the data directory)",
    )
    .option('--etcd-servers <urls>', 'keep objects in this etcd instead of the embedded storage; comma-separated URLs')
    .option(
      '--nodes <n>',
      'how many nodes; more than one are simulated, 0 means a control plane alone (default: 1)',
      nodeCount,
    )
    .option(
      '--container-runtime-endpoint <endpoint>',
      'unix:///…: a CRI runtime that runs already; simulated: no containers (default: a CRI socket that is there; else, as root, a private containerd; else simulated)',
    )
    .option('--service-cluster-ip-range <cidr>', 'addresses of Services', '10.96.0.0/16')
    .option('--cluster-cidr <cidr>', 'addresses of pods', '10.244.0.0/16')
    .option('--cluster-dns <ip>', "cluster DNS's address (default: the tenth of the Service range)")
    .option('--cluster-domain <domain>', 'the zone of cluster DNS', 'cluster.local')
    .action(async (flags: UpFlags) => {
      process.exitCode = await up(flags);
    });
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('a port number (0 to 65535) is needed');
  return value;
}

function nodeCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('a whole number is needed');
  return value;
}

async function up(flags: UpFlags): Promise<number> {
  const started = performance.now();
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => ending.abort(new Error('stopped')));
  const layout = layoutOf(flags.dataDir ?? defaultDataDirectory());
  const unlock = lockDirectory(layout.lock);
  const view = new StatusView(process.stdout);
  const components: ComponentProcess[] = [];
  let containerd: RunningContainerd | undefined;
  const launch = (spec: ComponentSpec): ComponentProcess => {
    const component = new ComponentProcess(spec, layout.logs);
    components.push(component);
    component.on('change', (state) => view.update(state));
    component.start();
    return component;
  };
  try {
    view.note(`Typernetes, Kubernetes ${kubernetesVersion.gitVersion}, data in ${layout.directory}`);
    const runtime = await chooseRuntime(flags, layout, view);
    containerd = runtime.kind === 'socket' ? runtime.containerd : undefined;
    const plan = await planCluster(flags, layout, planNodes(runtime, flags.nodes));
    const program = [process.execPath, ...process.execArgv, path.join(import.meta.dirname, '..', 'typernetes.mjs')];
    // Processes load their code while what they need is made.
    const apiserver = launch(apiserverSpec(plan, program));
    await writeIdentities(plan);
    apiserver.release();
    const controllerManager = launch(controllerManagerSpec(plan, program));
    const nodeProcess = nodeSpec(plan, program);
    const node = nodeProcess === undefined ? undefined : launch(nodeProcess);
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(startDeadlineMs)]);
    const runtimeReady = containerd?.ready();
    runtimeReady?.catch(() => {}); // heard below, after the API server
    await ready(apiserver, signal);
    controllerManager.release();
    await runtimeReady;
    node?.release();
    const client = adminClient(plan.adminKubeconfig);
    if (plan.nodes.kind === 'machine') await ensureDnsService(client, plan.clusterDNS, signal);
    await Promise.all([
      ready(controllerManager, signal),
      ...(node === undefined ? [] : [ready(node, signal)]),
      waitForNodes(client, nodeNames(plan.nodes), signal, view),
    ]);
    view.freeze();
    view.note(
      `\nReady after ${((performance.now() - started) / 1000).toFixed(1)} s: ${serverUrl(plan)}. Logs: ${layout.logs}\n` +
        `Use it from another terminal; Ctrl-C here stops it.\n\n  export KUBECONFIG=${plan.adminKubeconfig}\n`,
    );
    await new Promise<void>((resolve) => ending.signal.addEventListener('abort', () => resolve(), { once: true }));
    return 0;
  } catch (error) {
    if (ending.signal.aborted) return 0;
    view.freeze();
    console.error(`typernetes up: ${explain(error, components)}`);
    return 1;
  } finally {
    view.note('Stopping…');
    for (const component of components.toReversed()) await component.stop();
    if (containerd !== undefined) {
      await containerd
        .stopWithPods()
        .then(() => removeRemains(layout.kubelet, cgroupRoot(layout), bridgeName(layout)))
        .catch((error: unknown) => view.note(`containerd did not stop cleanly: ${String(error)}`));
    }
    unlock();
  }
}

async function ready(component: ComponentProcess, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  await Promise.race([component.ready, aborted]);
}

async function waitForNodes(
  client: ReturnType<typeof adminClient>,
  names: readonly string[],
  signal: AbortSignal,
  view: StatusView,
): Promise<void> {
  if (names.length === 0) return;
  const started = performance.now();
  const state = {
    name: names.length === 1 ? `Node ${names[0]}` : `${names.length} Nodes`,
    pid: undefined,
    restarts: 0,
  };
  await nodesReady(client, names, signal, (count) => {
    const done = count === names.length;
    view.update({
      ...state,
      phase: done ? 'ready' : 'starting',
      message: names.length === 1 || done ? '' : `${count} Ready`,
      readyAfterMs: done ? performance.now() - started : undefined,
    });
  });
}

async function planCluster(flags: UpFlags, layout: Layout, nodes: ClusterPlan['nodes']): Promise<ClusterPlan> {
  const bindAddress = flags.bindAddress ?? (nodes.kind === 'machine' ? '0.0.0.0' : '127.0.0.1');
  const adminKubeconfig = path.resolve(flags.kubeconfig ?? path.join(layout.directory, 'admin.kubeconfig'));
  mkdirSync(path.dirname(adminKubeconfig), { recursive: true });
  const port = await choosePort(bindAddress, flags.securePort, layout.state);
  // Upstream's port, or a free one; who asked for any port for the API server runs several clusters.
  const componentPort = (usual: number, ...but: number[]): Promise<number> =>
    freePort('127.0.0.1', flags.securePort === 0 ? 0 : usual, but).catch(() => freePort('127.0.0.1', 0, but));
  const controllerManagerPort = await componentPort(10_257, port);
  return {
    layout,
    bindAddress,
    port,
    serviceCIDR: flags.serviceClusterIpRange,
    clusterCIDR: flags.clusterCidr,
    clusterDNS: flags.clusterDns ?? addressInRange(flags.serviceClusterIpRange, 10),
    clusterDomain: flags.clusterDomain,
    etcdServers: flags.etcdServers,
    adminKubeconfig,
    controllerManagerPort,
    schedulerPort: await componentPort(10_259, port, controllerManagerPort),
    nodes,
  };
}

/** A port chosen by --secure-port 0 stays the same over restarts, so that a kubeconfig that was handed out still works. */
async function choosePort(address: string, wanted: number, stateFile: string): Promise<number> {
  if (wanted !== 0) return freePort(address, wanted);
  const kept = readState(stateFile).port;
  const chosen =
    kept === undefined ? await freePort(address, 0) : await freePort(address, kept).catch(() => freePort(address, 0));
  writeFileSync(stateFile, `${JSON.stringify({ port: chosen })}\n`, { mode: 0o600 });
  return chosen;
}

function readState(file: string): { port?: number } {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { port?: number };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new Error(`${file} is damaged: remove it to have a port chosen anew`, { cause: error });
  }
}

type Runtime =
  | { kind: 'socket'; endpoint: string; sandboxImage: string | undefined; containerd?: RunningContainerd }
  | { kind: 'simulated' };

async function chooseRuntime(flags: UpFlags, layout: Layout, view: StatusView): Promise<Runtime> {
  const asked = flags.containerRuntimeEndpoint;
  const several = (flags.nodes ?? 1) > 1;
  if (asked !== undefined && asked !== 'simulated') {
    if (several)
      throw new Error(
        'with a real runtime this machine is one node: leave out --nodes, and join other machines with "typernetes kubelet" and "typernetes proxy"',
      );
    return { kind: 'socket', endpoint: asked, sandboxImage: undefined };
  }
  if (asked === 'simulated' || several || flags.nodes === 0) return { kind: 'simulated' };
  const socket = process.getuid?.() === 0 ? findRuntimeSocket() : undefined;
  if (socket !== undefined) {
    view.note(`Containers run in the runtime at ${socket}.`);
    return { kind: 'socket', endpoint: `unix://${socket}`, sandboxImage: undefined };
  }
  const missing = missingForContainers();
  if (missing.length > 0) {
    view.note(`Pods are simulated: for real containers this machine lacks ${missing.join(', ')}.`);
    return { kind: 'simulated' };
  }
  mkdirSync(layout.containerd, { recursive: true, mode: 0o711 });
  const containerd = await startContainerd({
    directory: layout.containerd,
    logFile: path.join(layout.logs, 'containerd.log'),
    cniConfDir: layout.cniConf,
    sandboxImage,
  });
  view.note(`Containers run in a private containerd (${findProgram('containerd') ?? 'containerd'}).`);
  return { kind: 'socket', endpoint: containerd.endpoint, sandboxImage, containerd };
}

/** What went wrong, and where to read on. */
function explain(error: unknown, components: readonly ComponentProcess[]): string {
  const reason = error instanceof Error ? error.message : String(error);
  const unready = components.filter(({ state }) => state.phase !== 'ready');
  if (unready.length === 0) return reason;
  return `${reason}\nNot ready: ${unready.map(({ state, log }) => `${state.name} (${state.phase}; log: ${log})`).join(', ')}`;
}
