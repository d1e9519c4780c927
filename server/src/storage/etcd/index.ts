export type { EtcdStorageOptions } from './storage.ts';
export { EtcdStorage } from './storage.ts';
