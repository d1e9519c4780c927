/**
 * Cgroups of pods below the kubelet's root: /kubepods for Guaranteed pods, /kubepods/burstable and /kubepods/besteffort
 * for the rest. The runtime puts containers below the pod's; the kubelet sets the pod's and the class's shares and
 * limits. Where the machine does not let us write cgroups, pods run without their limits as a whole.
 */
import { readFileSync } from 'node:fs';
import { access, constants, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@typernetes/openapi/client';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { cpuQuota, cpuShares, cpuWeight, podResources } from '../kuberuntime/resources.ts';
import { identityOf, type QosClass } from '../pod/pod.ts';
import { qosClass } from '../pod/qos.ts';

export type CgroupDriver = 'cgroupfs' | 'systemd';

const mountPoint = '/sys/fs/cgroup';

export function isUnified(): boolean {
  try {
    return readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .some((line) =>
        line.startsWith('cgroup2 ')
          ? line.split(' ')[1] === mountPoint
          : line.split(' ')[1] === mountPoint && line.split(' ')[2] === 'cgroup2',
      );
  } catch {
    return false;
  }
}

const classFolder: Record<QosClass, string[]> = {
  Guaranteed: [],
  Burstable: ['burstable'],
  BestEffort: ['besteffort'],
};

/** Path components from the root: kubepods, burstable, pod<uid>. */
function podCgroup(uid: string, qos: QosClass): string[] {
  return ['kubepods', ...classFolder[qos], `pod${uid}`];
}

/** The name that the runtime wants: a path for cgroupfs, a slice for systemd. */
function cgroupName(root: string, components: readonly string[], driver: CgroupDriver): string {
  if (driver === 'cgroupfs') return join('/', root, ...components);
  const escaped = components.map((part) => part.replaceAll('-', '_'));
  return `${escaped.join('-')}.slice`;
}

/** Where that lies below a controller: systemd nests a slice in the slices of its prefixes. */
function cgroupFolder(root: string, components: readonly string[], driver: CgroupDriver): string {
  if (driver === 'cgroupfs') return join('/', root, ...components);
  return join('/', root, ...components.map((_, index) => cgroupName(root, components.slice(0, index + 1), driver)));
}

export interface CgroupManager {
  /** The cgroup parent for the pod's sandbox, made if need be. */
  ensure(pod: Pod): Promise<string>;
  remove(uid: string): Promise<void>;
}

export class NodeCgroups implements CgroupManager {
  readonly #root: string;
  readonly #driver: CgroupDriver;
  readonly #unified = isUnified();
  readonly #logger: Logger;
  #warned = false;
  readonly #made = new Set<string>();

  constructor(root: string, driver: CgroupDriver, logger: Logger) {
    this.#root = root;
    this.#driver = driver;
    this.#logger = logger;
  }

  #controllers(): string[] {
    return this.#unified ? [mountPoint] : ['cpu', 'memory', 'pids'].map((controller) => join(mountPoint, controller));
  }

  async ensure(pod: Pod): Promise<string> {
    const { uid } = identityOf(pod);
    const qos = qosClass(pod);
    const components = podCgroup(uid, qos);
    if (!this.#made.has(uid)) {
      try {
        if (qos !== 'Guaranteed')
          await this.#make(['kubepods', ...classFolder[qos]], qos === 'BestEffort' ? { shares: 2 } : {});
        const { cpuRequestMilli, cpuLimitMilli, memoryLimit } = podResources(pod);
        await this.#make(components, {
          shares: cpuShares(cpuRequestMilli),
          ...(cpuLimitMilli > 0 ? { quota: cpuQuota(cpuLimitMilli) } : {}),
          ...(memoryLimit > 0 ? { memory: memoryLimit } : {}),
        });
        this.#made.add(uid);
      } catch (error) {
        if (!this.#warned)
          this.#logger.warn(
            { error: error instanceof Error ? error.message : String(error) },
            'cgroups of pods cannot be set: only containers are limited',
          );
        this.#warned = true;
      }
    }
    return cgroupName(this.#root, components, this.#driver);
  }

  async #make(
    components: readonly string[],
    limits: { shares?: number; quota?: number; memory?: number },
  ): Promise<void> {
    // systemd owns its tree: the runtime asks it for the slice, we only set values in what is there.
    for (const controller of this.#controllers()) {
      const folder = join(controller, cgroupFolder(this.#root, components, this.#driver));
      await mkdir(folder, { recursive: true });
      if (this.#unified) await this.#delegate(folder);
    }
    const write = async (controller: string, file: string, value: string): Promise<void> => {
      const folder = join(
        this.#unified ? mountPoint : join(mountPoint, controller),
        cgroupFolder(this.#root, components, this.#driver),
      );
      const path = join(folder, file);
      const writable = await access(path, constants.W_OK).then(
        () => true,
        () => false,
      );
      if (writable) await writeFile(path, value);
    };
    const { shares, quota, memory } = limits;
    if (this.#unified) {
      if (shares !== undefined) await write('cpu', 'cpu.weight', String(cpuWeight(shares)));
      if (quota !== undefined) await write('cpu', 'cpu.max', `${quota} 100000`);
      if (memory !== undefined) await write('memory', 'memory.max', String(memory));
      return;
    }
    if (shares !== undefined) await write('cpu', 'cpu.shares', String(shares));
    if (quota !== undefined) {
      await write('cpu', 'cpu.cfs_period_us', '100000');
      await write('cpu', 'cpu.cfs_quota_us', String(quota));
    }
    if (memory !== undefined) await write('memory', 'memory.limit_in_bytes', String(memory));
  }

  /** cgroup v2: controllers must be handed down from every parent. */
  async #delegate(folder: string): Promise<void> {
    let current = mountPoint;
    for (const part of folder
      .slice(mountPoint.length + 1)
      .split('/')
      .slice(0, -1)) {
      for (const controller of ['cpu', 'memory', 'pids']) {
        await writeFile(join(current, 'cgroup.subtree_control'), `+${controller}`).catch(() => undefined);
      }
      current = join(current, part);
    }
    for (const controller of ['cpu', 'memory', 'pids']) {
      await writeFile(join(current, 'cgroup.subtree_control'), `+${controller}`).catch(() => undefined);
    }
  }

  /** Kills what still runs in the pod's cgroup, then removes it. */
  async remove(uid: string): Promise<void> {
    this.#made.delete(uid);
    for (const controller of this.#unified
      ? [mountPoint]
      : await readdir(mountPoint).then(
          (names) => names.map((name) => join(mountPoint, name)),
          () => [],
        )) {
      for (const qos of ['Guaranteed', 'Burstable', 'BestEffort'] as const) {
        await this.#removeTree(join(controller, cgroupFolder(this.#root, podCgroup(uid, qos), this.#driver)));
      }
    }
  }

  async #removeTree(folder: string): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
    if (entries === undefined) return;
    for (const entry of entries) if (entry.isDirectory()) await this.#removeTree(join(folder, entry.name));
    const processes = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
    for (const pid of processes.split('\n').filter((line) => line !== '' && line !== '0')) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
      }
    }
    await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') this.#logger.debug({ folder, code: error.code }, 'a cgroup is still in use');
    });
  }
}

/** For runtimes without processes. */
export const noCgroups: CgroupManager = { ensure: async () => '', remove: async () => undefined };
