/** CPU and memory of containers and pods as cgroup numbers. */
import type { Container, Pod } from '@typernetes/openapi/types/core/v1';
import type { Input, LinuxContainerResources } from 'cri-client';
import { isRestartableInit, specOf } from '../pod/pod.ts';
import { qosClass } from '../pod/qos.ts';
import { milliValue, quantityValue } from '../pod/quantities.ts';

const period = 100_000;
const minimumQuota = 1000;

/** Relative weight, 1024 for a core. */
export const cpuShares = (milli: number): number =>
  milli === 0 ? 2 : Math.min(Math.max(Math.floor((milli * 1024) / 1000), 2), 262_144);

/** Microseconds in each period of 100 ms. */
export const cpuQuota = (milli: number): number =>
  milli === 0 ? 0 : Math.max(Math.floor((milli * period) / 1000), minimumQuota);

/** cgroup v2's weight (1 to 10000) of cgroup v1's shares. */
export const cpuWeight = (shares: number): number => Math.floor(1 + ((shares - 2) * 9999) / 262_142);

/** Who dies first when memory runs out: BestEffort 1000, Guaranteed -997, Burstable by its share of the machine. */
export function oomScoreAdjust(pod: Pod, container: Container, memoryCapacity: number): number {
  const guaranteed = -997;
  if ((specOf(pod).priority ?? 0) >= 2_000_001_000) return guaranteed;
  const qos = qosClass(pod);
  if (qos === 'Guaranteed') return guaranteed;
  if (qos === 'BestEffort') return 1000;
  const request = (of: Container): number =>
    quantityValue(of.resources?.requests?.['memory'] ?? of.resources?.limits?.['memory']);
  const score = (bytes: number): number => 1000 - Math.floor((1000 * bytes) / Math.max(memoryCapacity, 1));
  let adjust = score(request(container));
  if (isRestartableInit(container)) adjust = Math.min(adjust, score(Math.min(...specOf(pod).containers.map(request))));
  return Math.min(Math.max(adjust, 1000 + guaranteed), 999);
}

export interface ResourceOptions {
  memoryCapacity: number;
  /** cgroup v2: a container's processes are killed together when it runs out of memory. */
  unifiedCgroups: boolean;
  cpuCfsQuota: boolean;
}

export function containerResources(
  pod: Pod,
  container: Container,
  options: ResourceOptions,
): Input<LinuxContainerResources> {
  const { requests, limits } = container.resources ?? {};
  const cpuLimit = milliValue(limits?.['cpu'] ?? specOf(pod).resources?.limits?.['cpu']);
  const memoryLimit = quantityValue(limits?.['memory'] ?? specOf(pod).resources?.limits?.['memory']);
  const hugepages = Object.entries(limits ?? {}).filter(([name]) => name.startsWith('hugepages-'));
  return {
    cpuShares: BigInt(cpuShares(milliValue(requests?.['cpu'] ?? limits?.['cpu']))),
    ...(options.cpuCfsQuota && cpuLimit > 0 ? { cpuPeriod: BigInt(period), cpuQuota: BigInt(cpuQuota(cpuLimit)) } : {}),
    ...(memoryLimit > 0
      ? {
          memoryLimitInBytes: BigInt(memoryLimit),
          memorySwapLimitInBytes: options.unifiedCgroups ? 0n : BigInt(memoryLimit),
        }
      : {}),
    oomScoreAdj: BigInt(oomScoreAdjust(pod, container, options.memoryCapacity)),
    hugepageLimits: hugepages.map(([name, value]) => ({
      pageSize: name.slice('hugepages-'.length).replace(/i$/, 'B'),
      limit: BigInt(quantityValue(value)),
    })),
    unified: options.unifiedCgroups ? { 'memory.oom.group': '1' } : {},
  };
}

export interface PodResources {
  cpuRequestMilli: number;
  cpuLimitMilli: number;
  memoryRequest: number;
  memoryLimit: number;
}

/** What the pod as a whole asks for: containers and sidecars together, or the largest init container. A limit of 0: none. */
export function podResources(pod: Pod): PodResources {
  const spec = specOf(pod);
  const sidecars = (spec.initContainers ?? []).filter(isRestartableInit);
  const effective = (
    kind: 'requests' | 'limits',
    name: 'cpu' | 'memory',
    convert: (value: string | number | undefined) => number,
  ): number => {
    const of = ({ resources }: Container): number =>
      convert(resources?.[kind]?.[name] ?? (kind === 'requests' ? resources?.limits?.[name] : undefined));
    const running = [...spec.containers, ...sidecars];
    if (kind === 'limits' && running.some((container) => of(container) === 0))
      return convert(spec.resources?.limits?.[name]);
    let most = running.reduce((sum, container) => sum + of(container), 0);
    let before = 0;
    for (const init of spec.initContainers ?? []) {
      if (isRestartableInit(init)) before += of(init);
      else most = Math.max(most, of(init) + before);
    }
    const podLevel = convert(spec.resources?.[kind]?.[name]);
    return (podLevel > 0 ? podLevel : most) + convert(spec.overhead?.[name]);
  };
  return {
    cpuRequestMilli: effective('requests', 'cpu', milliValue),
    cpuLimitMilli: effective('limits', 'cpu', milliValue),
    memoryRequest: effective('requests', 'memory', quantityValue),
    memoryLimit: effective('limits', 'memory', quantityValue),
  };
}
