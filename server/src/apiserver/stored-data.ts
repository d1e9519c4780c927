/** From the flags to what registries read and write: storage, measured, traced and encrypted, and the caches over it. */
import type { HealthCheck } from '../endpoints/health.ts';
import type { MetricsRegistry } from '../metrics/index.ts';
import type { StoreDefinition } from '../registry/generic/definition.ts';
import { CacherGroup } from '../storage/cacher/index.ts';
import { Encryption } from '../storage/encryption/index.ts';
import { Folders } from '../storage/folders.ts';
import { StorageMetrics, watchCachers } from '../storage/metrics.ts';
import type { Storage } from '../storage/storage.ts';
import type { Tracing } from '../tracing/index.ts';
import type { ApiserverOptions } from './config.ts';
import { openStorages } from './open-storage.ts';
import { type Place, PlacedCachers } from './storage-overrides.ts';

export interface StoredDataDependencies {
  metrics: MetricsRegistry;
  tracing: Tracing | undefined;
  report: (error: unknown) => void;
}

export interface StoredData {
  /** Of all that has no other. */
  storage: Storage;
  /** Those of some resources (--etcd-servers-overrides). */
  others: readonly Storage[];
  cachers: PlacedCachers;
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
  const opened = await openStorages(options, metrics);
  const folders = new Folders(root);
  const resourceOf = (key: string) => folders.of(key);
  const storageMetrics = new StorageMetrics(metrics, resourceOf);
  const place = (bare: Storage): Place => {
    const measured = storageMetrics.measured(bare);
    const traced = tracing?.storage(measured, usesEtcd ? 'etcd3' : 'embedded', root) ?? measured;
    const storage = encryption.wrap(traced, usesEtcd);
    return { storage, cachers: new CacherGroup(storage, root) };
  };
  const main = place(opened.main);
  const others = opened.others.map(({ storage, resources }) => ({ ...place(storage), resources }));
  const cachers = new PlacedCachers(main, others);
  watchCachers(metrics, cachers, resourceOf);
  return {
    storage: main.storage,
    others: others.map(({ storage }) => storage),
    cachers,
    encryption,
    root,
    addFolder({ prefix, resource }) {
      encryption.folder(prefix, resource);
      folders.add(prefix, resource);
    },
    async close() {
      await cachers.close();
      encryption.close();
    },
  };
}

/** Whether the storages answer within so many milliseconds; the first is that of most resources. */
export function storageChecks({ storage, others }: StoredData, limitMs: number): [HealthCheck, ...HealthCheck[]] {
  const checkOf = (name: string, each: Storage): HealthCheck => ({
    name,
    check: async () => void (await each.currentRevision(AbortSignal.timeout(limitMs))),
  });
  return [checkOf('etcd', storage), ...others.map((other, index) => checkOf(`etcd-override-${index}`, other))];
}
