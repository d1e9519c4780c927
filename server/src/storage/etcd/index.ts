import type { EtcdStorageOptions, EtcdStorage as Storage } from './storage.ts';

export { etcdMetrics } from './metrics.ts';
export type { EtcdStorageOptions } from './storage.ts';

export type EtcdStorage = Storage;

/** Loading etcd's client takes longer than opening an embedded store, so only who connects loads it. */
export const EtcdStorage = {
  /** Throws `unavailable` if no endpoint answers in time. */
  async connect(options: EtcdStorageOptions): Promise<EtcdStorage> {
    const storage = await import('./storage.ts');
    return storage.EtcdStorage.connect(options);
  },
};
