/** What tests of storages, and tests that need a storage, use. */

export { temporaryDirectory } from './directory.ts';
export { Recorder } from './recorder.ts';
export type { StorageFactory, StorageFixture, SuiteOptions } from './suite.ts';
export { storageSuite } from './suite.ts';
