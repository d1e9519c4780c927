/** What tests of storages, and tests that need a storage, use. */

export { temporaryDirectory } from './directory.ts';
export { EtcdServer, etcdMissing } from './etcd-server.ts';
export { FaultyStorage } from './faulty-storage.ts';
export { ManualClock } from './manual-clock.ts';
export { Recorder } from './recorder.ts';
export type { StorageFactory, StorageFixture, SuiteOptions } from './suite.ts';
export { storageSuite } from './suite.ts';
