/** The Node object: what the kubelet says of its machine. Pure. */
import { parseQuantity } from '@typernetes/openapi/meta';
import type { Node, NodeCondition, NodeStatus, Taint } from '@typernetes/openapi/types/core/v1';
import type { Image, StatusResponse, VersionResponse } from 'cri-client';
import type { Machine } from './machine.ts';

export interface NodeFacts {
  name: string;
  addresses: readonly string[];
  machine: Machine;
  kubeletPort: number;
  kubeletVersion: string;
  maxPods: number;
  /** Kept for the system: milli-CPU and bytes. */
  reserved: { cpuMilli: number; memoryBytes: number };
  labels: Readonly<Record<string, string>>;
  taints: readonly Taint[];
}

export interface RuntimeFacts {
  version: VersionResponse | undefined;
  status: StatusResponse | undefined;
  images: readonly Image[];
  plegHealthy: boolean;
  /** Why the runtime does not answer. */
  error: string;
}

const maximumImages = 50;

/** Whole Ki in the API server's own spelling (1048576Ki is 1Gi), so that what comes back compares equal. */
const binary = (bytes: number): string => parseQuantity(`${Math.floor(bytes / 1024)}Ki`).toString();

export function newNode(facts: NodeFacts): Node {
  const { name, machine } = facts;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'beta.kubernetes.io/arch': machine.architecture,
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': machine.architecture,
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        ...facts.labels,
      },
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    spec: facts.taints.length > 0 ? { taints: [...facts.taints] } : {},
  };
}

interface Judgement {
  type: string;
  status: 'True' | 'False';
  reason: string;
  message: string;
}

function judgements(runtime: RuntimeFacts): Judgement[] {
  const conditions = runtime.status?.status?.conditions ?? [];
  const problems: string[] = [];
  if (runtime.status === undefined)
    problems.push(`container runtime is down: ${runtime.error || 'it has not answered yet'}`);
  for (const [type, what] of [
    ['RuntimeReady', 'container runtime'],
    ['NetworkReady', 'container runtime network'],
  ] as const) {
    const condition = conditions.find((candidate) => candidate.type === type);
    if (runtime.status !== undefined && condition?.status !== true) {
      problems.push(
        `${what} not ready: ${type}=false reason:${condition?.reason ?? ''} message:${condition?.message ?? ''}`,
      );
    }
  }
  if (!runtime.plegHealthy) problems.push('PLEG is not healthy');
  const ready: Judgement =
    problems.length === 0
      ? { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
      : {
          type: 'Ready',
          status: 'False',
          reason: 'KubeletNotReady',
          message: problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]`,
        };
  return [
    {
      type: 'MemoryPressure',
      status: 'False',
      reason: 'KubeletHasSufficientMemory',
      message: 'kubelet has sufficient memory available',
    },
    {
      type: 'DiskPressure',
      status: 'False',
      reason: 'KubeletHasNoDiskPressure',
      message: 'kubelet has no disk pressure',
    },
    {
      type: 'PIDPressure',
      status: 'False',
      reason: 'KubeletHasSufficientPID',
      message: 'kubelet has sufficient PID available',
    },
    ready,
  ];
}

function conditions(runtime: RuntimeFacts, before: readonly NodeCondition[], now: string): NodeCondition[] {
  const own = judgements(runtime).map((judgement): NodeCondition => {
    const old = before.find(({ type }) => type === judgement.type);
    return {
      ...judgement,
      lastHeartbeatTime: now,
      lastTransitionTime: (old?.status === judgement.status ? old.lastTransitionTime : undefined) ?? now,
    };
  });
  return [...before.filter(({ type }) => !own.some((condition) => condition.type === type)), ...own];
}

export function nodeStatus(facts: NodeFacts, runtime: RuntimeFacts, before: NodeStatus, now: string): NodeStatus {
  const { machine, reserved } = facts;
  const storage = machine.ephemeralStorageBytes;
  const extended = Object.fromEntries(Object.entries(before.capacity ?? {}).filter(([name]) => name.includes('/')));
  const shared = { pods: String(facts.maxPods), ...extended };
  const handlers = (runtime.status?.runtimeHandlers ?? []).map(({ name, features }) => ({
    name,
    features: {
      recursiveReadOnlyMounts: features?.recursiveReadOnlyMounts ?? false,
      userNamespaces: features?.userNamespaces ?? false,
    },
  }));
  const images = [...runtime.images].sort((a, b) => Number(b.size - a.size)).slice(0, maximumImages);
  const cpuMilli = machine.cpus * 1000 - reserved.cpuMilli;
  return {
    ...before,
    capacity: {
      cpu: String(machine.cpus),
      memory: binary(machine.memoryBytes),
      'ephemeral-storage': binary(storage),
      ...shared,
    },
    allocatable: {
      cpu: cpuMilli % 1000 === 0 ? String(cpuMilli / 1000) : `${cpuMilli}m`,
      memory: binary(machine.memoryBytes - reserved.memoryBytes),
      // A tenth is kept free, as the eviction threshold asks.
      'ephemeral-storage': String(Math.floor(storage * 0.9)),
      ...shared,
    },
    conditions: conditions(runtime, before.conditions ?? [], now),
    addresses: [
      ...facts.addresses.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: facts.name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: facts.kubeletPort } },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.systemUuid,
      bootID: machine.bootId,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion:
        runtime.version === undefined
          ? 'unknown://'
          : `${runtime.version.runtimeName}://${runtime.version.runtimeVersion}`,
      kubeletVersion: facts.kubeletVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: machine.architecture,
      ...(machine.swapBytes > 0 ? { swap: { capacity: machine.swapBytes } } : {}),
    },
    ...(images.length > 0 || before.images !== undefined
      ? {
          images: images.map(({ repoTags, repoDigests, size }) => ({
            names: [...repoDigests, ...repoTags].slice(0, 5),
            sizeBytes: Number(size),
          })),
        }
      : {}),
    ...(handlers.length > 0 ? { runtimeHandlers: handlers } : {}),
    features: { supplementalGroupsPolicy: runtime.status?.features?.supplementalGroupsPolicy ?? false },
  };
}
