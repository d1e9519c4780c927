/** Shuffle sharding: each flow is dealt a small hand of queues, so that two flows seldom share all of theirs. */
import { hash } from 'node:crypto';

/** More of the hash would make the last card dealt uneven. */
export const maxHashBits = 60;

export function requiredEntropyBits(deckSize: number, handSize: number): number {
  return Math.ceil(Math.log2(deckSize) * handSize);
}

/** The first 64 bits of the flow's digest, little endian. */
function hashFlow(schema: string, distinguisher: string): bigint {
  return hash('sha256', `${schema}\u0000${distinguisher}`, 'buffer').readBigUInt64LE(0);
}

/** `handSize` different cards of [0, deckSize). */
export function deal(hashValue: bigint, deckSize: number, handSize: number): number[] {
  const remainders: number[] = [];
  let rest = hashValue;
  for (let index = 0; index < handSize; index++) {
    const size = BigInt(deckSize - index);
    remainders.push(Number(rest % size));
    rest /= size;
  }
  return remainders.map((remainder, index) => {
    let card = remainder;
    for (let before = index; before > 0; before--) if (card >= remainders[before - 1]!) card++;
    return card;
  });
}

/** How many hands are remembered; a cluster with more flows deals again now and then. */
const remembered = 4096;

export class Dealer {
  readonly #deckSize: number;
  readonly #handSize: number;
  readonly #hands = new Map<string, readonly number[]>();

  constructor(deckSize: number, handSize: number) {
    this.#deckSize = deckSize;
    this.#handSize = handSize;
  }

  hand(schema: string, distinguisher: string): readonly number[] {
    const key = `${schema}\u0000${distinguisher}`;
    let hand = this.#hands.get(key);
    if (hand === undefined) {
      if (this.#hands.size >= remembered) this.#hands.clear();
      hand = deal(hashFlow(schema, distinguisher), this.#deckSize, this.#handSize);
      this.#hands.set(key, hand);
    }
    return hand;
  }
}
