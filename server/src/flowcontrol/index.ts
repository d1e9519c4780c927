/** API priority and fairness: who waits for a seat, in which queue, and for how long. */
export { ConfigConsumer } from './config-consumer.ts';
export { FlowControlDumps } from './dumps.ts';
export { ensureFlowControlObjects } from './ensure.ts';
export { withPriorityAndFairness } from './filter.ts';
export { FlowControl } from './flow-control.ts';
