/** What `up` was asked for, checked and completed. */
import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import os from 'node:os';
import path from 'node:path';

export interface UpFlags {
  dataDir?: string;
  securePort: number;
  bindAddress?: string;
  kubeconfig?: string;
  etcdServers?: string;
  nodes?: number;
  containerRuntimeEndpoint?: string;
  serviceClusterIpRange: string;
  clusterCidr: string;
  clusterDns?: string;
  clusterDomain: string;
}

/** Everything under the data directory. */
export interface Layout {
  directory: string;
  pki: string;
  storage: string;
  logs: string;
  kubeconfigs: string;
  kubelet: string;
  containerd: string;
  cniConf: string;
  cniState: string;
  state: string;
  lock: string;
}

export function defaultDataDirectory(): string {
  if (process.getuid?.() === 0) return '/var/lib/typernetes';
  return path.join(process.env['XDG_DATA_HOME'] ?? path.join(os.homedir(), '.local', 'share'), 'typernetes');
}

export function layoutOf(dataDirectory: string): Layout {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o711 });
  const directory = realpathSync(dataDirectory);
  const inside = (...names: string[]): string => path.join(directory, ...names);
  const layout: Layout = {
    directory,
    pki: inside('pki'),
    storage: inside('storage'),
    logs: inside('logs'),
    kubeconfigs: inside('kubeconfig'),
    kubelet: inside('kubelet'),
    containerd: inside('containerd'),
    cniConf: inside('cni', 'conf'),
    cniState: inside('cni', 'state'),
    state: inside('cluster.json'),
    lock: inside('up.pid'),
  };
  for (const folder of [layout.logs, layout.kubeconfigs]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return layout;
}

/** Eight characters that tell this cluster's bridges and tables from another's on the same machine. */
export function clusterMark(directory: string): string {
  return createHash('sha256').update(directory).digest('hex').slice(0, 8);
}

/** The address `offset` places into an IPv4 range: 1 is the `kubernetes` Service, 10 is DNS by convention. */
export function addressInRange(cidr: string, offset: number): string {
  const [base = '', bits = ''] = cidr.split('/');
  const prefix = Number(bits);
  if (!isIPv4(base) || !/^\d+$/.test(bits) || prefix > 30)
    throw new Error(`${cidr} is no IPv4 range with room for Services, like 10.96.0.0/16`);
  const number = base.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const first = number - (number % 2 ** (32 - prefix));
  if (offset >= 2 ** (32 - prefix)) throw new Error(`${cidr} is too small: it has no address number ${offset}`);
  return [24, 16, 8, 0].map((shift) => Math.floor((first + offset) / 2 ** shift) % 256).join('.');
}

/** The machine's first address that others can reach; undefined on a machine that has loopback only. */
export function hostAddress(): string | undefined {
  return Object.values(os.networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

/** A name for this machine that Kubernetes takes. */
export function machineName(): string {
  const name = os
    .hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '');
  return name === '' ? 'localhost' : name;
}

export function simulatedNodeNames(count: number): string[] {
  const digits = String(count).length;
  return Array.from({ length: count }, (_, index) => `node-${String(index + 1).padStart(digits, '0')}`);
}
