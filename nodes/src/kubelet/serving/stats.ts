/** Resource use of node, pods and containers: /stats/summary and /metrics/resource, from the runtime and the machine. */
import { readFile, statfs } from 'node:fs/promises';
import os from 'node:os';
import { formatTime } from '@typernetes/openapi/meta';
import type { ContainerStats, CpuUsage, MemoryUsage, PodSandboxStats, RuntimeService } from 'cri-client';
import { isCriError } from 'cri-client';
import { containerNameLabel, podNameLabel, podNamespaceLabel, podUidLabel } from '../kuberuntime/labels.ts';

export interface PodUse {
  uid: string;
  name: string;
  namespace: string;
  startedAt: number;
  cpu: CpuUsage | undefined;
  memory: MemoryUsage | undefined;
  network: { name: string; rxBytes: bigint; txBytes: bigint; rxErrors: bigint; txErrors: bigint } | undefined;
  containers: ContainerStats[];
}

/** Runtimes without sandbox statistics (containerd before 1.7) are asked for their containers'. */
export async function podUses(runtime: RuntimeService): Promise<PodUse[]> {
  const { items } = await runtime.listPodSandbox({ filter: { state: { state: 'SANDBOX_READY' } } });
  const bySandbox = new Map<string, PodSandboxStats>();
  let containers: ContainerStats[] = [];
  try {
    for (const stats of (await runtime.listPodSandboxStats({})).stats) bySandbox.set(stats.attributes?.id ?? '', stats);
  } catch (error) {
    if (!isCriError(error, 'UNIMPLEMENTED', 'UNKNOWN')) throw error;
    containers = (await runtime.listContainerStats({})).stats;
  }
  return items.map(({ id, labels, createdAt }) => {
    const uid = labels[podUidLabel] ?? '';
    const stats = bySandbox.get(id)?.linux;
    const network = stats?.network?.defaultInterface;
    return {
      uid,
      name: labels[podNameLabel] ?? '',
      namespace: labels[podNamespaceLabel] ?? '',
      startedAt: Number(createdAt / 1_000_000n),
      cpu: stats?.cpu,
      memory: stats?.memory,
      network:
        network === undefined
          ? undefined
          : {
              name: network.name,
              rxBytes: network.rxBytes?.value ?? 0n,
              txBytes: network.txBytes?.value ?? 0n,
              rxErrors: network.rxErrors?.value ?? 0n,
              txErrors: network.txErrors?.value ?? 0n,
            },
      containers: stats?.containers ?? containers.filter(({ attributes }) => attributes?.labels[podUidLabel] === uid),
    };
  });
}

const total = (values: readonly (bigint | undefined)[]): bigint =>
  values.reduce<bigint>((sum, value) => sum + (value ?? 0n), 0n);

export const podCpuSeconds = ({ cpu, containers }: PodUse): number =>
  Number(cpu?.usageCoreNanoSeconds?.value ?? total(containers.map((one) => one.cpu?.usageCoreNanoSeconds?.value))) /
  1e9;

export const podMemory = ({ memory, containers }: PodUse): number =>
  Number(memory?.workingSetBytes?.value ?? total(containers.map((one) => one.memory?.workingSetBytes?.value)));

export interface NodeUse {
  cpuSeconds: number;
  memoryWorkingSet: number;
  memoryAvailable: number;
}

export async function nodeUse(): Promise<NodeUse> {
  const [stat, meminfo] = await Promise.all([
    readFile('/proc/stat', 'utf8').catch(() => ''),
    readFile('/proc/meminfo', 'utf8').catch(() => ''),
  ]);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '')
    .split(' ')
    .map(Number);
  const available = Number(/^MemAvailable:\s+(\d+)/m.exec(meminfo)?.[1] ?? 0) * 1024 || os.freemem();
  return {
    cpuSeconds: (user + nice + system + irq + softIrq + steal) / 100,
    memoryWorkingSet: os.totalmem() - available,
    memoryAvailable: available,
  };
}

const cpuJson = (usage: CpuUsage | undefined, time: string) =>
  usage && {
    time,
    usageNanoCores: Number(usage.usageNanoCores?.value ?? 0n),
    usageCoreNanoSeconds: Number(usage.usageCoreNanoSeconds?.value ?? 0n),
  };
const memoryJson = (usage: MemoryUsage | undefined, time: string) =>
  usage && {
    time,
    workingSetBytes: Number(usage.workingSetBytes?.value ?? 0n),
    usageBytes: Number(usage.usageBytes?.value ?? 0n),
    rssBytes: Number(usage.rssBytes?.value ?? 0n),
    pageFaults: Number(usage.pageFaults?.value ?? 0n),
    majorPageFaults: Number(usage.majorPageFaults?.value ?? 0n),
  };

export async function summary(
  runtime: RuntimeService,
  nodeName: string,
  now: number,
  rootDirectory: string,
): Promise<object> {
  const [pods, node, disk] = await Promise.all([
    podUses(runtime),
    nodeUse(),
    statfs(rootDirectory).catch(() => undefined),
  ]);
  const time = formatTime(new Date(now));
  const fs = disk && {
    time,
    availableBytes: disk.bavail * disk.bsize,
    capacityBytes: disk.blocks * disk.bsize,
    usedBytes: (disk.blocks - disk.bfree) * disk.bsize,
    inodesFree: disk.ffree,
    inodes: disk.files,
    inodesUsed: disk.files - disk.ffree,
  };
  return {
    node: {
      nodeName,
      startTime: formatTime(new Date(now - os.uptime() * 1000)),
      cpu: { time, usageCoreNanoSeconds: Math.round(node.cpuSeconds * 1e9) },
      memory: { time, availableBytes: node.memoryAvailable, workingSetBytes: node.memoryWorkingSet },
      fs,
      runtime: { imageFs: fs, containerFs: fs },
    },
    pods: pods.map((pod) => ({
      podRef: { name: pod.name, namespace: pod.namespace, uid: pod.uid },
      startTime: formatTime(new Date(pod.startedAt)),
      containers: pod.containers.map(({ attributes, cpu, memory, writableLayer }) => ({
        name: attributes?.labels[containerNameLabel] ?? attributes?.metadata?.name ?? '',
        startTime: formatTime(new Date(pod.startedAt)),
        cpu: cpuJson(cpu, time),
        memory: memoryJson(memory, time),
        rootfs: {
          ...fs,
          usedBytes: Number(writableLayer?.usedBytes?.value ?? 0n),
          inodesUsed: Number(writableLayer?.inodesUsed?.value ?? 0n),
        },
      })),
      cpu: {
        time,
        usageCoreNanoSeconds: Math.round(podCpuSeconds(pod) * 1e9),
        usageNanoCores: Number(
          pod.cpu?.usageNanoCores?.value ?? total(pod.containers.map((one) => one.cpu?.usageNanoCores?.value)),
        ),
      },
      memory: { time, workingSetBytes: podMemory(pod) },
      network: pod.network && {
        time,
        name: pod.network.name,
        rxBytes: Number(pod.network.rxBytes),
        rxErrors: Number(pod.network.rxErrors),
        txBytes: Number(pod.network.txBytes),
        txErrors: Number(pod.network.txErrors),
      },
    })),
  };
}
