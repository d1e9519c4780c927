/** Runtimes of our own behind CRI. There is one: containers that are timers. */
export * from './simulated/index.ts';
