/**
 * VolumeManager: a pod's volumes as paths on the node. Volumes live under ROOT/pods/<uid>/volumes/; files that carry
 * secrets on a tmpfs of the kubelet (ROOT/memory), so that they never reach a disk. Mounting again brings files up to
 * date; what is there after a restart of the kubelet is taken as it is.
 */
import { chmod, mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@typernetes/openapi/client';
import type { Pod, Volume } from '@typernetes/openapi/types/core/v1';
import { identityOf, specOf } from '../pod/pod.ts';
import { quantityValue } from '../pod/quantities.ts';
import { writeAtomically } from './atomic-writer.ts';
import { hostPathVolume } from './host-path.ts';
import { mountPointsBelow, mountTmpfs, unmountBelow } from './mounts.ts';
import { applyFsGroup } from './ownership.ts';
import { type PayloadSources, volumePayload } from './payload.ts';
import { VolumeError } from './volume-error.ts';

export interface MountedVolume {
  path: string;
  /** The volume's own say: its mounts are read-only whatever the container asks. */
  readOnly: boolean;
}

export interface VolumeManager {
  /** All volumes of the pod, ready. Rejects when one cannot be had (yet). */
  mount(pod: Pod): Promise<ReadonlyMap<string, MountedVolume>>;
  /** Removes the pod's volumes and its folder. */
  unmount(uid: string): Promise<void>;
  /** Pods that have a folder. */
  podsOnDisk(): Promise<string[]>;
  podDirectory(uid: string): string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface VolumeManagerOptions {
  rootDirectory: string;
  logger: Logger;
  sources: PayloadSources;
  /** Resolves a claim to a volume source of the node (hostPath, local). */
  claim: (namespace: string, name: string) => Promise<{ path: string; readOnly: boolean }>;
}

export class DiskVolumeManager implements VolumeManager {
  readonly #options: VolumeManagerOptions;
  readonly #memory: string;
  #inMemory = false;

  constructor(options: VolumeManagerOptions) {
    this.#options = options;
    this.#memory = join(options.rootDirectory, 'memory');
  }

  async start(): Promise<void> {
    await mkdir(join(this.#options.rootDirectory, 'pods'), { recursive: true, mode: 0o750 });
    await mkdir(this.#memory, { recursive: true, mode: 0o750 });
    try {
      if ((await mountPointsBelow(this.#memory)).length === 0) await mountTmpfs(this.#memory, undefined);
      this.#inMemory = true;
    } catch (error) {
      this.#options.logger.warn(
        { error: error instanceof Error ? error.message : String(error) },
        'secrets of pods are kept on disk: no tmpfs can be mounted',
      );
    }
  }

  /** The tmpfs goes with the last pod: running containers hold on to theirs. */
  async stop(): Promise<void> {
    if (this.#inMemory && (await readdir(this.#memory)).length === 0) await unmountBelow(this.#memory);
  }

  podDirectory(uid: string): string {
    return join(this.#options.rootDirectory, 'pods', uid);
  }

  async podsOnDisk(): Promise<string[]> {
    return readdir(join(this.#options.rootDirectory, 'pods')).catch(() => []);
  }

  #volumeDirectory(uid: string, plugin: string, name: string): string {
    return join(this.podDirectory(uid), 'volumes', `kubernetes.io~${plugin}`, name);
  }

  async mount(pod: Pod): Promise<ReadonlyMap<string, MountedVolume>> {
    const { uid } = identityOf(pod);
    await mkdir(join(this.podDirectory(uid), 'volumes'), { recursive: true, mode: 0o750 });
    const volumes = specOf(pod).volumes ?? [];
    const mounted = await Promise.all(
      volumes.map(async (volume): Promise<[string, MountedVolume]> => {
        try {
          return [volume.name, await this.#mountOne(pod, volume)];
        } catch (error) {
          throw new VolumeError(
            `MountVolume.SetUp failed for volume "${volume.name}" : ${error instanceof Error ? error.message : String(error)}`,
            { cause: error },
          );
        }
      }),
    );
    return new Map(mounted);
  }

  async #mountOne(pod: Pod, volume: Volume): Promise<MountedVolume> {
    const { uid, namespace } = identityOf(pod);
    const { emptyDir, hostPath, persistentVolumeClaim } = volume;
    if (emptyDir !== undefined) return { path: await this.#emptyDir(pod, volume.name, emptyDir), readOnly: false };
    if (hostPath !== undefined) return { path: await hostPathVolume(hostPath), readOnly: false };
    if (persistentVolumeClaim !== undefined) {
      const { path, readOnly } = await this.#options.claim(namespace, persistentVolumeClaim.claimName);
      return { path, readOnly: readOnly || persistentVolumeClaim.readOnly === true };
    }
    const payload = await volumePayload(pod, volume, this.#options.sources);
    if (payload === undefined) {
      const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';
      throw new VolumeError(`no volume plugin matched: ${kind} volumes are not supported by this kubelet`);
    }
    const plugin = volume.configMap
      ? 'configmap'
      : volume.secret
        ? 'secret'
        : volume.downwardAPI
          ? 'downward-api'
          : 'projected';
    const confidential = this.#inMemory && plugin !== 'configmap' && plugin !== 'downward-api';
    const path = confidential ? join(this.#memory, uid, volume.name) : this.#volumeDirectory(uid, plugin, volume.name);
    await mkdir(path, { recursive: true, mode: 0o755 });
    await chmod(path, 0o777);
    await writeAtomically(path, payload, specOf(pod).securityContext?.fsGroup);
    return { path, readOnly: true };
  }

  async #emptyDir(pod: Pod, name: string, source: NonNullable<Volume['emptyDir']>): Promise<string> {
    const path = this.#volumeDirectory(identityOf(pod).uid, 'empty-dir', name);
    const made = await mkdir(path, { recursive: true, mode: 0o777 });
    if (source.medium === 'Memory' && (await mountPointsBelow(path)).length === 0)
      await mountTmpfs(path, quantityValue(source.sizeLimit));
    else if (made === undefined && source.medium !== 'Memory') return path;
    // The umask must not narrow it: any user of the pod may write here.
    await chmod(path, 0o777);
    const context = specOf(pod).securityContext;
    if (context?.fsGroup !== undefined)
      await applyFsGroup(path, context.fsGroup, context.fsGroupChangePolicy === 'OnRootMismatch');
    return path;
  }

  async unmount(uid: string): Promise<void> {
    const folder = this.podDirectory(uid);
    await unmountBelow(folder);
    // Removing files under a mount that stayed would remove what is not the pod's.
    if ((await mountPointsBelow(folder)).length > 0) throw new VolumeError(`${folder} still has mounts`);
    await rm(join(this.#memory, uid), { recursive: true, force: true });
    await rm(join(folder, 'volumes'), { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
    await rmdir(folder).catch(() => undefined);
  }
}

/** For runtimes without containers: nothing is mounted, every volume is there. */
export const noVolumes: VolumeManager = {
  mount: async (pod) =>
    new Map((specOf(pod).volumes ?? []).map(({ name }) => [name, { path: '/dev/null', readOnly: false }])),
  unmount: async () => undefined,
  podsOnDisk: async () => [],
  podDirectory: () => '',
  start: async () => undefined,
  stop: async () => undefined,
};
