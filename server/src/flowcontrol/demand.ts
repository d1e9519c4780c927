/** How many seats a priority level wanted over a period: average, deviation and peak. */

const smoothing = 0.977;

export class SeatDemand {
  average = 0;
  deviation = 0;
  highWatermark = 0;
  smoothed = 0;
  #value = 0;
  #since: number;
  #elapsed = 0;
  #integral = 0;
  #squares = 0;
  #max = 0;

  constructor(nowMs: number) {
    this.#since = nowMs;
  }

  set(value: number, nowMs: number): void {
    this.#settle(nowMs);
    this.#value = value;
    if (value > this.#max) this.#max = value;
  }

  #settle(nowMs: number): void {
    const elapsed = (nowMs - this.#since) / 1000;
    this.#since = nowMs;
    this.#elapsed += elapsed;
    this.#integral += this.#value * elapsed;
    this.#squares += this.#value * this.#value * elapsed;
  }

  /** Ends the period: its figures are taken, the next one begins. */
  endPeriod(nowMs: number): void {
    this.#settle(nowMs);
    this.highWatermark = Math.round(this.#max);
    if (this.#elapsed > 0) {
      this.average = this.#integral / this.#elapsed;
      this.deviation = Math.sqrt(Math.max(0, this.#squares / this.#elapsed - this.average * this.average));
      const envelope = this.average + this.deviation;
      this.smoothed = Math.max(envelope, smoothing * this.smoothed + (1 - smoothing) * envelope);
    }
    this.#elapsed = 0;
    this.#integral = 0;
    this.#squares = 0;
    this.#max = this.#value;
  }
}
