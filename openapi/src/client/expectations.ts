/**
 * What a controller has asked for and not yet seen in its cache. Until it has, its cache is too old to count on, and a
 * reconcile must not create or delete again. Expectations that are never met expire (a lost event must not block for
 * ever).
 */
import { type Clock, systemClock } from './clock.ts';

const expirationMs = 5 * 60 * 1000;

interface Expectation {
  creations: number;
  /** UIDs (or other identities) whose deletion is to be seen. */
  readonly deletions: Set<string>;
  at: number;
}

export class Expectations {
  readonly #clock: Clock;
  readonly #expected = new Map<string, Expectation>();

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Nothing is outstanding for the key, or it has expired. */
  satisfied(key: string): boolean {
    const expectation = this.#expected.get(key);
    if (!expectation) return true;
    if (expectation.creations <= 0 && expectation.deletions.size === 0) return true;
    return this.#clock.now() - expectation.at > expirationMs;
  }

  expectCreations(key: string, count: number): void {
    this.#expected.set(key, { creations: count, deletions: new Set(), at: this.#clock.now() });
  }

  expectDeletions(key: string, identities: readonly string[]): void {
    this.#expected.set(key, { creations: 0, deletions: new Set(identities), at: this.#clock.now() });
  }

  /** Both at once, for controllers that create and delete in one reconcile. */
  expect(key: string, creations: number, deletions: readonly string[]): void {
    this.#expected.set(key, { creations, deletions: new Set(deletions), at: this.#clock.now() });
  }

  /** A creation was seen, or failed and will never be. */
  creationObserved(key: string, count = 1): void {
    const expectation = this.#expected.get(key);
    if (expectation) expectation.creations -= count;
  }

  deletionObserved(key: string, identity: string): void {
    this.#expected.get(key)?.deletions.delete(identity);
  }

  delete(key: string): void {
    this.#expected.delete(key);
  }
}
