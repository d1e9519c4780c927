/** `typernetes apiserver`. */
import process from 'node:process';
import type { Command } from 'commander';
import { loadEmbeddedStorage } from '../storage/embedded/index.ts';
import { apiserverFlags } from './flags/index.ts';
import { stderrLogger } from './logger.ts';
import { startApiserver } from './server.ts';

export { type ApiserverOptions, defaultOptions } from './config.ts';
export { type RunningApiserver, startApiserver } from './server.ts';

/** What `args`, which it is to be run with, will ask for is loaded while a supervisor may have it wait. */
export function apiserverCommand(args: readonly string[] = []): Command {
  if (args.some((arg) => arg.startsWith('--storage-dir'))) loadEmbeddedStorage().catch(() => undefined);
  return apiserverFlags(async (options) => {
    const stopping = new AbortController();
    const stop = (): void => stopping.abort();
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
    // A supervisor that died cannot ask us to stop any more.
    process.once('disconnect', stop);
    const server = await startApiserver(options, stopping.signal);
    stderrLogger.info({ url: server.url }, 'serving');
    server.ready.then(
      () => {
        process.send?.({ type: 'ready', port: server.port });
        stderrLogger.info({ ms: Math.round(performance.now()) }, 'ready');
      },
      () => {
        process.exitCode = 1;
        stop();
      },
    );
    await new Promise<void>((resolve) => {
      if (stopping.signal.aborted) resolve();
      else stopping.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await server.stop();
    if (process.connected) process.disconnect();
  });
}
