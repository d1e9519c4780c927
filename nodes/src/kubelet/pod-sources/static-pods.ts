/** Static pods: manifests in a folder, run without asking anyone. Their uid and name come from the file and the node. */
import { createHash } from 'node:crypto';
import { watch } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Logger, Timer } from '@typernetes/openapi/client';
import { yamlSerializer } from '@typernetes/openapi/codec';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { configHashAnnotation, configSourceAnnotation } from '../pod/pod.ts';

export interface StaticPodHandlers {
  put(pod: Pod): void;
  remove(pod: Pod): void;
}

const rescanMs = 20_000;

function staticPod(manifest: Pod, file: string, nodeName: string): Pod {
  const hash = createHash('md5')
    .update(JSON.stringify(manifest))
    .update(`host:${nodeName}`)
    .update(`file:${file}`)
    .digest('hex');
  const metadata = manifest.metadata ?? {};
  return {
    ...manifest,
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      name: `${metadata.name ?? ''}-${nodeName.toLowerCase()}`,
      namespace: metadata.namespace || 'default',
      uid: metadata.uid || hash,
      annotations: { ...metadata.annotations, [configHashAnnotation]: hash, [configSourceAnnotation]: 'file' },
    },
    spec: {
      ...manifest.spec,
      containers: manifest.spec?.containers ?? [],
      nodeName,
      enableServiceLinks: manifest.spec?.enableServiceLinks ?? true,
      tolerations: [...(manifest.spec?.tolerations ?? []), { effect: 'NoExecute', operator: 'Exists' }],
    },
    status: { phase: 'Pending' },
  };
}

export class StaticPodSource {
  readonly #folder: string;
  readonly #nodeName: string;
  readonly #handlers: StaticPodHandlers;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #pods = new Map<string, Pod>();
  #scanning: Promise<void> = Promise.resolve();

  constructor(options: {
    folder: string;
    nodeName: string;
    handlers: StaticPodHandlers;
    clock: Clock;
    logger: Logger;
  }) {
    this.#folder = options.folder;
    this.#nodeName = options.nodeName;
    this.#handlers = options.handlers;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** Scans at changes and every 20 s. Resolves after the first scan. */
  async start(signal: AbortSignal): Promise<void> {
    const rescan = (): void => {
      this.#scanning = this.#scanning.then(() => this.#scan());
    };
    await this.#scan();
    const watcher = watch(this.#folder, { persistent: false }, rescan);
    watcher.on('error', (error) =>
      this.#logger.warn({ error: error.message }, 'cannot watch the folder of static pods'),
    );
    let timer: Timer;
    const again = (): void => {
      rescan();
      timer = this.#clock.timer(rescanMs, again);
    };
    timer = this.#clock.timer(rescanMs, again);
    signal.addEventListener('abort', () => {
      watcher.close();
      timer.stop();
    });
  }

  async #scan(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    const found = new Map<string, Pod>();
    for (const name of names.filter((candidate) => !candidate.startsWith('.') && /\.(ya?ml|json)$/.test(candidate))) {
      const path = join(this.#folder, name);
      try {
        const manifest = yamlSerializer.decode(await readFile(path)).object as Pod;
        if (manifest.kind !== 'Pod') throw new TypeError('no Pod');
        const pod = staticPod(manifest, path, this.#nodeName);
        found.set(pod.metadata?.uid ?? '', pod);
      } catch (error) {
        this.#logger.warn(
          { path, error: error instanceof Error ? error.message : String(error) },
          'cannot read the manifest of a static pod',
        );
      }
    }
    for (const [uid, pod] of this.#pods) {
      if (found.has(uid)) continue;
      this.#pods.delete(uid);
      this.#handlers.remove(pod);
    }
    for (const [uid, pod] of found) {
      if (this.#pods.has(uid)) continue;
      this.#pods.set(uid, pod);
      this.#handlers.put(pod);
    }
  }
}
