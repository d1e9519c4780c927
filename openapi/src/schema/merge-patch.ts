/** RFC 7386: null deletes, objects merge, everything else replaces. */
import type { JsonObject, JsonValue } from '../meta/object.ts';
import { badRequest } from '../meta/status-error.ts';
import { deepCopy, deepEqual, isObject, setOwn } from './json-value.ts';

/** Returns a new document and changes neither argument. Throws a 400 where the patch is no object. */
export function mergePatch(document: JsonValue, patch: unknown): JsonValue {
  if (!isObject(patch)) {
    const found = Array.isArray(patch)
      ? 'array'
      : typeof patch === 'boolean'
        ? 'bool'
        : patch === null
          ? 'null'
          : typeof patch;
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${found} into Go value of type map[string]interface {}`,
    );
  }
  return merge(document, patch);
}

function merge(document: JsonValue | undefined, patch: JsonObject): JsonObject {
  const result: JsonObject = {};
  const base = isObject(document) ? document : {};
  for (const [key, value] of Object.entries(base)) {
    if (!Object.hasOwn(patch, key)) setOwn(result, key, deepCopy(value));
    else setMerged(result, key, value, patch[key]);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (!Object.hasOwn(base, key)) setMerged(result, key, undefined, value);
  }
  return result;
}

function setMerged(
  result: JsonObject,
  key: string,
  current: JsonValue | undefined,
  patch: JsonValue | undefined,
): void {
  if (patch === null || patch === undefined) return;
  if (isObject(patch)) setOwn(result, key, merge(current, patch));
  else setOwn(result, key, isObject(current) ? deepCopy(patch) : withoutNullMembers(patch));
}

/** As upstream's library has it: maps inside of lists lose what is null, unless the list takes the place of a map. */
function withoutNullMembers(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNullMembers);
  return isObject(value) ? merge(undefined, value) : value;
}

/** The patch that turns `original` into `modified`; empty where nothing differs. */
export function createMergePatch(original: JsonObject, modified: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const [key, value] of Object.entries(modified)) {
    const before = Object.hasOwn(original, key) ? original[key] : undefined;
    if (isObject(before) && isObject(value)) {
      const inner = createMergePatch(before, value);
      if (Object.keys(inner).length > 0) setOwn(patch, key, inner);
    } else if (before === undefined || !deepEqual([before], [value], { strict: true })) {
      setOwn(patch, key, deepCopy(value));
    }
  }
  for (const key of Object.keys(original)) if (!Object.hasOwn(modified, key)) setOwn(patch, key, null);
  return patch;
}
