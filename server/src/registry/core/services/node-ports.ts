import type { AllocatorMetrics, Scope } from './metrics.ts';
import type { RangeRegistry } from './ranges.ts';

export interface PortRange {
  first: number;
  size: number;
}

/** `30000-32767`, both ends included; also `30000+100`. */
export function parsePortRange(text: string): PortRange {
  const match = /^\s*(\d+)\s*([-+])\s*(\d+)\s*$/.exec(text);
  const first = Number(match?.[1]);
  const second = Number(match?.[3]);
  const last = match?.[2] === '+' ? first + second : second;
  if (!match || first > last || last > 65535) throw new Error(`${JSON.stringify(text)} is not a range of ports`);
  return { first, size: last - first + 1 };
}

export type AllocationErrorCode = 'allocated' | 'full' | 'notInRange';

/** Why a port or an address cannot be had; the message is what clients read. */
export class AllocationError extends Error {
  readonly code: AllocationErrorCode;

  constructor(code: AllocationErrorCode, message: string) {
    super(message);
    this.name = 'AllocationError';
    this.code = code;
  }
}

/** Gives out ports of a range. The lower part of the range is left to those who ask for a port by number (KEP-3668). */
export class NodePortAllocator {
  readonly range: PortRange;
  readonly #ranges: RangeRegistry;
  readonly #random: () => number;
  readonly #used: () => Promise<Iterable<number>>;
  readonly #metrics: AllocatorMetrics | undefined;
  #seeded: Promise<void> | undefined;

  /** `used`: the ports that Services hold, read once to take over a range that has no record yet. */
  constructor(
    range: PortRange,
    ranges: RangeRegistry,
    used: () => Promise<Iterable<number>>,
    random: () => number,
    metrics?: AllocatorMetrics,
  ) {
    this.range = range;
    this.#metrics = metrics;
    this.#ranges = ranges;
    this.#used = used;
    this.#random = random;
  }

  allocate(port: number): Promise<void> {
    return this.#counted('static', () => this.#allocate(port));
  }

  async #allocate(port: number): Promise<void> {
    const { first, size } = this.range;
    if (port < first || port >= first + size) {
      const message = `provided port is not in the valid range. The range of valid ports is ${first}-${first + size - 1}`;
      throw new AllocationError('notInRange', message);
    }
    await this.#change((bitmap) => {
      if (has(bitmap, port - first)) throw new AllocationError('allocated', 'provided port is already allocated');
      set(bitmap, port - first, true);
    });
  }

  allocateNext(): Promise<number> {
    const { first, size } = this.range;
    return this.#counted('dynamic', () =>
      this.#change((bitmap) => {
        const offset = freeOffset(bitmap, size, this.#random);
        if (offset === undefined) throw new AllocationError('full', 'range is full');
        set(bitmap, offset, true);
        return first + offset;
      }),
    );
  }

  #counted<T>(scope: Scope, allocate: () => Promise<T>): Promise<T> {
    return this.#metrics === undefined ? allocate() : this.#metrics.port(scope, allocate);
  }

  /** Ports outside the range and ports that are free already are passed over. */
  async release(ports: readonly number[]): Promise<void> {
    const offsets = ports
      .map((port) => port - this.range.first)
      .filter((offset) => offset >= 0 && offset < this.range.size);
    if (offsets.length === 0) return;
    await this.#change((bitmap) => {
      for (const offset of offsets) set(bitmap, offset, false);
    });
  }

  async has(port: number): Promise<boolean> {
    await this.#seed();
    return has((await this.#ranges.read()).bitmap, port - this.range.first);
  }

  /** All allocated ports, ascending. */
  async allocated(): Promise<number[]> {
    await this.#seed();
    const { bitmap } = await this.#ranges.read();
    const { first, size } = this.range;
    return Array.from({ length: size }, (_, offset) => offset)
      .filter((offset) => has(bitmap, offset))
      .map((offset) => first + offset);
  }

  /** Marks ports that Services hold although the record does not know. */
  async adopt(ports: Iterable<number>): Promise<void> {
    await this.#swap((bitmap) => this.#mark(bitmap, ports));
  }

  #seed(): Promise<void> {
    this.#seeded ??= this.#takeOver().catch((error: unknown) => {
      this.#seeded = undefined;
      throw error;
    });
    return this.#seeded;
  }

  async #takeOver(): Promise<void> {
    const { bitmap } = await this.#ranges.read();
    if (bitmap.length > 0) return;
    await this.adopt(await this.#used());
  }

  #mark(bitmap: Uint8Array, ports: Iterable<number>): void {
    const { first, size } = this.range;
    for (const port of ports) if (port >= first && port < first + size) set(bitmap, port - first, true);
  }

  async #change<T>(change: (bitmap: Uint8Array) => T): Promise<T> {
    await this.#seed();
    return this.#swap(change);
  }

  async #swap<T>(change: (bitmap: Uint8Array) => T): Promise<T> {
    for (;;) {
      const { bitmap, version } = await this.#ranges.read();
      const next = new Uint8Array(Math.ceil(this.range.size / 8));
      next.set(bitmap.subarray(0, next.length));
      const result = change(next);
      if (await this.#ranges.swap(next, version)) return result;
    }
  }
}

/** How many of the lowest offsets dynamic allocation leaves alone while it can. */
export function reservedOffsets(size: number): number {
  if (size <= 16) return 0;
  return Math.min(Math.max(16, Math.floor(size / 32)), 128);
}

function freeOffset(bitmap: Uint8Array, size: number, random: () => number): number | undefined {
  const reserved = reservedOffsets(size);
  return freeWithin(bitmap, reserved, size, random) ?? freeWithin(bitmap, 0, reserved, random);
}

/** The first free offset of [start, end) from a random one on, round the end. */
function freeWithin(bitmap: Uint8Array, start: number, end: number, random: () => number): number | undefined {
  const length = end - start;
  const from = Math.floor(random() * length);
  for (let step = 0; step < length; step++) {
    const offset = start + ((from + step) % length);
    if (!has(bitmap, offset)) return offset;
  }
  return undefined;
}

function has(bitmap: Uint8Array, offset: number): boolean {
  return (((bitmap[offset >> 3] ?? 0) >> (offset & 7)) & 1) === 1;
}

function set(bitmap: Uint8Array, offset: number, on: boolean): void {
  const byte = bitmap[offset >> 3] ?? 0;
  bitmap[offset >> 3] = on ? byte | (1 << (offset & 7)) : byte & ~(1 << (offset & 7));
}
