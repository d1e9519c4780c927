export { Cacher } from './cacher.ts';
export type { RingLimits } from './event-ring.ts';
export type { CacherGroupOptions } from './group.ts';
export { CacherGroup } from './group.ts';
