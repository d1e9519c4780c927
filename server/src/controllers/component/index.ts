export {
  addSharedFlags,
  booleanFlag,
  durationFlag,
  integerFlag,
  type LeaderElectionFlags,
  type SharedFlags,
} from './flags.ts';
export { startLeading } from './leading.ts';
export { ComponentMetrics } from './metrics.ts';
export { type Component, componentLogger, runProcess } from './process.ts';
export { type Serving, serve, serveComponent } from './serving.ts';
