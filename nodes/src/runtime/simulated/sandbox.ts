/** One simulated pod sandbox: an address, a state and the containers in it. */
import type { PodSandbox, PodSandboxConfig, PodSandboxStatus } from 'cri-client';
import { complete } from 'cri-client';
import type { PodSimulation } from './behaviour.ts';
import type { SimulatedContainer } from './container.ts';

export interface SimulatedSandbox {
  readonly id: string;
  readonly config: PodSandboxConfig;
  readonly runtimeHandler: string;
  readonly simulation: PodSimulation;
  readonly createdAtMs: number;
  /** Empty in the host's network. */
  readonly address: string;
  ready: boolean;
  readonly containers: Map<string, SimulatedContainer>;
}

const nanoseconds = (milliseconds: number): bigint => BigInt(Math.round(milliseconds)) * 1_000_000n;

export function sandboxItem(sandbox: SimulatedSandbox): PodSandbox {
  return complete('PodSandbox', {
    id: sandbox.id,
    metadata: sandbox.config.metadata,
    state: sandbox.ready ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY',
    createdAt: nanoseconds(sandbox.createdAtMs),
    labels: sandbox.config.labels,
    annotations: sandbox.config.annotations,
    runtimeHandler: sandbox.runtimeHandler,
  });
}

export function sandboxStatus(sandbox: SimulatedSandbox): PodSandboxStatus {
  return complete('PodSandboxStatus', {
    id: sandbox.id,
    metadata: sandbox.config.metadata,
    state: sandbox.ready ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY',
    createdAt: nanoseconds(sandbox.createdAtMs),
    network: { ip: sandbox.ready ? sandbox.address : '' },
    linux: { namespaces: { options: sandbox.config.linux?.securityContext?.namespaceOptions } },
    labels: sandbox.config.labels,
    annotations: sandbox.config.annotations,
    runtimeHandler: sandbox.runtimeHandler,
  });
}

export const matchesLabels = (
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string | undefined>> | undefined,
): boolean =>
  wanted === undefined || Object.entries(wanted).every(([key, value]) => value === undefined || labels[key] === value);
