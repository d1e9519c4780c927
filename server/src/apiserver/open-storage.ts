import { mkdir, readFile } from 'node:fs/promises';
import type { MetricsRegistry } from '../metrics/index.ts';
import { EmbeddedStorage } from '../storage/embedded/index.ts';
import type { Storage } from '../storage/storage.ts';
import type { ApiserverOptions } from './config.ts';
import { parseEtcdServersOverrides } from './storage-overrides.ts';

export interface OpenedStorages {
  main: Storage;
  /** For resources that have an etcd of their own: `group/resource`, or `group/*`. */
  others: { storage: Storage; resources: ReadonlySet<string> }[];
}

/** Embedded in a directory, or etcd. */
export async function openStorages(options: ApiserverOptions, metrics: MetricsRegistry): Promise<OpenedStorages> {
  const overrides = parseEtcdServersOverrides(options.etcdServersOverrides);
  if (options.etcdServers.length === 0) {
    if (options.storageDir === undefined) throw new Error('one of --etcd-servers and --storage-dir is required');
    if (overrides.length > 0) throw new Error('--etcd-servers-overrides needs --etcd-servers');
    await mkdir(options.storageDir, { recursive: true, mode: 0o700 });
    return { main: await EmbeddedStorage.open(options.storageDir), others: [] };
  }
  if (options.storageDir !== undefined) throw new Error('--storage-dir and --etcd-servers exclude each other');
  const connect = await etcdConnector(options, metrics);
  const opened: Storage[] = [];
  try {
    for (const endpoints of [options.etcdServers, ...overrides.map(({ servers }) => servers)])
      opened.push(await connect(endpoints));
  } catch (error) {
    await Promise.all(opened.map((storage) => storage.close()));
    throw error;
  }
  const [main, ...others] = opened as [Storage, ...Storage[]];
  return {
    main,
    others: others.map((storage, index) => ({ storage, resources: overrides[index]!.resources })),
  };
}

/** All etcds are spoken to with one identity. */
async function etcdConnector(options: ApiserverOptions, metrics: MetricsRegistry) {
  // etcd's client is large: nobody else waits for it.
  const { EtcdStorage, etcdMetrics } = await import('../storage/etcd/index.ts');
  const read = async (file: string | undefined) => (file === undefined ? undefined : readFile(file));
  const identity = async () => {
    const [cert, key] = await Promise.all([read(options.etcdCertfile), read(options.etcdKeyfile)]);
    return { cert, key };
  };
  // What cannot be read is told at once, not as a connection that fails.
  const [ca] = await Promise.all([read(options.etcdCafile), identity()]);
  const observer = etcdMetrics(metrics);
  return (endpoints: readonly string[]): Promise<Storage> =>
    EtcdStorage.connect({
      endpoints,
      observer,
      compactionIntervalMs: options.etcdCompactionIntervalMs,
      identity,
      ...(ca === undefined ? {} : { ca }),
    });
}
