export { applyStructuralDefaults } from './defaulting.ts';
export { asGoMap } from './go-map.ts';
export { JsonPath } from './json-path.ts';
export { validateListTypes } from './list-types.ts';
export { coerceMetadata, coerceObject, coercePart, resourceErrors, validateEmbedded } from './object-meta.ts';
export { compilePattern } from './pattern.ts';
export { prune } from './prune.ts';
export { additionalSchema, type Structural, validateStructural } from './structural.ts';
export { validateDefault, validateValue } from './validate.ts';
