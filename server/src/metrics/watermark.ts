/** The highest count of the last second. */
export class Watermark {
  #current = 0;
  #highest = 0;
  #since = 0;

  enter(): void {
    this.#roll();
    this.#current++;
    if (this.#current > this.#highest) this.#highest = this.#current;
  }

  leave(): void {
    this.#current--;
  }

  read(): number {
    this.#roll();
    return this.#highest;
  }

  #roll(): void {
    const now = performance.now();
    if (now - this.#since < 1000) return;
    this.#since = now;
    this.#highest = this.#current;
  }
}
