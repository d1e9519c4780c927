/** Resource use of simulated containers: what their behaviour says, integrated over the time they ran. */
import { type ContainerStats, complete, type PodSandboxStats } from 'cri-client';
import type { SimulatedContainer } from './container.ts';
import type { SimulatedSandbox } from './sandbox.ts';

interface Use {
  coreNanoSeconds: bigint;
  nanoCores: bigint;
  memoryBytes: bigint;
}

function use(container: SimulatedContainer, nowMs: number): Use {
  const running = container.state === 'CONTAINER_RUNNING';
  const endMs = running ? nowMs : container.finishedAtMs;
  const ranMs = container.startedAtMs === 0 ? 0 : endMs - container.startedAtMs;
  const millicores = container.behaviour.cpuMillicores;
  return {
    coreNanoSeconds: BigInt(Math.round(ranMs * millicores)) * 1000n,
    nanoCores: running ? BigInt(Math.round(millicores * 1e6)) : 0n,
    memoryBytes: running ? BigInt(container.behaviour.memoryBytes) : 0n,
  };
}

const cpuAndMemory = (used: Use, timestamp: bigint) => ({
  cpu: { timestamp, usageCoreNanoSeconds: { value: used.coreNanoSeconds }, usageNanoCores: { value: used.nanoCores } },
  memory: {
    timestamp,
    workingSetBytes: { value: used.memoryBytes },
    usageBytes: { value: used.memoryBytes },
    rssBytes: { value: used.memoryBytes },
  },
});

export function containerStats(container: SimulatedContainer, nowMs: number): ContainerStats {
  const timestamp = BigInt(nowMs) * 1_000_000n;
  return complete('ContainerStats', {
    attributes: {
      id: container.id,
      metadata: container.config.metadata,
      labels: container.config.labels,
      annotations: container.config.annotations,
    },
    ...cpuAndMemory(use(container, nowMs), timestamp),
    writableLayer: { timestamp, usedBytes: { value: 0n }, inodesUsed: { value: 0n } },
  });
}

export function sandboxStats(sandbox: SimulatedSandbox, nowMs: number): PodSandboxStats {
  const containers = [...sandbox.containers.values()];
  const total = { coreNanoSeconds: 0n, nanoCores: 0n, memoryBytes: 0n };
  for (const used of containers.map((container) => use(container, nowMs))) {
    total.coreNanoSeconds += used.coreNanoSeconds;
    total.nanoCores += used.nanoCores;
    total.memoryBytes += used.memoryBytes;
  }
  const { metadata, labels, annotations } = sandbox.config;
  return complete('PodSandboxStats', {
    attributes: { id: sandbox.id, metadata, labels, annotations },
    linux: {
      ...cpuAndMemory(total, BigInt(nowMs) * 1_000_000n),
      containers: containers.map((container) => containerStats(container, nowMs)),
    },
  });
}
