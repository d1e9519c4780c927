import { mkdir, readFile } from 'node:fs/promises';
import type { MetricsRegistry } from '../metrics/index.ts';
import { EmbeddedStorage } from '../storage/embedded/index.ts';
import type { Storage } from '../storage/storage.ts';
import type { ApiserverOptions } from './config.ts';

/** Embedded in a directory, or etcd. */
export async function openStorage(options: ApiserverOptions, metrics: MetricsRegistry): Promise<Storage> {
  if (options.etcdServers.length === 0) {
    if (options.storageDir === undefined) throw new Error('one of --etcd-servers and --storage-dir is required');
    await mkdir(options.storageDir, { recursive: true, mode: 0o700 });
    return EmbeddedStorage.open(options.storageDir);
  }
  if (options.storageDir !== undefined) throw new Error('--storage-dir and --etcd-servers exclude each other');
  // etcd's client is large: nobody else waits for it.
  const { EtcdStorage, etcdMetrics } = await import('../storage/etcd/index.ts');
  const read = async (file: string | undefined) => (file === undefined ? undefined : readFile(file));
  const [ca, cert, key] = await Promise.all([
    read(options.etcdCafile),
    read(options.etcdCertfile),
    read(options.etcdKeyfile),
  ]);
  return EtcdStorage.connect({
    endpoints: options.etcdServers,
    observer: etcdMetrics(metrics),
    compactionIntervalMs: options.etcdCompactionIntervalMs,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
}
