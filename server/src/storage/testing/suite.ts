/** The one suite every Storage runs: its tests are the contract of `storage.ts`. */
import { describe } from 'node:test';
import type { Storage } from '../storage.ts';
import { compactionTests } from './compaction-suite.ts';
import { historyTests } from './history-suite.ts';
import { readTests } from './read-suite.ts';
import { watchTests } from './watch-suite.ts';
import { writeTests } from './write-suite.ts';

export interface StorageFixture {
  storage: Storage;
  /** A folder that ends in `/`, empty, which no other test writes to. */
  prefix: string;
  /** Ends everything the factory started for this test. */
  close: () => Promise<void>;
}

export type StorageFactory = () => Promise<StorageFixture>;

export interface SuiteOptions {
  /** Why the whole suite is skipped, where it is. */
  skip?: string | undefined;
  /** Random histories to try; default 30. */
  histories?: number;
}

export function storageSuite(name: string, factory: StorageFactory, options: SuiteOptions = {}): void {
  void describe(name, { skip: options.skip ?? false }, () => {
    writeTests(factory);
    readTests(factory);
    watchTests(factory);
    compactionTests(factory);
    historyTests(factory, options.histories ?? 30);
  });
}

/** Runs `body` on a fresh fixture and closes it whatever happens. */
export async function withFixture(
  factory: StorageFactory,
  body: (fixture: StorageFixture) => Promise<void>,
): Promise<void> {
  const fixture = await factory();
  try {
    await body(fixture);
  } finally {
    await fixture.close();
  }
}

export const bytes = (text: string): Buffer => Buffer.from(text);

/** For assert.rejects. */
export const code =
  (expected: string) =>
  (error: unknown): boolean =>
    error instanceof Error && 'code' in error && error.code === expected;
