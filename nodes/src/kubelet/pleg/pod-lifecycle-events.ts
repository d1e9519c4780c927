/**
 * PodLifecycleEventGenerator: says which pods changed in the runtime. It listens to the runtime's events where there are
 * any, and compares lists: every second without events, every five minutes with them.
 */
import { type Clock, delay, type Logger } from '@typernetes/openapi/client';
import { type Container, isCriError, type PodSandbox, type RuntimeService } from 'cri-client';
import { podNameLabel, podNamespaceLabel, podUidLabel } from '../kuberuntime/labels.ts';
import type { PodIdentity } from '../pod/pod.ts';

export interface RuntimePod extends PodIdentity {
  sandboxes: PodSandbox[];
  containers: Container[];
}

export interface PlegOptions {
  runtime: RuntimeService;
  clock: Clock;
  logger: Logger;
  /** Something about the pod's sandboxes or containers is not as it was. */
  changed: (uid: string) => void;
}

const relistMs = { polled: 1000, evented: 300_000 };
const unhealthyAfterMs = 180_000;

export class PodLifecycleEventGenerator {
  readonly #options: PlegOptions;
  #pods = new Map<string, RuntimePod>();
  #signatures = new Map<string, string>();
  #evented = false;
  #lastRelist = 0;
  #wake: (() => void) | undefined;

  constructor(options: PlegOptions) {
    this.#options = options;
  }

  /** Pods as of the last list. */
  get pods(): ReadonlyMap<string, RuntimePod> {
    return this.#pods;
  }

  healthy(): boolean {
    return this.#evented || this.#options.clock.now() - this.#lastRelist < unhealthyAfterMs;
  }

  /** Lists now; rejects when the runtime does not answer. */
  async relist(): Promise<void> {
    const { runtime, clock, changed } = this.#options;
    const [{ items }, { containers }] = await Promise.all([runtime.listPodSandbox({}), runtime.listContainers({})]);
    const pods = new Map<string, RuntimePod>();
    const podOf = (labels: Record<string, string>): RuntimePod | undefined => {
      const uid = labels[podUidLabel];
      if (uid === undefined) return undefined;
      const known = pods.get(uid);
      if (known !== undefined) return known;
      const pod = {
        uid,
        name: labels[podNameLabel] ?? '',
        namespace: labels[podNamespaceLabel] ?? '',
        sandboxes: [],
        containers: [],
      };
      pods.set(uid, pod);
      return pod;
    };
    for (const sandbox of items) podOf(sandbox.labels)?.sandboxes.push(sandbox);
    for (const container of containers) podOf(container.labels)?.containers.push(container);
    const signatures = new Map([...pods].map(([uid, pod]) => [uid, signature(pod)]));
    const before = this.#signatures;
    this.#pods = pods;
    this.#signatures = signatures;
    this.#lastRelist = clock.now();
    for (const uid of new Set([...before.keys(), ...signatures.keys()]))
      if (before.get(uid) !== signatures.get(uid)) changed(uid);
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#listen(signal), this.#poll(signal)]);
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    let failed = false;
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
    while (!signal.aborted) {
      try {
        await this.relist();
        failed = false;
      } catch (error) {
        if (!failed)
          logger.warn(
            { error: error instanceof Error ? error.message : String(error) },
            'the runtime does not list its pods',
          );
        failed = true;
      }
      const wait = new AbortController();
      this.#wake = () => wait.abort();
      await delay(clock, this.#evented ? relistMs.evented : relistMs.polled, wait.signal);
    }
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { runtime, clock, logger, changed } = this.#options;
    while (!signal.aborted) {
      try {
        const stream = runtime.getContainerEvents({}, { signal });
        this.#evented = true;
        for await (const { podSandboxStatus } of stream) {
          const uid = podSandboxStatus?.labels[podUidLabel];
          if (uid !== undefined) changed(uid);
        }
      } catch (error) {
        if (isCriError(error, 'UNIMPLEMENTED')) {
          this.#evented = false;
          this.#wake?.();
          return;
        }
        if (!signal.aborted)
          logger.warn({ error: error instanceof Error ? error.message : String(error) }, 'container events ended');
      }
      this.#evented = false;
      // What was missed meanwhile is found by a list.
      this.#wake?.();
      await delay(clock, 1000, signal);
    }
  }
}

const signature = ({ sandboxes, containers }: RuntimePod): string =>
  [...sandboxes, ...containers]
    .map(({ id, state }) => `${id}=${state}`)
    .sort()
    .join(' ');
