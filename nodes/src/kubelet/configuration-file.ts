/** KubeletConfiguration (kubelet.config.k8s.io/v1beta1) and its flags as settings; a flag wins over the file. */
import { readFile } from 'node:fs/promises';
import { yamlSerializer } from '@typernetes/openapi/codec';
import type { Taint } from '@typernetes/openapi/types/core/v1';
import { parseDuration } from '../duration.ts';
import { milliValue, quantityValue } from './pod/quantities.ts';
import { defaultSettings, type KubeletSettings } from './settings.ts';

/** The fields that this kubelet heeds. */
export interface KubeletConfiguration {
  kind?: string;
  apiVersion?: string;
  address?: string;
  port?: number;
  containerRuntimeEndpoint?: string;
  clusterDNS?: string[];
  clusterDomain?: string;
  resolvConf?: string;
  staticPodPath?: string;
  podLogsDir?: string;
  cgroupDriver?: string;
  cgroupRoot?: string;
  cgroupsPerQOS?: boolean;
  cpuCFSQuota?: boolean;
  maxPods?: number;
  registerNode?: boolean;
  registerWithTaints?: Taint[];
  syncFrequency?: string;
  nodeStatusUpdateFrequency?: string;
  nodeStatusReportFrequency?: string;
  nodeLeaseDurationSeconds?: number;
  seccompDefault?: boolean;
  tlsCertFile?: string;
  tlsPrivateKeyFile?: string;
  authentication?: { x509?: { clientCAFile?: string } };
  systemReserved?: Record<string, string>;
  kubeReserved?: Record<string, string>;
  containerLogMaxSize?: string;
  containerLogMaxFiles?: number;
  imageGCHighThresholdPercent?: number;
  imageGCLowThresholdPercent?: number;
  imageMinimumGCAge?: string;
}

export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

export async function readConfiguration(path: string): Promise<KubeletConfiguration> {
  const { object } = yamlSerializer.decode(await readFile(path));
  const configuration = object as KubeletConfiguration;
  if (configuration.kind !== 'KubeletConfiguration' || configuration.apiVersion !== 'kubelet.config.k8s.io/v1beta1') {
    throw new ConfigurationError(`${path}: no KubeletConfiguration of kubelet.config.k8s.io/v1beta1`);
  }
  return configuration;
}

/** `key=value:effect`, comma-separated. */
export function parseTaints(text: string): Taint[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(part);
      if (match === null) throw new ConfigurationError(`invalid taint spec: ${part}`);
      const [, key = '', value, effect = ''] = match;
      return { key, effect, ...(value ? { value } : {}) };
    });
}

/** `key=value`, comma-separated. */
export function parsePairs(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split(',')
      .filter((part) => part !== '')
      .map((part) => {
        const at = part.indexOf('=');
        return at === -1 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
      }),
  );
}

const milliseconds = (text: string | undefined, fallback: number): number =>
  text === undefined ? fallback : parseDuration(text);

export function settingsOf(
  configuration: KubeletConfiguration,
  node: Pick<KubeletSettings, 'nodeName' | 'nodeIps' | 'rootDirectory' | 'labels'> & {
    logsDirectory?: string | undefined;
  },
): KubeletSettings {
  const defaults = defaultSettings;
  const reserved = [configuration.systemReserved ?? {}, configuration.kubeReserved ?? {}];
  return {
    nodeName: node.nodeName,
    nodeIps: node.nodeIps,
    labels: node.labels,
    rootDirectory: node.rootDirectory,
    logsDirectory: node.logsDirectory ?? configuration.podLogsDir ?? `${node.rootDirectory}/logs/pods`,
    clusterDns: configuration.clusterDNS ?? defaults.clusterDns,
    clusterDomain: configuration.clusterDomain ?? defaults.clusterDomain,
    resolvConf: configuration.resolvConf ?? defaults.resolvConf,
    staticPodPath: configuration.staticPodPath || undefined,
    cgroupDriver: configuration.cgroupDriver === 'systemd' ? 'systemd' : 'cgroupfs',
    cgroupRoot: configuration.cgroupRoot || defaults.cgroupRoot,
    cgroupsPerQos: configuration.cgroupsPerQOS ?? defaults.cgroupsPerQos,
    cpuCfsQuota: configuration.cpuCFSQuota ?? defaults.cpuCfsQuota,
    maxPods: configuration.maxPods ?? defaults.maxPods,
    registerNode: configuration.registerNode ?? defaults.registerNode,
    taints: configuration.registerWithTaints ?? defaults.taints,
    syncFrequencyMs: milliseconds(configuration.syncFrequency, defaults.syncFrequencyMs),
    nodeStatusUpdateFrequencyMs: milliseconds(
      configuration.nodeStatusUpdateFrequency,
      defaults.nodeStatusUpdateFrequencyMs,
    ),
    nodeStatusReportFrequencyMs: milliseconds(
      configuration.nodeStatusReportFrequency,
      defaults.nodeStatusReportFrequencyMs,
    ),
    nodeLeaseDurationSeconds: configuration.nodeLeaseDurationSeconds ?? defaults.nodeLeaseDurationSeconds,
    seccompDefault: configuration.seccompDefault ?? defaults.seccompDefault,
    reserved: {
      cpuMilli: reserved.reduce((sum, list) => sum + milliValue(list['cpu']), 0),
      memoryBytes: reserved.reduce((sum, list) => sum + quantityValue(list['memory']), 0),
    },
    containerLogMaxBytes:
      configuration.containerLogMaxSize === undefined
        ? defaults.containerLogMaxBytes
        : quantityValue(configuration.containerLogMaxSize),
    containerLogMaxFiles: configuration.containerLogMaxFiles ?? defaults.containerLogMaxFiles,
    imageGcHighThresholdPercent: configuration.imageGCHighThresholdPercent ?? defaults.imageGcHighThresholdPercent,
    imageGcLowThresholdPercent: configuration.imageGCLowThresholdPercent ?? defaults.imageGcLowThresholdPercent,
    imageMinimumGcAgeMs: milliseconds(configuration.imageMinimumGCAge, defaults.imageMinimumGcAgeMs),
  };
}
