/** What this machine is and has. Read once; nothing here changes while it runs. */
import { readFile, statfs } from 'node:fs/promises';
import os from 'node:os';

export interface Machine {
  cpus: number;
  memoryBytes: number;
  ephemeralStorageBytes: number;
  machineId: string;
  systemUuid: string;
  bootId: string;
  kernelVersion: string;
  osImage: string;
  architecture: string;
  swapBytes: number;
}

const text = async (path: string): Promise<string> => (await readFile(path, 'utf8').catch(() => '')).trim();

/** Go's words for architectures. */
export const goArchitecture = (arch: string): string => ({ x64: 'amd64', ia32: '386' })[arch] ?? arch;

export async function readMachine(storagePath: string): Promise<Machine> {
  const [machineId, systemUuid, bootId, release, swaps, storage] = await Promise.all([
    text('/etc/machine-id'),
    text('/sys/class/dmi/id/product_uuid'),
    text('/proc/sys/kernel/random/boot_id'),
    text('/etc/os-release'),
    text('/proc/meminfo'),
    statfs(storagePath).catch(() => undefined),
  ]);
  return {
    cpus: os.cpus().length || os.availableParallelism(),
    memoryBytes: os.totalmem(),
    ephemeralStorageBytes: storage === undefined ? 0 : storage.blocks * storage.bsize,
    machineId,
    systemUuid: systemUuid || machineId,
    bootId,
    kernelVersion: os.release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)"?/m.exec(release)?.[1] ?? os.type(),
    architecture: goArchitecture(os.arch()),
    swapBytes: Number(/^SwapTotal:\s+(\d+) kB/m.exec(swaps)?.[1] ?? 0) * 1024,
  };
}

/** The address that other machines reach us at: the one of the default route's interface, else any, else loopback. */
export async function defaultNodeIp(): Promise<string> {
  const routes = await text('/proc/net/route');
  const device = routes
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .find(([, destination]) => destination === '00000000')?.[0];
  const interfaces = os.networkInterfaces();
  const addresses = [...(device === undefined ? [] : (interfaces[device] ?? [])), ...Object.values(interfaces).flat()];
  return (
    addresses.find((address) => address !== undefined && address.family === 'IPv4' && !address.internal)?.address ??
    '127.0.0.1'
  );
}
