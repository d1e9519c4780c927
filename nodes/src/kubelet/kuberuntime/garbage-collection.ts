/** Removes what nobody needs: dead containers but the newest of each name, stopped sandboxes without containers, logs of pods that are gone. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@typernetes/openapi/client';
import { type Container, isCriError, type RuntimeService } from 'cri-client';
import { uidOfLogDirectory } from '../logs/paths.ts';
import { containerNameLabel, podUidLabel } from './labels.ts';

export interface GarbageOptions {
  runtime: RuntimeService;
  logger: Logger;
  logsDirectory: string;
  /** The pod is to be left as it is: it exists, or it is being ended. */
  isKept: (uid: string) => boolean;
}

/** Dead containers to be removed: all of pods that are gone, all but the newest per name of the others. */
function deadContainers(containers: readonly Container[], isKept: (uid: string) => boolean): Container[] {
  const seen = new Set<string>();
  return [...containers]
    .sort((a, b) => Number(b.createdAt - a.createdAt))
    .filter(({ state, labels }) => {
      const uid = labels[podUidLabel];
      if (uid === undefined || state === 'CONTAINER_RUNNING') return false;
      if (!isKept(uid)) return true;
      if (state !== 'CONTAINER_EXITED') return false;
      const key = `${uid}/${labels[containerNameLabel]}`;
      if (!seen.has(key)) {
        seen.add(key);
        return false;
      }
      return true;
    });
}

export class GarbageCollector {
  readonly #options: GarbageOptions;

  constructor(options: GarbageOptions) {
    this.#options = options;
  }

  async #removeContainer({ id, labels, metadata }: Container): Promise<void> {
    const { runtime, logsDirectory } = this.#options;
    await runtime.removeContainer({ containerId: id }).catch(ignoreNotFound);
    const uid = labels[podUidLabel] ?? '';
    for (const folder of await readdir(logsDirectory).catch(() => [])) {
      if (uidOfLogDirectory(folder) !== uid) continue;
      const path = join(logsDirectory, folder, labels[containerNameLabel] ?? '');
      for (const name of await readdir(path).catch(() => [])) {
        if (name.startsWith(`${metadata?.attempt ?? 0}.log`)) await rm(join(path, name), { force: true });
      }
    }
  }

  async collect(): Promise<void> {
    const { runtime, logger, isKept } = this.#options;
    const { containers } = await runtime.listContainers({});
    for (const container of deadContainers(containers, isKept)) {
      await this.#removeContainer(container).catch((error: unknown) =>
        logger.debug({ id: container.id, error: String(error) }, 'a dead container cannot be removed yet'),
      );
    }
    const [{ items }, left] = await Promise.all([runtime.listPodSandbox({}), runtime.listContainers({})]);
    const inUse = new Set(left.containers.map(({ podSandboxId }) => podSandboxId));
    const newest = new Map<string, { id: string; createdAt: bigint }>();
    for (const { id, labels, createdAt } of items) {
      const uid = labels[podUidLabel] ?? '';
      if ((newest.get(uid)?.createdAt ?? -1n) < createdAt) newest.set(uid, { id, createdAt });
    }
    for (const { id, state, labels } of items) {
      const uid = labels[podUidLabel];
      if (uid === undefined || state === 'SANDBOX_READY' || inUse.has(id)) continue;
      if (isKept(uid) && newest.get(uid)?.id === id) continue;
      await runtime
        .stopPodSandbox({ podSandboxId: id })
        .then(() => runtime.removePodSandbox({ podSandboxId: id }))
        .catch(ignoreNotFound);
    }
    await this.#removeLogs(isKept);
  }

  async #removeLogs(isKept: (uid: string) => boolean): Promise<void> {
    const { logsDirectory } = this.#options;
    for (const folder of await readdir(logsDirectory).catch(() => [])) {
      const uid = uidOfLogDirectory(folder);
      if (uid !== undefined && !isKept(uid)) await rm(join(logsDirectory, folder), { recursive: true, force: true });
    }
  }

  /** Everything of one pod that has ended and is gone from the API. */
  async removePod(uid: string): Promise<void> {
    const { runtime, logsDirectory } = this.#options;
    const filter = { labelSelector: { [podUidLabel]: uid } };
    const [{ items }, { containers }] = await Promise.all([
      runtime.listPodSandbox({ filter }),
      runtime.listContainers({ filter }),
    ]);
    for (const { id } of containers) await runtime.removeContainer({ containerId: id }).catch(ignoreNotFound);
    for (const { id } of items) {
      await runtime.stopPodSandbox({ podSandboxId: id }).catch(ignoreNotFound);
      await runtime.removePodSandbox({ podSandboxId: id }).catch(ignoreNotFound);
    }
    for (const folder of await readdir(logsDirectory).catch(() => [])) {
      if (uidOfLogDirectory(folder) === uid) await rm(join(logsDirectory, folder), { recursive: true, force: true });
    }
  }
}

function ignoreNotFound(error: unknown): void {
  if (!isCriError(error, 'NOT_FOUND')) throw error;
}
