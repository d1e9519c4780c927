/** Figures of one operation under load: how many a second, and how long each took. */

export interface Figures {
  count: number;
  seconds: number;
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  max: number;
}

/** `total` calls by `clients` at a time. A failing call fails the measurement. */
export async function underLoad(
  total: number,
  clients: number,
  call: (index: number) => Promise<void>,
): Promise<Figures> {
  const times: number[] = [];
  let next = 0;
  const started = performance.now();
  const worker = async (): Promise<void> => {
    for (let index = next++; index < total; index = next++) {
      const begun = performance.now();
      await call(index);
      times.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: clients }, worker));
  return figures(times, (performance.now() - started) / 1000);
}

export function figures(times: readonly number[], seconds: number): Figures {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    count: sorted.length,
    seconds,
    perSecond: sorted.length / seconds,
    p50: at(0.5),
    p99: at(0.99),
    max: sorted.at(-1) ?? 0,
  };
}
