/** Drives one PodWorkerState per pod: works run one after another within a pod, side by side across pods. */

import type { Clock, Logger, Timer } from '@typernetes/openapi/client';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { formatPod, identityOf } from '../pod/pod.ts';
import { type PodOutcome, type PodUpdate, type PodWork, type PodWorkerPhase, PodWorkerState } from './state.ts';

export interface PodSyncer {
  /** Carries out one work; aborted when something more urgent came. Whatever it throws is a failure to be retried. */
  perform(work: PodWork, signal: AbortSignal): Promise<PodOutcome>;
}

interface Worker {
  state: PodWorkerState;
  abort: AbortController | undefined;
  timer: Timer | undefined;
  running: Promise<void> | undefined;
}

const retryMs = 10_000;

export class PodWorkers {
  readonly #syncer: PodSyncer;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #random: () => number;
  readonly #finished: (uid: string) => void;
  readonly #workers = new Map<string, Worker>();
  #stopped = false;

  constructor(options: {
    syncer: PodSyncer;
    clock: Clock;
    logger: Logger;
    random?: () => number;
    finished?: (uid: string) => void;
  }) {
    this.#syncer = options.syncer;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#random = options.random ?? Math.random;
    this.#finished = options.finished ?? (() => undefined);
  }

  update(update: PodUpdate): void {
    if (this.#stopped) return;
    const { uid } = identityOf(update.pod);
    let worker = this.#workers.get(uid);
    if (worker === undefined) {
      worker = { state: new PodWorkerState(update.pod), abort: undefined, timer: undefined, running: undefined };
      this.#workers.set(uid, worker);
    }
    if (worker.state.update(update).abort) worker.abort?.abort();
    this.#run(worker);
  }

  /** Another round for a pod that is known; nothing for others. */
  requeue(uid: string): void {
    const worker = this.#workers.get(uid);
    if (worker === undefined || this.#stopped) return;
    worker.state.requeue();
    this.#run(worker);
  }

  phase(uid: string): PodWorkerPhase | undefined {
    return this.#workers.get(uid)?.state.phase;
  }

  pod(uid: string): Pod | undefined {
    return this.#workers.get(uid)?.state.pod;
  }

  /** Containers of the pod may run or may be started. */
  couldHaveRunningContainers(uid: string): boolean {
    const phase = this.phase(uid);
    return phase === 'syncing' || phase === 'terminating';
  }

  uids(): string[] {
    return [...this.#workers.keys()];
  }

  /** Forgets finished pods that nobody asks for any more. */
  forgetFinished(wanted: ReadonlySet<string>): void {
    for (const [uid, { state, running }] of this.#workers) {
      if (state.phase === 'finished' && running === undefined && !wanted.has(uid)) this.#workers.delete(uid);
    }
  }

  #run(worker: Worker): void {
    if (worker.running !== undefined) return;
    worker.timer?.stop();
    worker.timer = undefined;
    worker.running = this.#loop(worker).finally(() => {
      worker.running = undefined;
    });
  }

  async #loop(worker: Worker): Promise<void> {
    for (let work = worker.state.next(); work !== undefined; work = worker.state.next()) {
      worker.abort = new AbortController();
      const outcome = await this.#perform(work, worker.abort.signal);
      worker.abort = undefined;
      if (this.#stopped) return;
      const { requeueAfterMs } = worker.state.done(outcome);
      if (worker.state.phase === 'finished') this.#finished(identityOf(worker.state.pod).uid);
      if (requeueAfterMs === undefined) continue;
      if (requeueAfterMs <= 0) worker.state.requeue();
      else {
        worker.timer?.stop();
        worker.timer = this.#clock.timer(requeueAfterMs, () => {
          worker.state.requeue();
          this.#run(worker);
        });
      }
    }
  }

  async #perform(work: PodWork, signal: AbortSignal): Promise<PodOutcome> {
    try {
      return await this.#syncer.perform(work, signal);
    } catch (error) {
      if (signal.aborted) return { type: 'failed', requeueAfterMs: 0 };
      this.#logger.warn(
        { pod: formatPod(work.pod), work: work.type, error: error instanceof Error ? error.message : String(error) },
        'error syncing pod',
      );
      return { type: 'failed', requeueAfterMs: retryMs * (1 + this.#random() / 2) };
    }
  }

  /** Aborts what is under way and waits for it; containers stay as they are. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const worker of this.#workers.values()) {
      worker.timer?.stop();
      worker.abort?.abort();
    }
    await Promise.all([...this.#workers.values()].map(async ({ running }) => running));
  }
}
