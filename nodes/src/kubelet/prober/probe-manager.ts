/** All probes of all pods of the node. */

import type { Clock, Logger } from '@typernetes/openapi/client';
import type { ContainerStatus, Pod, PodStatus } from '@typernetes/openapi/types/core/v1';
import type { PodEvents } from '../kuberuntime/pod-events.ts';
import { identityOf, isRestartableInit, specOf } from '../pod/pod.ts';
import type { Prober } from './prober.ts';
import { type ProbeKind, type ProbeListener, ProbeResults } from './results.ts';
import { idOf, ProbeWorker } from './worker.ts';

export interface ProbeManagerOptions {
  prober: Prober;
  clock: Clock;
  logger: Logger;
  events: PodEvents;
  /** The newest status that the kubelet has decided on. */
  statusOf: (uid: string) => PodStatus | undefined;
  podOf: (uid: string) => Pod | undefined;
  changed: ProbeListener;
}

const kinds: readonly ProbeKind[] = ['liveness', 'readiness', 'startup'];

export class ProbeManager {
  readonly results: ProbeResults;
  readonly #options: ProbeManagerOptions;
  /** Pod uid → `kind container` → worker. */
  readonly #workers = new Map<string, Map<string, ProbeWorker>>();

  constructor(options: ProbeManagerOptions) {
    this.#options = options;
    this.results = new ProbeResults((change) => {
      options.changed(change);
      if (change.kind === 'startup') this.wake(change.podUid);
    });
  }

  /** Starts what is not running yet. */
  addPod(pod: Pod): void {
    const { uid } = identityOf(pod);
    const spec = specOf(pod);
    for (const container of [...spec.containers, ...(spec.initContainers ?? []).filter(isRestartableInit)]) {
      for (const kind of kinds) {
        const probe = container[`${kind}Probe`];
        if (probe === undefined) continue;
        const workers = this.#workers.get(uid) ?? new Map<string, ProbeWorker>();
        this.#workers.set(uid, workers);
        const key = `${kind} ${container.name}`;
        if (workers.has(key)) continue;
        const { prober, clock, logger, events, statusOf, podOf } = this.#options;
        const worker = new ProbeWorker({
          kind,
          container,
          probe,
          podUid: uid,
          prober,
          clock,
          logger,
          results: this.results,
          pod: () => podOf(uid),
          status: () => {
            const status = statusOf(uid);
            const all: ContainerStatus[] = [
              ...(status?.containerStatuses ?? []),
              ...(status?.initContainerStatuses ?? []),
            ];
            return {
              container: all.find(({ name }) => name === container.name),
              podIP: status?.podIP ?? '',
              phase: status?.phase,
            };
          },
          unhealthy: (_, message) => events.record(pod, container, 'Warning', 'Unhealthy', message),
        });
        workers.set(key, worker);
        worker.wake();
      }
    }
  }

  /** The pod's status changed: containers may be new, or have started. */
  wake(uid: string): void {
    for (const worker of this.#workers.get(uid)?.values() ?? []) worker.wake();
  }

  /** A pod that ends is not killed for failing liveness; its readiness still counts. */
  stopLivenessAndStartup(uid: string): void {
    for (const [key, worker] of this.#workers.get(uid) ?? new Map<string, ProbeWorker>()) {
      if (key.startsWith('readiness ')) continue;
      worker.stop();
      this.#workers.get(uid)?.delete(key);
    }
  }

  removePod(uid: string): void {
    for (const worker of this.#workers.get(uid)?.values() ?? []) worker.stop();
    this.#workers.delete(uid);
  }

  /**
   * `started` and `ready` of a running container. Before the first result of a kubelet that has just started, what the
   * API says of the same container stands: it must not go out of service for our restart.
   */
  evaluate(pod: Pod, containerId: string, name: string): { started: boolean; ready: boolean } {
    const spec = specOf(pod);
    const container = [...spec.containers, ...(spec.initContainers ?? [])].find((candidate) => candidate.name === name);
    const known = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find(
      (status) => idOf(status) === containerId,
    );
    const passed = (kind: ProbeKind, before: boolean): boolean => {
      if (container?.[`${kind}Probe`] === undefined) return true;
      const result = this.results.get(kind, containerId);
      return result === undefined ? before : result === 'success';
    };
    const started = passed('startup', known?.started === true);
    return { started, ready: started && passed('readiness', known?.ready === true) };
  }

  stop(): void {
    for (const uid of this.#workers.keys()) this.removePod(uid);
  }
}
