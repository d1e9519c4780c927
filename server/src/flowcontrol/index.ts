export { ConfigConsumer } from './config-consumer.ts';
export { FlowControlDumps } from './dumps.ts';
export { ensureFlowControlObjects } from './ensure.ts';
export { withPriorityAndFairness } from './filter.ts';
export { FlowControl } from './flow-control.ts';
