/** Rotates logs of running containers: renamed with a time, older ones compressed, the oldest removed. */
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Clock } from '@typernetes/openapi/client';
import type { RuntimeService } from 'cri-client';

export interface RotationOptions {
  runtime: RuntimeService;
  clock: Clock;
  maximumBytes: number;
  /** Files per container, the current one included. */
  maximumFiles: number;
}

const stamp = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');

export class LogRotation {
  readonly #options: RotationOptions;

  constructor(options: RotationOptions) {
    this.#options = options;
  }

  async rotateAll(): Promise<void> {
    const { runtime } = this.#options;
    const { containers } = await runtime.listContainers({ filter: { state: { state: 'CONTAINER_RUNNING' } } });
    for (const { id } of containers) {
      const { status } = await runtime.containerStatus({ containerId: id }).catch(() => ({ status: undefined }));
      if (status !== undefined && status.logPath !== '') await this.#rotate(id, status.logPath);
    }
  }

  async #rotate(containerId: string, path: string): Promise<void> {
    const { runtime, clock, maximumBytes } = this.#options;
    const size = await stat(path).then(
      (info) => info.size,
      () => 0,
    );
    if (size < maximumBytes) return;
    await this.#tidy(path);
    const rotated = `${path}.${stamp(clock.now())}`;
    await rename(path, rotated);
    try {
      await runtime.reopenContainerLog({ containerId });
    } catch (error) {
      // The container goes on writing to the file that it has open.
      await rename(rotated, path);
      throw error;
    }
  }

  /** The newest rotated file stays as it is, for readers of both files; older ones are compressed. */
  async #tidy(path: string): Promise<void> {
    const folder = dirname(path);
    const names = (await readdir(folder))
      .filter((name) => name.startsWith(`${basename(path)}.`) && !name.endsWith('.tmp'))
      .sort();
    const keep = this.#options.maximumFiles - 2;
    for (const name of names.splice(0, Math.max(0, names.length - keep))) await rm(join(folder, name), { force: true });
    for (const name of names.filter((candidate) => !candidate.endsWith('.gz'))) {
      const source = join(folder, name);
      await pipeline(createReadStream(source), createGzip(), createWriteStream(`${source}.tmp`));
      await rename(`${source}.tmp`, `${source}.gz`);
      await rm(source, { force: true });
    }
  }
}
