import type * as module from './storage.ts';
import type { EmbeddedStorageOptions, EmbeddedStorage as Storage } from './storage.ts';

export type { EmbeddedStorageOptions } from './storage.ts';
export type { CompactionPolicy } from './upkeep.ts';

export type EmbeddedStorage = Storage;

/** LMDB is native code: only who opens a store loads it. */
export const EmbeddedStorage = {
  async open(directory: string, options?: EmbeddedStorageOptions): Promise<EmbeddedStorage> {
    const storage = await loadEmbeddedStorage();
    return storage.EmbeddedStorage.open(directory, options);
  },
};

/** Opening waits for it anyway; it may be loaded while there is time. */
export function loadEmbeddedStorage(): Promise<typeof module> {
  return import('./storage.ts');
}
