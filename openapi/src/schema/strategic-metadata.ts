/** What a schema says about merging a field (upstream: LookupPatchMeta), and the words of strategic patches. */
import type { JsonValue } from '../meta/object.ts';
import { badRequest, genericServerResponse, StatusError } from '../meta/status-error.ts';
import { isObject, isRawNumber } from './json-value.ts';
import { definitionName, dereference, type Resolve, refOf, type Schema } from './schema.ts';
import { describeNumber } from './typed/path-element.ts';

export const directiveMarker = '$patch';
export const retainKeysDirective = '$retainKeys';
export const deletePrimitivePrefix = '$deleteFromPrimitiveList';
export const setElementOrderPrefix = '$setElementOrder';

export interface FieldMerge {
  /** `merge`, `replace` or empty, which merges maps and replaces lists. */
  readonly strategy: string;
  readonly retainKeys: boolean;
  /** Empty: a list of scalars, or one that cannot be merged. */
  readonly mergeKey: string;
  /** Of the map's members, or of the list's items. Undefined where the schema knows nothing. */
  readonly schema: Schema | undefined;
  /** For messages. */
  readonly name: string;
}

export class SchemaLookup {
  readonly #resolve: Resolve;

  constructor(resolve: Resolve) {
    this.#resolve = resolve;
  }

  field(schema: Schema | undefined, key: string, shape: 'map' | 'list'): FieldMerge {
    const parent = dereference(schema, this.#resolve);
    let property =
      parent?.properties === undefined || !Object.hasOwn(parent.properties, key) ? undefined : parent.properties[key];
    if (property === undefined && typeof parent?.additionalProperties === 'object')
      property = parent.additionalProperties;
    const strategies = (property?.['x-kubernetes-patch-strategy'] ?? '')
      .split(',')
      .filter((strategy) => strategy !== '');
    const rest = strategies.filter((strategy) => strategy !== 'retainKeys');
    if (rest.length > 1) throw internal(`unexpected patch strategy: [${strategies.join(' ')}]`);
    const members = shape === 'list' ? dereference(property, this.#resolve)?.items : property;
    return {
      strategy: rest[0] ?? '',
      retainKeys: rest.length < strategies.length,
      mergeKey: property?.['x-kubernetes-patch-merge-key'] ?? '',
      schema: dereference(members, this.#resolve),
      name:
        members === undefined
          ? key
          : (definitionName(refOf(members) ?? members.type ?? key)
              .split('.')
              .at(-1) ?? key),
    };
  }
}

function internal(message: string): Error {
  return new Error(message);
}

/** Upstream answers 400 to these and 500 to the rest; we answer 400 to all that the client caused. */
export const strategicErrors = {
  primitiveList: (): StatusError => badRequest('invalid patch format of primitive list'),
  retainKeys: (): StatusError => badRequest('invalid patch format of retainKeys'),
  setElementOrder: (): StatusError => badRequest('invalid patch format of setElementOrder list'),
  noListOfLists: (): StatusError => {
    const answer = genericServerResponse(
      422,
      '',
      { group: '', resource: '' },
      '',
      'lists of lists are not supported',
      0,
      false,
    );
    return new StatusError(answer.status);
  },
  noMergeKey: (item: JsonValue, mergeKey: string): StatusError =>
    badRequest(`map: ${goValue(item)} does not contain declared merge key: ${mergeKey}`),
  badType: (expected: 'map' | 'list', actual: JsonValue | undefined): StatusError =>
    badRequest(
      `expected a ${expected === 'map' ? 'map[string]interface {}' : '[]interface {}'}, but received a ${goTypeName(actual)}`,
    ),
  badDirective: (directive: JsonValue, patch: JsonValue): StatusError =>
    badRequest(`unknown patch type: ${goValue(directive)} in map: ${goValue(patch)}`),
  other: (message: string): StatusError => badRequest(message),
};

/** Go's %v of a decoded JSON value. */
export function goValue(value: JsonValue | undefined): string {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return describeNumber(value);
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goValue).join(' ')}]`;
  if (isRawNumber(value)) return value.rawJSON;
  if (typeof value !== 'object') return String(value);
  const members = Object.keys(value).sort();
  return `map[${members.map((key) => `${key}:${goValue(value[key])}`).join(' ')}]`;
}

function goTypeName(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return '%!s(<nil>)';
  if (Array.isArray(value)) return '[]interface {}';
  if (isObject(value)) return 'map[string]interface {}';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return typeof value === 'number' && !Number.isInteger(value) ? 'float64' : 'int64';
}

export type ElementKind = 'map' | 'list' | 'scalar';

/** The one kind all items share; undefined where there are no items. Throws where they differ. */
export function elementKind(...lists: readonly JsonValue[][]): ElementKind | undefined {
  let first: string | undefined;
  for (const list of lists) {
    for (const item of list) {
      const type = goTypeName(item);
      first ??= type;
      if (first === '[]interface {}') throw strategicErrors.noListOfLists();
      if (first === type) continue;
      throw strategicErrors.other(
        `list element types are not identical: [${lists.map((each) => goValue(each)).join(' ')}]`,
      );
    }
  }
  if (first === undefined) return undefined;
  return first === 'map[string]interface {}' ? 'map' : 'scalar';
}

/** Tells 1, "1" and true apart, and makes values comparable as Go compares interface values. */
export function identity(value: JsonValue | undefined): string {
  return value === undefined ? 'undefined' : `${typeof value}:${goValue(value)}`;
}
