/** What is done every so often: leftovers of pods that are not ours any more, dead containers, unused images, long logs. */

import { type Clock, delay, type Logger } from '@typernetes/openapi/client';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { CgroupManager } from './cgroups/cgroup-manager.ts';
import type { ImageGarbageCollector } from './images/image-garbage-collection.ts';
import type { KeyedBackOff } from './kuberuntime/back-off.ts';
import type { GarbageCollector } from './kuberuntime/garbage-collection.ts';
import { restoreFromLabels } from './kuberuntime/labels.ts';
import type { LogRotation } from './logs/rotation.ts';
import type { PodLifecycleEventGenerator, RuntimePod } from './pleg/pod-lifecycle-events.ts';
import type { MirrorPods } from './pod-sources/mirror-pods.ts';
import type { PodManager } from './pod-sources/pod-manager.ts';
import type { PodWorkers } from './pod-workers/pod-workers.ts';
import type { VolumeManager } from './volumes/volume-manager.ts';

export interface HousekeepingOptions {
  clock: Clock;
  logger: Logger;
  pods: PodManager;
  workers: PodWorkers;
  pleg: PodLifecycleEventGenerator;
  volumes: VolumeManager;
  cgroups: CgroupManager;
  mirrors: MirrorPods;
  garbage: GarbageCollector;
  crashBackOff: KeyedBackOff;
  /** The pod exists, or is being ended. */
  isKept: (uid: string) => boolean;
  /** All pods of the node are known: what is not among them is not ours. */
  sourcesReady: () => boolean;
  /** Absent where containers have no files. */
  disk: { images: ImageGarbageCollector; logs: LogRotation } | undefined;
}

const sweepMs = { real: 2000, simulated: 30_000 };
const garbageMs = 60_000;
const imageGarbageMs = 300_000;
const logRotationMs = 10_000;

export const isRunning = ({ sandboxes, containers }: RuntimePod): boolean =>
  sandboxes.some(({ state }) => state === 'SANDBOX_READY') ||
  containers.some(({ state }) => state === 'CONTAINER_RUNNING');

/** A pod that only the runtime remembers, as far as its labels tell. */
export function orphan({ uid, name, namespace, containers }: RuntimePod): Pod {
  const [container] = containers;
  if (container !== undefined) return restoreFromLabels(container.labels, container.annotations).pod;
  return { metadata: { uid, name, namespace }, spec: { containers: [] } };
}

export class Housekeeping {
  readonly #options: HousekeepingOptions;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  /** Containers, sandboxes, volumes and mirrors whose pod is not ours any more. */
  async sweep(): Promise<void> {
    const { pods, workers, pleg, volumes, cgroups, mirrors, garbage, crashBackOff, clock, isKept } = this.#options;
    if (!this.#options.sourcesReady()) return;
    await pleg.relist();
    for (const pod of pleg.pods.values()) {
      if (isKept(pod.uid) || workers.phase(pod.uid) !== undefined) continue;
      if (isRunning(pod)) workers.update({ type: 'kill', pod: orphan(pod), orphan: true });
      else await garbage.removePod(pod.uid);
    }
    for (const uid of await volumes.podsOnDisk()) {
      if (isKept(uid) || workers.phase(uid) !== undefined || pleg.pods.has(uid)) continue;
      await volumes.unmount(uid);
      await cgroups.remove(uid);
    }
    for (const mirror of pods.orphanedMirrors()) await mirrors.remove(mirror);
    workers.forgetFinished(pods.uids());
    crashBackOff.collect(clock.now());
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { garbage, disk } = this.#options;
    const tasks = [
      this.#every(disk === undefined ? sweepMs.simulated : sweepMs.real, 'housekeeping', () => this.sweep(), signal),
    ];
    if (disk !== undefined) {
      tasks.push(
        this.#every(garbageMs, 'container garbage collection', () => garbage.collect(), signal),
        this.#every(imageGarbageMs, 'image garbage collection', () => disk.images.collect(), signal),
        this.#every(logRotationMs, 'log rotation', () => disk.logs.rotateAll(), signal),
      );
    }
    await Promise.all(tasks);
  }

  async #every(milliseconds: number, what: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    while (await delay(clock, milliseconds, signal)) {
      await work().catch((error: unknown) => {
        if (!signal.aborted)
          logger.warn({ error: error instanceof Error ? error.message : String(error) }, `${what} failed`);
      });
    }
  }
}
