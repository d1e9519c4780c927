/** The generic registry: one RegistryStore per resource, over Storage, with a Strategy for what is special. */
export * from './definition.ts';
export * from './entry-view.ts';
export * from './loopback.ts';
export * from './options.ts';
export * from './rest.ts';
export * from './store.ts';
export * from './strategy.ts';
export * from './table.ts';
export * from './watch.ts';
