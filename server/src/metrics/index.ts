/** Counters, gauges and histograms, and the text that `/metrics` makes of them. */
export { showBuild } from './build.ts';
export * from './instruments.ts';
export * from './registry.ts';
export { restClientMetrics } from './rest-client.ts';
export type { MetricRestrictions } from './restrictions.ts';
export * from './timing-ratio.ts';
export * from './watermark.ts';
export * from './work-queues.ts';
