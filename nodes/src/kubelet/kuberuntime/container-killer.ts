/** Ends containers: preStop hook, SIGTERM, and SIGKILL when the grace period is over; sidecars after those they serve. */

import type { Clock, Logger } from '@typernetes/openapi/client';
import { delay } from '@typernetes/openapi/client';
import type { Container, Pod } from '@typernetes/openapi/types/core/v1';
import { type CriConnection, isCriError } from 'cri-client';
import { findContainer, isRestartableInit, specOf } from '../pod/pod.ts';
import type { RuntimeContainer } from '../pod/runtime-status.ts';
import { restoreFromLabels } from './labels.ts';
import type { LifecycleRunner } from './lifecycle.ts';
import type { KillReason } from './pod-actions.ts';
import type { PodEvents } from './pod-events.ts';

export interface KillerOptions {
  cri: Pick<CriConnection, 'runtime'>;
  clock: Clock;
  logger: Logger;
  events: PodEvents;
  lifecycle: LifecycleRunner;
}

/** Whatever time is left: a moment to hear the signal. */
const minimumGraceSeconds = 2;

function gracePeriod(pod: Pod, container: Container, reason: KillReason): number {
  const deletion = pod.metadata?.deletionGracePeriodSeconds;
  if (deletion !== undefined) return deletion;
  const probe =
    reason === 'startupProbe'
      ? container.startupProbe
      : reason === 'livenessProbe'
        ? container.livenessProbe
        : undefined;
  return probe?.terminationGracePeriodSeconds ?? specOf(pod).terminationGracePeriodSeconds ?? minimumGraceSeconds;
}

export class ContainerKiller {
  readonly #options: KillerOptions;

  constructor(options: KillerOptions) {
    this.#options = options;
  }

  async kill(
    pod: Pod,
    { id, name }: Pick<RuntimeContainer, 'id' | 'name'>,
    why: { message: string; reason: KillReason },
    signal: AbortSignal,
    graceOverride?: number,
    turn?: Promise<void>,
  ): Promise<void> {
    const { clock, cri, events, lifecycle, logger } = this.#options;
    let container = findContainer(pod, name);
    let owner = pod;
    if (container === undefined) {
      const { status } = await cri.runtime.containerStatus({ containerId: id });
      ({ pod: owner, container } = restoreFromLabels(status?.labels ?? {}, status?.annotations ?? {}));
    }
    let grace = graceOverride ?? gracePeriod(owner, container, why.reason);
    const started = clock.now();
    const spent = (): number => Math.floor((clock.now() - started) / 1000);
    events.record(owner, container, 'Normal', 'Killing', why.message || `Stopping container ${name}`);
    const hook = container.lifecycle?.preStop;
    if (hook !== undefined && grace > 0) {
      const limit = new AbortController();
      const stopWaiting = AbortSignal.any([signal, limit.signal]);
      const run = lifecycle.run(hook, owner, container, id, [], stopWaiting).catch((error: unknown) => {
        logger.debug(
          { container: name, error: error instanceof Error ? error.message : String(error) },
          'preStop hook failed',
        );
        events.record(owner, container, 'Warning', 'FailedPreStopHook', 'PreStopHook failed');
      });
      await Promise.race([run, delay(clock, grace * 1000, stopWaiting)]);
      limit.abort();
    }
    if (turn !== undefined && grace > spent())
      await Promise.race([turn, delay(clock, (grace - spent()) * 1000, signal)]);
    grace = Math.max(grace - spent(), minimumGraceSeconds);
    signal.throwIfAborted();
    try {
      await cri.runtime.stopContainer(
        { containerId: id, timeout: BigInt(grace) },
        { signal, timeoutMs: (grace + 120) * 1000 },
      );
    } catch (error) {
      if (!isCriError(error, 'NOT_FOUND')) throw error;
    }
  }

  /** Regular containers at once; each sidecar when the containers and the sidecars after it have ended. */
  async killAll(
    pod: Pod,
    running: readonly RuntimeContainer[],
    graceOverride: number | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const sidecars = (specOf(pod).initContainers ?? []).filter(isRestartableInit).map(({ name }) => name);
    const why = { message: '', reason: '' as const };
    const isSidecar = ({ name }: RuntimeContainer): boolean => sidecars.includes(name);
    let before: Promise<unknown> = Promise.all(
      running
        .filter((container) => !isSidecar(container))
        .map((container) => this.kill(pod, container, why, signal, graceOverride)),
    );
    const all = [before];
    for (const container of running
      .filter(isSidecar)
      .sort((a, b) => sidecars.indexOf(b.name) - sidecars.indexOf(a.name))) {
      const turn = before.then(
        () => undefined,
        () => undefined,
      );
      const killed = this.kill(pod, container, why, signal, graceOverride, turn);
      before = Promise.allSettled([before, killed]);
      all.push(killed);
    }
    await Promise.all(all);
  }
}
