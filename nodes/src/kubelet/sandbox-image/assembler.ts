/** Machine code with labels: instructions are appended, jumps are filled in when every label has its place. */
export class MachineCode {
  readonly #bytes: number[] = [];
  readonly #labels = new Map<string, number>();
  readonly #fixups: { at: number; label: string; fill: (distance: number) => number[] }[] = [];

  label(name: string): void {
    this.#labels.set(name, this.#bytes.length);
  }

  bytes(...bytes: number[]): void {
    this.#bytes.push(...bytes);
  }

  /** A 32-bit little-endian word. */
  word(value: number): void {
    this.#bytes.push(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff);
  }

  /** `size` bytes that depend on the distance from here (their first byte) to the label. */
  jump(label: string, size: number, fill: (distance: number) => number[]): void {
    this.#fixups.push({ at: this.#bytes.length, label, fill });
    this.#bytes.push(...Array.from({ length: size }, () => 0));
  }

  assemble(): Buffer {
    for (const { at, label, fill } of this.#fixups) {
      const target = this.#labels.get(label);
      if (target === undefined) throw new RangeError(`no label ${label}`);
      for (const [index, byte] of fill(target - at).entries()) this.#bytes[at + index] = byte;
    }
    return Buffer.from(this.#bytes);
  }
}
