/** Many nodes in one process: a kubelet and a runtime without containers each; what does not depend on identity is shared. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type ClientConfig,
  type Clock,
  type Logger,
  loadKubeconfig,
  RestClient,
  systemClock,
} from '@typernetes/openapi/client';
import type { KubeletConfiguration } from './kubelet/configuration-file.ts';
import type { Machine } from './kubelet/node/machine.ts';
import { goArchitecture } from './kubelet/node/machine.ts';
import type { Prober } from './kubelet/prober/prober.ts';
import { type RunningKubelet, runKubelet, type SimulatedParts } from './kubelet/run-kubelet.ts';
import { watchServices } from './kubelet/services.ts';
import { SimulatedImages, SimulatedRuntime, SimulatedStreaming } from './runtime/index.ts';

export interface SimulatedNodesOptions {
  names: readonly string[];
  /** Each node is somebody of its own. */
  client: (name: string) => ClientConfig;
  certificate: (name: string) => Promise<{ cert: string; key: string }>;
  clientCaFile: string | undefined;
  rootDirectory: string;
  configuration: KubeletConfiguration;
  nodeIp: string;
  logger: Logger;
  clock?: Clock;
}

/** What every simulated node has: a machine of a data centre, whatever this one is. */
function simulatedMachine(index: number): Machine {
  const id = index.toString(16).padStart(32, '0');
  return {
    cpus: 32,
    memoryBytes: 256 * 1024 ** 3,
    ephemeralStorageBytes: 1024 ** 4,
    machineId: id,
    systemUuid: id,
    bootId: id,
    kernelVersion: 'simulated',
    osImage: 'Typernetes simulated node',
    architecture: goArchitecture(process.arch),
    swapBytes: 0,
  };
}

const proberFor = (runtime: SimulatedRuntime): Prober => ({
  probe: async ({ kind, containerId }) => ({
    outcome: runtime.probe(containerId, kind) ? 'success' : 'failure',
    output: 'simulated',
  }),
});

/** The runtime of one simulated node and how to end it. */
export async function simulatedParts(options: {
  index: number;
  clock?: Clock;
  streaming?: SimulatedStreaming;
  awaitsPodCidr?: boolean;
}): Promise<{ parts: SimulatedParts; stop: () => Promise<void> }> {
  const clock = options.clock ?? systemClock;
  const streaming = options.streaming ?? new SimulatedStreaming();
  if (options.streaming === undefined) await streaming.start();
  const runtime: SimulatedRuntime = new SimulatedRuntime({
    clock,
    podCidr: `10.244.${options.index % 256}.0/24`,
    awaitsPodCidr: options.awaitsPodCidr ?? false,
    streaming: streaming.for(() => runtime),
  });
  return {
    parts: {
      cri: { runtime, images: new SimulatedImages() },
      prober: proberFor(runtime),
      machine: simulatedMachine(options.index),
    },
    stop: async () => {
      await runtime.stop();
      if (options.streaming === undefined) await streaming.stop();
    },
  };
}

export interface RunningNodes {
  /** Every node is Ready. */
  ready: Promise<void>;
  kubelets: readonly RunningKubelet[];
  stop(): Promise<void>;
}

export async function runSimulatedNodes(options: SimulatedNodesOptions, signal: AbortSignal): Promise<RunningNodes> {
  const { names, logger } = options;
  const clock = options.clock ?? systemClock;
  const streaming = new SimulatedStreaming();
  await streaming.start();
  const [first] = names;
  const shared = new AbortController();
  const client = first === undefined ? undefined : new RestClient(options.client(first), { clock });
  const services = client && watchServices(client, clock, logger, shared.signal);
  const runtimes: { stop(): Promise<void> }[] = [];
  const kubelets: RunningKubelet[] = [];
  for (const [index, name] of names.entries()) {
    const { parts, stop } = await simulatedParts({ index, clock, streaming, awaitsPodCidr: true });
    runtimes.push({ stop });
    const certificate = await options.certificate(name);
    kubelets.push(
      runKubelet(
        {
          client: options.client(name),
          nodeName: name,
          nodeIps: [options.nodeIp],
          rootDirectory: path.join(options.rootDirectory, name),
          configuration: {
            ...options.configuration,
            port: options.configuration.port ?? 0,
            address: options.configuration.address ?? options.nodeIp,
          },
          runtime: { ...parts, certificate, ...(services && { services }), warningsOnly: names.length > 1 },
          clientCaFile: options.clientCaFile,
          labels: { 'typernetes.dev/simulated': 'true' },
          logger,
          clock,
        },
        signal,
      ),
    );
  }
  return {
    kubelets,
    ready: Promise.all(kubelets.map(({ ready }) => ready)).then(() => undefined),
    async stop() {
      await Promise.all(kubelets.map((kubelet) => kubelet.stop()));
      shared.abort();
      await services?.stopped;
      client?.close();
      for (const runtime of runtimes) await runtime.stop();
      await streaming.stop();
    },
  };
}

/** Kubeconfigs and serving certificates as `up` lays them out: DIR/kubelet-NAME.kubeconfig, DIR/kubelet-NAME.crt and .key. */
export function identitiesFrom(
  kubeconfigDirectory: string,
  certificateDirectory: string,
): Pick<SimulatedNodesOptions, 'client' | 'certificate'> {
  return {
    client: (name) => loadKubeconfig(path.join(kubeconfigDirectory, `kubelet-${name}.kubeconfig`)),
    certificate: async (name) => {
      const file = path.join(certificateDirectory, `kubelet-${name}`);
      const [cert, key] = await Promise.all([readFile(`${file}.crt`, 'utf8'), readFile(`${file}.key`, 'utf8')]);
      return { cert, key };
    },
  };
}
