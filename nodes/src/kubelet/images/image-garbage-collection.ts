/** Removes images that no container uses when the disk they lie on fills up, the longest unused first. */
import { statfs } from 'node:fs/promises';
import type { Clock, Logger } from '@typernetes/openapi/client';
import type { ImageService, RuntimeService } from 'cri-client';

export interface ImageGarbageOptions {
  runtime: RuntimeService;
  images: ImageService;
  clock: Clock;
  logger: Logger;
  /** Percent of the disk in use: above the first images go, until it is below the second. */
  highThresholdPercent: number;
  lowThresholdPercent: number;
  minimumAgeMs: number;
}

export class ImageGarbageCollector {
  readonly #options: ImageGarbageOptions;
  readonly #lastUsed = new Map<string, number>();

  constructor(options: ImageGarbageOptions) {
    this.#options = options;
  }

  async collect(): Promise<void> {
    const { runtime, images, clock, logger, highThresholdPercent, lowThresholdPercent, minimumAgeMs } = this.#options;
    const [{ images: present }, { containers }] = await Promise.all([
      images.listImages({}),
      runtime.listContainers({}),
    ]);
    const now = clock.now();
    const used = new Set(containers.flatMap(({ imageRef, imageId, image }) => [imageRef, imageId, image?.image ?? '']));
    const inUse = (id: string, names: readonly string[]): boolean =>
      used.has(id) || names.some((name) => used.has(name));
    for (const { id, repoTags, repoDigests } of present) {
      if (inUse(id, [...repoTags, ...repoDigests]) || !this.#lastUsed.has(id)) this.#lastUsed.set(id, now);
    }
    const mountpoint = (await images.imageFsInfo({})).imageFilesystems[0]?.fsId?.mountpoint;
    const disk = mountpoint === undefined ? undefined : await statfs(mountpoint).catch(() => undefined);
    if (disk === undefined) return;
    const capacity = disk.blocks * disk.bsize;
    const usedPercent = 100 - (disk.bavail * 100) / disk.blocks;
    if (usedPercent < highThresholdPercent) return;
    let toFree = (capacity * (100 - lowThresholdPercent)) / 100 - disk.bavail * disk.bsize;
    const candidates = present
      .filter(({ id, pinned, repoTags, repoDigests }) => !pinned && !inUse(id, [...repoTags, ...repoDigests]))
      .filter(({ id }) => now - (this.#lastUsed.get(id) ?? now) >= minimumAgeMs)
      .sort((a, b) => (this.#lastUsed.get(a.id) ?? 0) - (this.#lastUsed.get(b.id) ?? 0));
    for (const { id, size } of candidates) {
      if (toFree <= 0) break;
      await images.removeImage({ image: { image: id } });
      this.#lastUsed.delete(id);
      toFree -= Number(size);
      logger.info({ image: id }, 'removed an unused image: the disk is filling up');
    }
  }
}
