/** The public face of the storage room. */

export * from './cacher/index.ts';
export type { Clock } from './clock.ts';
export { systemClock } from './clock.ts';
export * from './embedded/index.ts';
export * from './etcd/index.ts';
export * from './storage.ts';
