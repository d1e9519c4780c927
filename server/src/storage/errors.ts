import { StorageError } from './storage.ts';

/** etcd's default request limit, which upstream's users meet; every store takes the same. */
export const maximumValueBytes = 1.5 * 1024 * 1024;

export function tooLarge(key: string): StorageError {
  return new StorageError('tooLarge', 'etcdserver: request is too large', { key });
}

export function compacted(): StorageError {
  return new StorageError('compacted', 'etcdserver: mvcc: required revision has been compacted');
}

export function futureRevision(requested: number, current: number): StorageError {
  return new StorageError('futureRevision', `Too large resource version: ${requested}, current: ${current}`);
}

export function closed(): StorageError {
  return new StorageError('unavailable', 'the storage is closed');
}
