/** Schemas at work: types and unknown fields, defaults, the three kinds of patch, equality of JSON values. */
export {
  checkTypes,
  duplicateFieldMessage,
  type NumberReading,
  strictDecodingError,
  type TypeCheck,
  unknownFieldMessage,
} from './check-types.ts';
export { applyDefaults } from './defaults.ts';
export { jsonTypeOf } from './go-types.ts';
export { type JsonPatchOperation, jsonPatch, maxJsonPatchOperations } from './json-patch.ts';
export { deepCopy, deepEqual, deepFreeze, isObject, isRawNumber, setOwn } from './json-value.ts';
export { createMergePatch, mergePatch } from './merge-patch.ts';
export { plainNumbers } from './plain-numbers.ts';
export { definitionName, dereference, type Resolve, refOf, type Schema } from './schema.ts';
export { createStrategicMergePatch } from './strategic-diff.ts';
export { strategicMergePatch } from './strategic-merge.ts';
export { goValue } from './strategic-metadata.ts';
export * from './typed/index.ts';
