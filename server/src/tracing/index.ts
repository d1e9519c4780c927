/** Traces of requests, behind --tracing-config-file. Without it nothing of this folder but `traced` and `propagated` is called. */
export * from './propagation.ts';
export * from './span.ts';
export type { Tracing } from './tracing.ts';
