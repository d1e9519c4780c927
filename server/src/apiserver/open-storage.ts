import { mkdir } from 'node:fs/promises';
import { EmbeddedStorage } from '../storage/embedded/index.ts';
import type { Storage } from '../storage/storage.ts';
import type { ApiserverOptions } from './config.ts';

/** Embedded in a directory, or etcd. */
export async function openStorage(options: ApiserverOptions): Promise<Storage> {
  if (options.etcdServers.length > 0) {
    if (options.storageDir !== undefined) throw new Error('--storage-dir and --etcd-servers exclude each other');
    throw new Error('etcd is not wired yet');
  }
  if (options.storageDir === undefined) throw new Error('one of --etcd-servers and --storage-dir is required');
  await mkdir(options.storageDir, { recursive: true, mode: 0o700 });
  return EmbeddedStorage.open(options.storageDir);
}
