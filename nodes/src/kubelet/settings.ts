/** What a kubelet needs to be told; flags and KubeletConfiguration files become this (main.ts). */
import type { Taint } from '@typernetes/openapi/types/core/v1';
import type { CgroupDriver } from './cgroups/cgroup-manager.ts';

export interface KubeletSettings {
  nodeName: string;
  nodeIps: readonly string[];
  /** Files of pods; logs of pods lie below it too unless `logsDirectory` says else. */
  rootDirectory: string;
  logsDirectory: string;
  clusterDns: readonly string[];
  clusterDomain: string;
  resolvConf: string;
  staticPodPath: string | undefined;
  cgroupDriver: CgroupDriver;
  cgroupRoot: string;
  cgroupsPerQos: boolean;
  cpuCfsQuota: boolean;
  maxPods: number;
  registerNode: boolean;
  taints: readonly Taint[];
  labels: Readonly<Record<string, string>>;
  syncFrequencyMs: number;
  nodeStatusUpdateFrequencyMs: number;
  nodeStatusReportFrequencyMs: number;
  nodeLeaseDurationSeconds: number;
  seccompDefault: boolean;
  reserved: { cpuMilli: number; memoryBytes: number };
  containerLogMaxBytes: number;
  containerLogMaxFiles: number;
  imageGcHighThresholdPercent: number;
  imageGcLowThresholdPercent: number;
  imageMinimumGcAgeMs: number;
}

export const defaultSettings: Omit<KubeletSettings, 'nodeName' | 'nodeIps' | 'rootDirectory' | 'logsDirectory'> = {
  clusterDns: [],
  clusterDomain: 'cluster.local',
  resolvConf: '/etc/resolv.conf',
  staticPodPath: undefined,
  cgroupDriver: 'cgroupfs',
  cgroupRoot: '/',
  cgroupsPerQos: true,
  cpuCfsQuota: true,
  maxPods: 110,
  registerNode: true,
  taints: [],
  labels: {},
  syncFrequencyMs: 60_000,
  nodeStatusUpdateFrequencyMs: 10_000,
  nodeStatusReportFrequencyMs: 300_000,
  nodeLeaseDurationSeconds: 40,
  seccompDefault: false,
  reserved: { cpuMilli: 0, memoryBytes: 0 },
  containerLogMaxBytes: 10 * 1024 * 1024,
  containerLogMaxFiles: 5,
  imageGcHighThresholdPercent: 85,
  imageGcLowThresholdPercent: 80,
  imageMinimumGcAgeMs: 120_000,
};
