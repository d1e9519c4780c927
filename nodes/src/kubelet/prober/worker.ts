/** One probe of one container of one pod, again and again: thresholds, delays, new incarnations of the container. */

import type { Clock, Logger, Timer } from '@typernetes/openapi/client';
import type { Container, ContainerStatus, Pod, Probe } from '@typernetes/openapi/types/core/v1';
import { isDeleted, isTerminalPhase, specOf } from '../pod/pod.ts';
import type { ProbeReport, Prober } from './prober.ts';
import type { ProbeKind, ProbeOutcome, ProbeResults } from './results.ts';

export interface ProbeWorkerOptions {
  kind: ProbeKind;
  pod: () => Pod | undefined;
  container: Container;
  probe: Probe;
  podUid: string;
  results: ProbeResults;
  prober: Prober;
  clock: Clock;
  logger: Logger;
  /** The kubelet's own newest word on the container. */
  status: () => { container: ContainerStatus | undefined; podIP: string; phase: string | undefined };
  unhealthy: (containerId: string, message: string) => void;
}

const initialOutcome: Record<ProbeKind, ProbeOutcome> = {
  liveness: 'success',
  readiness: 'failure',
  startup: 'unknown',
};
const maximumTries = 3;
const titles: Record<ProbeKind, string> = { liveness: 'Liveness', readiness: 'Readiness', startup: 'Startup' };

export const idOf = (status: ContainerStatus | undefined): string =>
  status?.containerID?.replace(/^[^:]*:\/\//, '') ?? '';

export class ProbeWorker {
  readonly #options: ProbeWorkerOptions;
  readonly #abort = new AbortController();
  #containerId = '';
  #lastOutcome: ProbeOutcome = 'unknown';
  #run = 0;
  /** A failed liveness or startup probe: nothing more until there is a new container. */
  #onHold = false;
  #timer: Timer | undefined;
  #probing = false;

  constructor(options: ProbeWorkerOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#abort.abort();
    this.#timer?.stop();
    if (this.#containerId !== '') this.#options.results.remove(this.#options.kind, this.#containerId);
  }

  /** Something about the container changed: look now rather than at the next period. */
  wake(): void {
    if (this.#probing || this.#abort.signal.aborted) return;
    const id = idOf(this.#options.status().container);
    const isNew = id !== '' && id !== this.#containerId;
    const outcome = this.#options.results.get(this.#options.kind, this.#containerId);
    if (isNew || this.#timer === undefined || (this.#options.kind === 'readiness' && outcome !== 'success'))
      this.#schedule(0);
  }

  #schedule(milliseconds: number): void {
    this.#timer?.stop();
    this.#timer = this.#options.clock.timer(milliseconds, () => void this.#tick());
  }

  async #tick(): Promise<void> {
    if (this.#probing || this.#abort.signal.aborted) return;
    this.#probing = true;
    try {
      const next = await this.#probeOnce();
      if (next !== undefined && !this.#abort.signal.aborted) this.#schedule(next);
    } catch (error) {
      this.#options.logger.warn(
        { error: error instanceof Error ? error.message : String(error) },
        'probe worker failed',
      );
      this.#schedule(this.#periodMs());
    } finally {
      this.#probing = false;
    }
  }

  #periodMs(): number {
    return (this.#options.probe.periodSeconds ?? 10) * 1000;
  }

  #set(outcome: ProbeOutcome): void {
    this.#options.results.set(this.#options.kind, this.#containerId, this.#options.podUid, outcome);
  }

  #adopt(status: ContainerStatus): void {
    const { kind, results } = this.#options;
    const id = idOf(status);
    const first = this.#containerId === '';
    if (!first) results.remove(kind, this.#containerId);
    this.#containerId = id;
    this.#onHold = false;
    this.#run = 0;
    // A kubelet that restarts must not take a container out of service that was ready when it stopped.
    const carried =
      first &&
      status.state?.running !== undefined &&
      (kind === 'readiness' ? status.ready : kind === 'startup' && status.started === true);
    this.#set(carried ? 'success' : initialOutcome[kind]);
  }

  /** Returns when to look again; undefined: never. */
  async #probeOnce(): Promise<number | undefined> {
    const { kind, probe, clock } = this.#options;
    const pod = this.#options.pod();
    const { container: status, phase } = this.#options.status();
    if (pod === undefined || isTerminalPhase(phase)) return undefined;
    if (status === undefined || idOf(status) === '') return this.#periodMs();
    if (idOf(status) !== this.#containerId) this.#adopt(status);
    if (this.#onHold) return this.#periodMs();
    const startedAt = status.state?.running?.startedAt;
    if (startedAt === undefined) {
      if (status.state?.terminated !== undefined) this.#set('failure');
      return status.state?.terminated !== undefined && specOf(pod).restartPolicy === 'Never'
        ? undefined
        : this.#periodMs();
    }
    if (isDeleted(pod) && kind !== 'readiness') {
      this.#set('success');
      return undefined;
    }
    const wait = Date.parse(startedAt) + (probe.initialDelaySeconds ?? 0) * 1000 - clock.now();
    if (wait > 0) return wait;
    const started = status.started === true;
    if (started === (kind === 'startup')) {
      // Startup has done its work; the others wait for it (started wakes them).
      return kind === 'startup' ? this.#periodMs() : Math.min(this.#periodMs(), 1000);
    }
    await this.#judge(await this.#report(pod));
    return this.#periodMs();
  }

  async #report(pod: Pod): Promise<ProbeReport> {
    const { kind, probe, container, prober, status } = this.#options;
    const target = { kind, pod, container, probe, containerId: this.#containerId, podIP: status().podIP };
    for (let tries = 1; ; tries++) {
      try {
        return await prober.probe(target, this.#abort.signal);
      } catch (error) {
        if (this.#abort.signal.aborted) return { outcome: 'unknown', output: '' };
        if (tries < maximumTries) continue;
        const output = error instanceof Error ? error.message : String(error);
        this.#options.unhealthy(
          this.#containerId,
          `${titles[kind]} probe errored and resulted in unknown state: ${output}`,
        );
        return { outcome: 'unknown', output };
      }
    }
  }

  async #judge({ outcome, output }: ProbeReport): Promise<void> {
    const { kind, probe, unhealthy } = this.#options;
    if (outcome === 'unknown' || this.#abort.signal.aborted) return;
    if (outcome === 'failure') unhealthy(this.#containerId, `${titles[kind]} probe failed: ${output}`);
    this.#run = outcome === this.#lastOutcome ? this.#run + 1 : 1;
    this.#lastOutcome = outcome;
    const threshold = outcome === 'failure' ? (probe.failureThreshold ?? 3) : (probe.successThreshold ?? 1);
    if (this.#run < threshold) return;
    this.#set(outcome);
    if (outcome === 'failure' && kind !== 'readiness') {
      this.#onHold = true;
      this.#run = 0;
    }
  }
}
