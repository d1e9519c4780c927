import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Clock, LeaderElector, type Logger, type RestClient } from '@typernetes/openapi/client';
import type { LeaderElectionFlags } from './flags.ts';
import type { Component } from './process.ts';

/**
 * Runs `start` at once, or while holding the lease. A component that loses its lease ends for good, as upstream: its
 * process is started anew with a clean state.
 */
export function startLeading(options: {
  flags: LeaderElectionFlags;
  client: RestClient;
  clock: Clock;
  logger: Logger;
  start: (signal: AbortSignal) => Component;
  /** Told whether this process holds the lease, where it needs one. */
  leads?: (holds: boolean) => void;
  signal?: AbortSignal | undefined;
}): Component {
  const { flags, client, clock, logger, start, leads } = options;
  const stopping = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopping.signal]) : stopping.signal;
  const ready = Promise.withResolvers<void>();
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const lead = async (leading: AbortSignal): Promise<void> => {
    if (flags.leaderElect) leads?.(true);
    const work = start(leading);
    work.ready.then(ready.resolve, ready.reject);
    await new Promise<void>((resolve) => {
      if (leading.aborted) resolve();
      else leading.addEventListener('abort', () => resolve(), { once: true });
    });
    if (flags.leaderElect) leads?.(false);
    await work.stop();
  };
  if (flags.leaderElect) leads?.(false);
  const elector = new LeaderElector(client, {
    namespace: flags.leaderElectResourceNamespace,
    name: flags.leaderElectResourceName,
    identity: `${hostname()}_${randomUUID()}`,
    leaseDurationMs: flags.leaderElectLeaseDuration,
    renewDeadlineMs: flags.leaderElectRenewDeadline,
    retryPeriodMs: flags.leaderElectRetryPeriod,
    clock,
    logger,
  });
  // Waiting for the lease is a healthy state: who stands by is ready.
  if (flags.leaderElect) ready.resolve();
  const running = flags.leaderElect ? elector.run(lead, signal).then(() => undefined) : lead(signal);
  return {
    ready: Promise.race([ready.promise, aborted]),
    ended: running,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
