/** What every component's process does around its work: start, tell the supervisor, stop on a signal. */
import process from 'node:process';
import { destination, type Level, type Logger as PinoLogger, pino } from 'pino';

export interface Component {
  ready: Promise<void>;
  /** Settles when the component has ended by itself, such as after losing its lease. */
  ended?: Promise<void>;
  stop(): Promise<void>;
}

/** JSON lines on standard error. `verbosity` is upstream's -v: 0 to 2 say what matters, 4 and more everything. */
export function componentLogger(name: string, verbosity: number): PinoLogger {
  const level: Level = verbosity >= 4 ? 'debug' : 'info';
  return pino({ name, level }, destination(2));
}

/** Runs until SIGTERM, SIGINT or its own end; resolves when all has stopped. */
export async function runProcess(start: (signal: AbortSignal) => Promise<Component>): Promise<void> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
  const component = await start(stopping.signal);
  const stopped = new Promise<void>((resolve) => {
    if (stopping.signal.aborted) resolve();
    else stopping.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  component.ready.then(
    () => {
      if (!stopping.signal.aborted) process.send?.({ type: 'ready' });
    },
    () => stop(),
  );
  await Promise.race([stopped, component.ended ?? stopped]);
  stop();
  await component.stop();
  await component.ready;
  if (process.connected) process.disconnect();
}
