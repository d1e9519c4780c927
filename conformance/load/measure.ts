/** Figures of one operation under load: how many a second, how long each took, and what the server spent on it. */

/** What one round of a workload gave. */
export interface Sample {
  /** Of each call, in milliseconds. */
  times: readonly number[];
  seconds: number;
  /** Bytes of all bodies that were received. */
  bytes: number;
}

export interface Figures {
  count: number;
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  max: number;
  /** Of the server's CPU per call, where its process is known. */
  cpuMs: number | undefined;
  megabytesPerSecond: number;
}

/** Gathers rounds. */
export class Measurement {
  readonly #times: number[] = [];
  #seconds = 0;
  #bytes = 0;
  #cpuMs = 0;

  add({ times, seconds, bytes }: Sample, cpuMs: number): void {
    for (const time of times) this.#times.push(time);
    this.#seconds += seconds;
    this.#bytes += bytes;
    this.#cpuMs += cpuMs;
  }

  figures(): Figures {
    const sorted = this.#times.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return {
      count: sorted.length,
      perSecond: sorted.length / this.#seconds,
      p50: at(0.5),
      p99: at(0.99),
      max: sorted.at(-1) ?? 0,
      cpuMs: Number.isNaN(this.#cpuMs) ? undefined : this.#cpuMs / sorted.length,
      megabytesPerSecond: this.#bytes / 1e6 / this.#seconds,
    };
  }
}
