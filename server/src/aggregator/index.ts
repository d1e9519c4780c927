/** API aggregation: APIServices, and requests to the servers behind them. */
export { Aggregator, type AggregatorOptions } from './aggregator.ts';
export { aggregatedDocuments } from './documents.ts';
