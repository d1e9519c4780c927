import { delay, type Running } from '@typernetes/openapi/client';
import type { ControllerContext } from './context.ts';

/** Runs something again and again, `periodMs` after it has ended; the first time at once. */
export function periodic(
  context: ControllerContext,
  options: {
    name: string;
    periodMs: number;
    synced: readonly Promise<unknown>[];
    run: (signal: AbortSignal) => Promise<void>;
  },
): Running {
  const stopping = new AbortController();
  const { signal } = stopping;
  const stopped = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => stopped.resolve());
  const ready = Promise.race([Promise.all(options.synced), stopped.promise]).then(() => undefined);
  const loop = ready.then(async () => {
    while (!signal.aborted) {
      try {
        await options.run(signal);
      } catch (error) {
        if (!signal.aborted) context.logger.warn({ controller: options.name, error: String(error) }, 'run failed');
      }
      await delay(context.clock, options.periodMs, signal);
    }
  });
  return {
    ready,
    stop: async () => {
      stopping.abort();
      await loop;
    },
  };
}
