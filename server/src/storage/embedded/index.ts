export type { EmbeddedStorageOptions } from './storage.ts';
export { EmbeddedStorage } from './storage.ts';
export type { CompactionPolicy } from './upkeep.ts';
