/** What each version of a definition may have of its own: schema, subresources, columns, selectable fields. */
import { duplicate, type FieldError, type FieldPath, invalidValue, required, tooMany } from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import { type RuleFieldPath, ruleFieldPath } from '../cel/index.ts';
import type { PrinterColumn, ScaleSubresource, Version } from './definition.ts';
import type { Structural } from './schema/index.ts';
import { validateSchema } from './validate-schema.ts';

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const maxSelectableFields = 8;
const parts = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const;

type Given = Partial<Version>;
type Part = (typeof parts)[number];

/**
 * Upstream's internal form has what all versions share at the top, so that is where its messages say it is:
 * `spec.validation` instead of `spec.versions[0].schema`.
 */
export function sharedParts(versions: readonly Given[]): Given {
  const [first] = versions;
  const shared: Given = {};
  for (const part of parts)
    if (first?.[part] !== undefined && versions.every((version) => deepEqual(version[part], first[part])))
      Object.assign(shared, { [part]: first[part] });
  return shared;
}

export function withoutShared(version: Given, shared: Given): Given {
  const own = { ...version };
  for (const part of Object.keys(shared) as Part[]) delete own[part];
  return own;
}

/** In messages: upstream's own names for everything, null for what there is not. */
export function shownVersions(versions: readonly Given[], shared: Given): object[] {
  return versions.map((version) => {
    const own = withoutShared(version, shared);
    return {
      Name: own.name ?? '',
      Served: own.served ?? false,
      Storage: own.storage ?? false,
      Deprecated: own.deprecated ?? false,
      DeprecationWarning: own.deprecationWarning ?? null,
      Schema: own.schema ?? null,
      Subresources: own.subresources ?? null,
      AdditionalPrinterColumns: own.additionalPrinterColumns ?? null,
      SelectableFields: own.selectableFields ?? null,
    };
  });
}

/** `old`: the same version, or that of the same name as the first, before an update. */
export function validateParts(
  given: Given,
  at: FieldPath,
  { old, statusEnabled, schemaName }: { old: Given | undefined; statusEnabled: boolean; schemaName: string },
): FieldError[] {
  const schema = given.schema?.openAPIV3Schema;
  const errors: FieldError[] = [];
  if (schema !== undefined) {
    const unchanged = deepEqual(schema, old?.schema?.openAPIV3Schema);
    errors.push(...validateSchema(schema, at.child(schemaName, 'openAPIV3Schema'), { statusEnabled, unchanged }));
  }
  const scale = given.subresources?.scale;
  if (scale !== undefined) errors.push(...validateScale(scale, at.child('subresources', 'scale')));
  for (const [index, column] of (given.additionalPrinterColumns ?? []).entries())
    errors.push(...validateColumn(column, at.child('additionalPrinterColumns').index(index)));
  const fields = given.selectableFields ?? [];
  if (fields.length > 0 && schema === undefined) {
    const detail =
      schemaName === 'schema'
        ? 'may only be set when `version.schema.openAPIV3Schema` is not included'
        : 'may only be set when validations.schema is included';
    return [...errors, invalidValue(at.child('selectableFields'), '', detail)];
  }
  const tolerated = deepEqual(fields, old?.selectableFields);
  return [...errors, ...validateSelectable(fields, schema, at.child('selectableFields'), tolerated)];
}

export function validateDeprecation({ deprecated, deprecationWarning }: Given, at: FieldPath): FieldError[] {
  if (deprecationWarning === undefined) return [];
  const say = (detail: string): FieldError[] => [invalidValue(at, deprecationWarning, detail)];
  if (deprecated !== true) return say('can only be set for deprecated versions');
  if (deprecationWarning === '') return say('must not be an empty string');
  const errors = deprecationWarning.length > 256 ? say('must be <= 256 characters long') : [];
  const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(deprecationWarning);
  if (unprintable === null) return errors;
  const index = Buffer.byteLength(deprecationWarning.slice(0, unprintable.index));
  const message = `must only contain printable UTF-8 characters; non-printable character found at index ${index}`;
  return [...errors, ...say(message)];
}

function validateColumn(column: Partial<PrinterColumn>, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const oneOf = (values: readonly string[]): string => `must be one of ${values.join(',')}`;
  if (!column.name) errors.push(required(at.child('name'), ''));
  if (!column.type) errors.push(required(at.child('type'), oneOf(columnTypes)));
  else if (!columnTypes.includes(column.type))
    errors.push(invalidValue(at.child('type'), column.type, oneOf(columnTypes)));
  if (column.format && !columnFormats.includes(column.format))
    errors.push(invalidValue(at.child('format'), column.format, oneOf(columnFormats)));
  if (!column.jsonPath) return [...errors, required(at.child('JSONPath'), '')];
  return [...errors, ...simplePath(column.jsonPath, at.child('JSONPath'))];
}

function simplePath(text: string, at: FieldPath): FieldError[] {
  return text.startsWith('.') ? [] : [invalidValue(at, text, 'must be a simple json path starting with .')];
}

function validateScale(scale: ScaleSubresource, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const [field, root] of [
    ['specReplicasPath', '.spec.'],
    ['statusReplicasPath', '.status.'],
  ] as const) {
    const text = scale[field];
    const place = at.child(field);
    if (!text) errors.push(required(place, ''));
    else if (!text.startsWith('.')) errors.push(...simplePath(text, place));
    else if (!text.startsWith(root))
      errors.push(invalidValue(place, text, `should be a json path under ${root.slice(0, -1)}`));
  }
  const selector = scale.labelSelectorPath;
  if (selector) {
    const place = at.child('labelSelectorPath');
    if (!selector.startsWith('.')) errors.push(...simplePath(selector, place));
    else if (!/^\.(?:spec|status)\./.test(selector))
      errors.push(invalidValue(place, selector, 'should be a json path under either .spec or .status'));
  }
  return errors;
}

/** Selectable fields are names only: what there is to one list item is no field of the object. */
function fieldOf(jsonPath: string, schema: Structural | undefined): RuleFieldPath {
  const bracket = jsonPath.indexOf('[');
  const found = ruleFieldPath(bracket === -1 ? jsonPath : jsonPath.slice(0, bracket), schema ?? {});
  return bracket === -1 || found.error !== undefined ? found : { error: 'array notation is not allowed' };
}

/** More fields than there may be are `tolerated` where they were there before. */
function validateSelectable(
  fields: readonly { jsonPath?: string }[],
  schema: Structural | undefined,
  at: FieldPath,
  tolerated: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { jsonPath = '' }] of fields.entries()) {
    const place = at.index(index).child('jsonPath');
    if (jsonPath === '') {
      errors.push(required(place, ''));
      continue;
    }
    const found = fieldOf(jsonPath, schema);
    if (found.error !== undefined) {
      errors.push(invalidValue(place, jsonPath, `is an invalid path: ${found.error}`));
      continue;
    }
    if (/^metadata(?:[.[]|$)/.test(found.path))
      errors.push(invalidValue(place, jsonPath, 'must not point to fields in metadata'));
    if (!['string', 'boolean', 'integer'].includes(found.schema.type ?? ''))
      errors.push(
        invalidValue(
          place,
          jsonPath,
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        ),
      );
    if (seen.has(found.path)) errors.push(duplicate(place, jsonPath));
    seen.add(found.path);
  }
  if (seen.size > maxSelectableFields && !tolerated) errors.push(tooMany(at, seen.size, maxSelectableFields));
  return errors;
}
