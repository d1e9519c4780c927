/** Pod addresses out of the node's pod CIDR (IPv4), lowest free one first after the last given. */

function toNumber(address: string): number {
  return address.split('.').reduce((value, part) => value * 256 + Number(part), 0);
}
const toText = (value: number): string => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

export class AddressPool {
  #base: number;
  #size: number;
  #next = 2;
  readonly #taken = new Set<number>();

  constructor(cidr: string) {
    [this.#base, this.#size] = AddressPool.#parse(cidr);
  }

  static #parse(cidr: string): [number, number] {
    const [address = '', bits = '24'] = cidr.split('/');
    if (!/^\d+\.\d+\.\d+\.\d+$/.test(address)) throw new RangeError(`${cidr} is no IPv4 CIDR`);
    const size = 2 ** (32 - Number(bits));
    return [Math.floor(toNumber(address) / size) * size, size];
  }

  /** Addresses given before stay as they are. */
  setCidr(cidr: string): void {
    [this.#base, this.#size] = AddressPool.#parse(cidr);
    this.#next = 2;
  }

  /** undefined when every address is taken. */
  take(): string | undefined {
    for (let tried = 0; tried < this.#size; tried++) {
      const offset = this.#next;
      this.#next = this.#next + 1 >= this.#size - 1 ? 2 : this.#next + 1;
      if (offset < this.#size - 1 && !this.#taken.has(this.#base + offset)) {
        this.#taken.add(this.#base + offset);
        return toText(this.#base + offset);
      }
    }
    return undefined;
  }

  give(address: string): void {
    this.#taken.delete(toNumber(address));
  }
}
