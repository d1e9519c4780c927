/** A CIDR cut into equal parts that are handed out and taken back. Pure. */
import ipaddr from 'ipaddr.js';

export class CidrSet {
  readonly family: 'IPv4' | 'IPv6';
  readonly #base: bigint;
  readonly #bits: number;
  readonly #prefix: number;
  readonly #mask: number;
  readonly #count: number;
  readonly #used = new Set<number>();
  #next = 0;

  /** @param mask prefix length of each part, such as 24 */
  constructor(cidr: string, mask: number) {
    const { base, bits, prefix } = parse(cidr);
    if (mask < prefix || mask > bits) throw new Error(`node CIDR mask size ${mask} does not fit cluster CIDR ${cidr}`);
    if (mask - prefix > 16)
      throw new Error(`cluster CIDR ${cidr} and node CIDR mask size ${mask} differ by more than 16 bits`);
    this.family = bits === 32 ? 'IPv4' : 'IPv6';
    this.#base = base;
    this.#bits = bits;
    this.#prefix = prefix;
    this.#mask = mask;
    this.#count = 2 ** (mask - prefix);
  }

  /** The next free part, going round; undefined: none is free. */
  allocate(): string | undefined {
    if (this.#used.size >= this.#count) return undefined;
    while (this.#used.has(this.#next)) this.#next = (this.#next + 1) % this.#count;
    const index = this.#next;
    this.#used.add(index);
    this.#next = (index + 1) % this.#count;
    return this.#format(index);
  }

  /** Marks every part that overlaps as used. Outside of this set: nothing happens. */
  occupy(cidr: string): void {
    for (const index of this.#overlapping(cidr)) this.#used.add(index);
  }

  release(cidr: string): void {
    for (const index of this.#overlapping(cidr)) this.#used.delete(index);
  }

  *#overlapping(cidr: string): Generator<number> {
    const { base, bits, prefix } = parse(cidr);
    if (bits !== this.#bits) return;
    const size = 1n << BigInt(bits - prefix);
    const partSize = 1n << BigInt(this.#bits - this.#mask);
    const end = this.#base + (1n << BigInt(this.#bits - this.#prefix));
    const first = base > this.#base ? base : this.#base;
    const last = base + size < end ? base + size : end;
    for (let address = first - ((first - this.#base) % partSize); address < last; address += partSize)
      yield Number((address - this.#base) / partSize);
  }

  #format(index: number): string {
    let address = this.#base + (BigInt(index) << BigInt(this.#bits - this.#mask));
    const bytes: number[] = [];
    for (let i = 0; i < this.#bits / 8; i++) {
      bytes.unshift(Number(address & 0xffn));
      address >>= 8n;
    }
    return `${ipaddr.fromByteArray(bytes).toString()}/${this.#mask}`;
  }
}

function parse(cidr: string): { base: bigint; bits: number; prefix: number } {
  const [address, prefix] = ipaddr.parseCIDR(cidr);
  const bytes = address.toByteArray();
  const bits = bytes.length * 8;
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const hostBits = BigInt(bits - prefix);
  return { base: (value >> hostBits) << hostBits, bits, prefix };
}
