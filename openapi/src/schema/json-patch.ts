/** RFC 6902 with the rules and answers of the library upstream uses (evanphx/json-patch v4). */
import type { JsonObject, JsonValue } from '../meta/object.ts';
import { quote } from '../meta/quote.ts';
import { badRequest, genericServerResponse, requestEntityTooLarge, StatusError } from '../meta/status-error.ts';
import { deepCopy, deepEqual, isObject, setOwn } from './json-value.ts';

export interface JsonPatchOperation {
  op: string;
  path: string;
  from?: string;
  value?: JsonValue;
}

export const maxJsonPatchOperations = 10_000;
/** What `copy` may add in all, so that a short patch cannot grow a document without end. */
const maxCopiedBytes = 3 * 1024 * 1024;

class PatchError extends Error {}

/**
 * Returns the patched document; `document` is not changed. Throws StatusError: 400 for what is no patch, 413 for too
 * many operations, 422 where an operation does not apply (its reason is the error's cause).
 */
export function jsonPatch(document: JsonValue, operations: unknown): JsonValue {
  const list = checkOperations(operations);
  const state = { root: deepCopy(document), copied: 0 };
  try {
    for (const operation of list) apply(state, operation);
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    const answer = genericServerResponse(422, '', { group: '', resource: '' }, '', error.message, 0, false);
    throw new StatusError(answer.status, { cause: error });
  }
  return state.root;
}

function checkOperations(operations: unknown): JsonPatchOperation[] {
  if (!Array.isArray(operations)) {
    const found = operations === null ? 'null' : typeof operations === 'boolean' ? 'bool' : typeof operations;
    throw badRequest(`json: cannot unmarshal ${found} into Go value of type jsonpatch.Patch`);
  }
  if (operations.length > maxJsonPatchOperations) {
    throw requestEntityTooLarge(
      `The allowed maximum operations in a JSON patch is ${maxJsonPatchOperations}, got ${operations.length}`,
    );
  }
  return operations.map((operation: unknown) => {
    if (!isObject(operation)) {
      const found = Array.isArray(operation) ? 'array' : typeof operation === 'boolean' ? 'bool' : typeof operation;
      throw badRequest(`json: cannot unmarshal ${found} into Go value of type jsonpatch.Operation`);
    }
    return operation as unknown as JsonPatchOperation;
  });
}

interface State {
  root: JsonValue;
  copied: number;
}

function apply(state: State, operation: JsonPatchOperation): void {
  const { op, path } = operation;
  if (typeof path !== 'string') throw new PatchError(`${op} operation failed to decode path: missing value`);
  switch (op) {
    case 'add':
      return add(state, path, deepCopy(operation.value ?? null), 'add');
    case 'remove':
      return remove(state, path, 'remove');
    case 'replace':
      return replace(state, path, deepCopy(operation.value ?? null));
    case 'test':
      return test(state, path, operation.value ?? null);
    case 'move': {
      const from = fromOf(operation);
      const value = lookup(state, from, 'move');
      if (path.startsWith(`${from}/`)) throw new PatchError(`cannot move ${quote(from)} into itself`);
      remove(state, from, 'move');
      return add(state, path, value, 'move');
    }
    case 'copy': {
      const value = deepCopy(lookup(state, fromOf(operation), 'copy'));
      state.copied += JSON.stringify(value).length;
      if (state.copied > maxCopiedBytes) {
        throw new PatchError(
          `Unable to complete the copy, the accumulated size increase of copy is ${state.copied}, exceeding the limit ${maxCopiedBytes}`,
        );
      }
      return add(state, path, value, 'copy');
    }
    default:
      throw new PatchError(`Unexpected kind: ${op}`);
  }
}

function fromOf(operation: JsonPatchOperation): string {
  if (typeof operation.from !== 'string')
    throw new PatchError(`${operation.op} operation failed to decode from: missing value`);
  return operation.from;
}

type Container = JsonObject | JsonValue[];

/** The container of the path's last part; undefined where the way there ends early. */
function find(state: State, path: string): { container: Container; key: string } | undefined {
  const parts = path.split('/');
  if (parts.length < 2 || parts[0] !== '') return undefined;
  const keys = parts.slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const key = keys.pop() ?? '';
  let current: JsonValue | undefined = state.root;
  for (const step of keys) {
    if (!isContainer(current)) return undefined;
    current = getMember(current, step);
  }
  return isContainer(current) ? { container: current, key } : undefined;
}

function isContainer(value: JsonValue | undefined): value is Container {
  return Array.isArray(value) || isObject(value);
}

function getMember(container: Container, key: string): JsonValue | undefined {
  if (!Array.isArray(container)) return Object.hasOwn(container, key) ? container[key] : undefined;
  return /^(?:0|[1-9]\d*)$/.test(key) ? container[Number(key)] : undefined;
}

/** Upstream counts negative indexes from the end. */
function indexOf(list: readonly JsonValue[], key: string, size: number): number {
  if (!/^-?\d+$/.test(key)) throw new PatchError(`strconv.Atoi: parsing ${quote(key)}: invalid syntax`);
  const index = Number(key) < 0 ? Number(key) + size : Number(key);
  if (index < 0 || index >= size)
    throw new PatchError(`Unable to access invalid index: ${key}: invalid index referenced`);
  return index < list.length ? index : list.length;
}

function missing(op: string, path: string): PatchError {
  return new PatchError(`${op} operation does not apply: doc is missing path: ${quote(path)}: missing value`);
}

function lookup(state: State, path: string, op: string): JsonValue {
  if (path === '') return state.root;
  const place = find(state, path);
  if (place === undefined)
    throw new PatchError(`${op} operation does not apply: doc is missing from path: ${path}: missing value`);
  const value = Array.isArray(place.container)
    ? place.container[indexOf(place.container, place.key, place.container.length)]
    : getMember(place.container, place.key);
  // Upstream's library finds nothing wrong with a member that is not there: copied, it is null.
  return value ?? null;
}

function add(state: State, path: string, value: JsonValue, op: string): void {
  if (path === '') {
    state.root = value;
    return;
  }
  const place = find(state, path);
  if (place === undefined) throw missing(op, path);
  const { container, key } = place;
  if (!Array.isArray(container)) setOwn(container, key, value);
  else if (key === '-') container.push(value);
  else container.splice(indexOf(container, key, container.length + 1), 0, value);
}

function remove(state: State, path: string, op: string): void {
  const place = find(state, path);
  if (place === undefined) throw missing(op, path);
  const { container, key } = place;
  if (Array.isArray(container)) {
    container.splice(indexOf(container, key, container.length), 1);
    return;
  }
  if (!Object.hasOwn(container, key)) {
    throw new PatchError(`error in ${op} for path: '${path}': Unable to remove nonexistent key: ${key}: missing value`);
  }
  delete container[key];
}

function replace(state: State, path: string, value: JsonValue): void {
  if (path === '') {
    state.root = value;
    return;
  }
  const place = find(state, path);
  if (place === undefined)
    throw new PatchError(`replace operation does not apply: doc is missing path: ${path}: missing value`);
  const { container, key } = place;
  if (Array.isArray(container)) {
    container[indexOf(container, key, container.length)] = value;
    return;
  }
  // As upstream, what is not there is replaced too.
  setOwn(container, key, value);
}

/** A member that is not there equals null. */
function test(state: State, path: string, expected: JsonValue): void {
  let actual: JsonValue | undefined = state.root;
  if (path !== '') {
    const place = find(state, path);
    if (place === undefined)
      throw new PatchError(`test operation does not apply: is missing path: ${path}: missing value`);
    actual = Array.isArray(place.container)
      ? place.container[indexOf(place.container, place.key, place.container.length)]
      : getMember(place.container, place.key);
  }
  if (!sameJson(actual ?? null, expected)) throw new PatchError(`testing value ${path} failed: test failed`);
}

function sameJson(left: JsonValue, right: JsonValue): boolean {
  return deepEqual([left], [right], { strict: true });
}
