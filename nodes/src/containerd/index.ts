/** Which runtime there is, and one of our own where there is none. */
export { type ContainerdOptions, type RunningContainerd, startContainerd } from './containerd.ts';
export { findProgram, findRuntimeSocket, missingForContainers } from './machine.ts';
export { removeEmptyNat, removeRemains } from './remains.ts';
