/** How a ratio spread over time: an observation for every nanosecond, made when the ratio changes. */
import { type Distribution, Histogram, type MetricOptions } from './instruments.ts';

export class TimingRatio {
  readonly #distribution: Distribution;
  #numerator = 0;
  #denominator = 1;
  #since: number;

  constructor(distribution: Distribution, nowMs: number) {
    this.#distribution = distribution;
    this.#since = nowMs;
  }

  add(delta: number, nowMs: number): void {
    this.settle(nowMs);
    this.#numerator += delta;
  }

  set(numerator: number, nowMs: number): void {
    this.settle(nowMs);
    this.#numerator = numerator;
  }

  setDenominator(denominator: number, nowMs: number): void {
    this.settle(nowMs);
    this.#denominator = denominator;
  }

  /** Counts the time since the last change. */
  settle(nowMs: number): void {
    const elapsed = nowMs - this.#since;
    if (elapsed <= 0) return;
    this.#since = nowMs;
    this.#distribution.observe(this.#numerator / this.#denominator, Math.round(elapsed * 1e6));
  }
}

export class TimingRatioHistogram extends Histogram {
  readonly #ratios = new Map<Distribution, TimingRatio>();
  readonly #nowMs: () => number;

  constructor(options: MetricOptions & { buckets: readonly number[] }, nowMs: () => number) {
    super({ ...options, remark: 'EXPERIMENTAL: ' });
    this.#nowMs = nowMs;
  }

  ratio(...values: string[]): TimingRatio {
    const distribution = this.with(...values);
    let ratio = this.#ratios.get(distribution);
    if (ratio === undefined) this.#ratios.set(distribution, (ratio = new TimingRatio(distribution, this.#nowMs())));
    return ratio;
  }

  override expose(): string[] {
    const now = this.#nowMs();
    for (const ratio of this.#ratios.values()) ratio.settle(now);
    return super.expose();
  }
}
