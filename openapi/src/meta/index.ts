/** What every API object and every API answer shares: metadata, kinds, selectors, quantities, names and errors. */
export * from './field-error.ts';
export * from './field-path.ts';
export * from './field-selector.ts';
export * from './generate-name.ts';
export * from './group-version.ts';
export * from './label-selector.ts';
export * from './names.ts';
export * from './object.ts';
export * from './object-meta-validation.ts';
export * from './quantity.ts';
export { marshalJson, quote } from './quote.ts';
export { newRequirement, type Requirement, SelectorError, type SelectorOperator } from './requirement.ts';
export * from './status.ts';
export * from './status-error.ts';
export * from './status-predicates.ts';
export { parseBool, parseInt64, parseInt64Problem } from './strconv.ts';
export * from './time.ts';
