import type { Clock } from './clock.ts';

export const defaultProgressIntervalMs = 5000;

/** Calls `tick` after each interval for as long as it answers true; the function returned cancels. */
export function repeatWhile(clock: Clock, intervalMs: number, tick: () => boolean): () => void {
  let cancel: () => void = () => undefined;
  const again = (): void => {
    cancel = clock.after(intervalMs, () => {
      if (tick()) again();
    });
  };
  again();
  return () => cancel();
}
