/** From the flags to what registries read and write: storage, measured, traced and encrypted, and the caches over it. */
import type { MetricsRegistry } from '../metrics/index.ts';
import type { StoreDefinition } from '../registry/generic/definition.ts';
import { CacherGroup } from '../storage/cacher/index.ts';
import { Encryption } from '../storage/encryption/index.ts';
import { Folders } from '../storage/folders.ts';
import { StorageMetrics, watchCachers } from '../storage/metrics.ts';
import type { Storage } from '../storage/storage.ts';
import type { Tracing } from '../tracing/index.ts';
import type { ApiserverOptions } from './config.ts';
import { openStorage } from './open-storage.ts';

export interface StoredDataDependencies {
  metrics: MetricsRegistry;
  tracing: Tracing | undefined;
  report: (error: unknown) => void;
}

export interface StoredData {
  storage: Storage;
  cachers: CacherGroup;
  encryption: Encryption;
  /** Ends in `/`, as all keys begin. */
  root: string;
  /** Tells encryption and metrics whose objects lie in a folder. */
  addFolder(definition: Pick<StoreDefinition, 'prefix' | 'resource'>): void;
  close(): Promise<void>;
}

export async function openStoredData(
  options: ApiserverOptions,
  { metrics, tracing, report }: StoredDataDependencies,
): Promise<StoredData> {
  const root = `/${options.etcdPrefix.replace(/^\/|\/$/g, '')}/`;
  const encryption = await Encryption.open(options, root, report);
  const usesEtcd = options.etcdServers.length > 0;
  const opened = await openStorage(options, metrics);
  const folders = new Folders(root);
  const resourceOf = (key: string) => folders.of(key);
  const measured = new StorageMetrics(metrics, resourceOf).measured(opened);
  const traced = tracing?.storage(measured, usesEtcd ? 'etcd3' : 'embedded', root) ?? measured;
  const storage = encryption.wrap(traced, usesEtcd);
  const cachers = new CacherGroup(storage, root);
  watchCachers(metrics, cachers, resourceOf);
  return {
    storage,
    cachers,
    encryption,
    root,
    addFolder({ prefix, resource }) {
      encryption.folder(prefix, resource);
      folders.add(prefix, resource);
    },
    async close() {
      await cachers.close();
      await storage.close();
      encryption.close();
    },
  };
}
