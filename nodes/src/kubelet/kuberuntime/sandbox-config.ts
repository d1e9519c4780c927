/** PodSandboxConfig of a pod. */
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { Input, PodSandboxConfig, Protocol } from 'cri-client';
import type { DnsConfig } from '../network/resolv-conf.ts';
import { allContainers, identityOf, specOf } from '../pod/pod.ts';
import { sandboxAnnotations, sandboxLabels } from './labels.ts';
import { cpuQuota, cpuShares, podResources } from './resources.ts';
import { sandboxSecurityContext } from './security-context.ts';

export interface SandboxSettings {
  hostname: string;
  dns: DnsConfig;
  logDirectory: string;
  cgroupParent: string;
}

export function sandboxConfig(pod: Pod, attempt: number, settings: SandboxSettings): Input<PodSandboxConfig> {
  const ports = allContainers(pod).flatMap(({ ports = [] }) => ports);
  const { cpuRequestMilli, cpuLimitMilli, memoryLimit } = podResources(pod);
  return {
    metadata: { ...identityOf(pod), attempt },
    hostname: specOf(pod).hostNetwork === true ? '' : settings.hostname,
    logDirectory: settings.logDirectory,
    dnsConfig: settings.dns,
    portMappings: ports.map(({ containerPort, hostPort = 0, hostIP = '', protocol = 'TCP' }) => ({
      containerPort,
      hostPort,
      hostIp: hostIP,
      protocol: protocol as Protocol,
    })),
    labels: sandboxLabels(pod),
    annotations: sandboxAnnotations(pod),
    linux: {
      cgroupParent: settings.cgroupParent,
      securityContext: sandboxSecurityContext(pod),
      sysctls: Object.fromEntries(
        (specOf(pod).securityContext?.sysctls ?? []).map(({ name, value }) => [name.replaceAll('/', '.'), value]),
      ),
      resources: {
        cpuShares: BigInt(cpuShares(cpuRequestMilli)),
        ...(cpuLimitMilli > 0 ? { cpuPeriod: 100_000n, cpuQuota: BigInt(cpuQuota(cpuLimitMilli)) } : {}),
        ...(memoryLimit > 0 ? { memoryLimitInBytes: BigInt(memoryLimit) } : {}),
      },
    },
  };
}
