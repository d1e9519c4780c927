/** Schemas of definitions against upstream's rules: what may be written at all, defaults, lists that are sets or maps. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '@typernetes/openapi/meta';
import { deepCopy } from '@typernetes/openapi/schema';
import { prune, type Structural, validateListTypes, validateStructural, validateValue } from './schema/index.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const unsupported = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const;
const atRoot = new Set([
  'description',
  'type',
  'format',
  'title',
  'maximum',
  'exclusiveMaximum',
  'minimum',
  'exclusiveMinimum',
  'maxLength',
  'minLength',
  'pattern',
  'maxItems',
  'minItems',
  'uniqueItems',
  'multipleOf',
  'required',
  'items',
  'properties',
  'externalDocs',
  'example',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
]);
const atRootNames =
  '[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations]';

export interface SchemaRules {
  statusEnabled: boolean;
  /** Whether x-kubernetes-validations can be evaluated; otherwise a schema with them is refused. */
  rulesSupported: boolean;
}

export function validateSchema(schema: Structural, at: FieldPath, rules: SchemaRules): FieldError[] {
  const errors: FieldError[] = [];
  if (rules.statusEnabled) {
    const bad = Object.keys(schema).find((name) => !atRoot.has(name));
    if ((schema.type ?? '') !== '' && schema.type !== 'object')
      errors.push(
        invalidValue(
          at.child('type'),
          schema.type,
          'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
        ),
      );
    else if (bad !== undefined)
      errors.push(
        invalidValue(
          at,
          schema,
          `only ${atRootNames} fields are allowed at the root of the schema if the status subresource is enabled`,
        ),
      );
  }
  if (schema.nullable === true)
    errors.push(forbiddenField(at.child('nullable'), 'nullable cannot be true at the root'));
  const shape = walk(schema, at, rules);
  if (shape.some(({ field }) => field.endsWith('.items') || field.endsWith('$ref'))) return [...errors, ...shape];
  const structure = validateStructural(at, schema);
  if (structure.length > 0) errors.push(...structure);
  else errors.push(...defaults(schema, at, true));
  return [...errors, ...shape];
}

/** What a default says must be valid, and must not be pruned. */
function defaults(schema: Structural, at: FieldPath, root = false): FieldError[] {
  const errors: FieldError[] = [];
  if (schema.default !== undefined && !root) {
    const place = at.child('default');
    const value = deepCopy(schema.default);
    const wrapped = { value };
    const gone = prune(wrapped, { type: 'object', properties: { value: schema } });
    if (gone.length > 0) errors.push(invalidValue(place, schema.default, 'must not have unknown fields'));
    errors.push(
      ...validateValue(schema.default, schema, place.toString()),
      ...validateListTypes(schema.default, schema, place),
    );
  }
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    if (!(root && ['metadata', 'apiVersion', 'kind'].includes(name)))
      errors.push(...defaults(property, at.child('properties').key(name)));
  if (schema.items !== undefined) errors.push(...defaults(schema.items, at.child('items')));
  if (typeof schema.additionalProperties === 'object')
    errors.push(...defaults(schema.additionalProperties, at.child('additionalProperties')));
  return errors;
}

function walk(schema: Structural, at: FieldPath, rules: SchemaRules): FieldError[] {
  const errors: FieldError[] = [];
  const fields = schema as Record<string, unknown>;
  for (const name of unsupported)
    if (fields[name] !== undefined) errors.push(forbiddenField(at.child(name), `${name} is not supported`));
  if (Array.isArray(schema.items))
    return [...errors, forbiddenField(at.child('items'), 'items must be a schema object and not an array')];
  if (fields.uniqueItems === true)
    errors.push(
      forbiddenField(
        at.child('uniqueItems'),
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  const { type } = schema;
  if (type === 'null')
    errors.push(forbiddenField(at.child('type'), 'type cannot be set to null, use nullable as an alternative'));
  else if (type && !types.includes(type)) errors.push(notSupported(at.child('type'), type, types));
  const additional = schema.additionalProperties;
  if (additional !== undefined && Object.keys(schema.properties ?? {}).length > 0 && additional !== true)
    errors.push(
      forbiddenField(at.child('additionalProperties'), 'additionalProperties and properties are mutual exclusive'),
    );
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    errors.push(invalidValue(at.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'));
  errors.push(...lists(schema, at), ...ruleErrors(schema, at, rules));
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    errors.push(...walk(property, at.child('properties').key(name), rules));
  if (schema.items !== undefined) errors.push(...walk(schema.items, at.child('items'), rules));
  if (typeof additional === 'object') errors.push(...walk(additional, at.child('additionalProperties'), rules));
  if (schema.not !== undefined) errors.push(...walk(schema.not, at.child('not'), rules));
  for (const junctor of ['allOf', 'anyOf', 'oneOf'] as const)
    for (const [index, each] of (schema[junctor] ?? []).entries())
      errors.push(...walk(each, at.child(junctor).index(index), rules));
  return errors;
}

function ofType(schema: Structural, at: FieldPath, type: string, because: string): FieldError[] {
  if (schema.type === type) return [];
  const place = at.child('type');
  const detail = `must be ${type} if ${because} is specified`;
  return [schema.type ? invalidValue(place, schema.type, detail) : required(place, detail)];
}

function lists(schema: Structural, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType !== undefined) {
    errors.push(...ofType(schema, at, 'object', 'x-kubernetes-map-type'));
    if (!['atomic', 'granular'].includes(mapType))
      errors.push(notSupported(at.child('x-kubernetes-map-type'), mapType, ['atomic', 'granular']));
  }
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const place = at.child('x-kubernetes-list-type');
  const { items } = schema;
  if (listType !== undefined) {
    errors.push(...ofType(schema, at, 'array', 'x-kubernetes-list-type'));
    if (!['atomic', 'set', 'map'].includes(listType))
      errors.push(notSupported(place, listType, ['atomic', 'set', 'map']));
  }
  if (listType === 'set' && items !== undefined) {
    const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
    if (items.type === 'array' && !['', 'atomic'].includes(items['x-kubernetes-list-type'] ?? ''))
      errors.push(invalidValue(at.child('items', 'x-kubernetes-list-type'), items['x-kubernetes-list-type'], detail));
    if (items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic')
      errors.push(
        invalidValue(at.child('items', 'x-kubernetes-map-type'), items['x-kubernetes-map-type'] ?? null, detail),
      );
  }
  if (keys.length > 0 && listType !== 'map') {
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
    errors.push(listType === undefined ? required(place, detail) : invalidValue(place, listType, detail));
  }
  if (listType === 'map') errors.push(...mapKeys(keys, items, at));
  if ((listType === 'set' || listType === 'map') && items?.nullable === true)
    errors.push(
      forbiddenField(at.child('items', 'nullable'), `cannot be nullable when x-kubernetes-list-type is ${listType}`),
    );
  return errors;
}

function mapKeys(keys: readonly string[], items: Structural | undefined, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const place = at.child('x-kubernetes-list-map-keys');
  if (keys.length === 0) errors.push(required(place, 'must not be empty if x-kubernetes-list-type is map'));
  if (items === undefined)
    return [...errors, required(at.child('items'), 'must have a schema if x-kubernetes-list-type is map')];
  if (items.type !== 'object')
    errors.push(
      invalidValue(
        at.child('items', 'type'),
        items.type ?? '',
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    );
  if (new Set(keys).size < keys.length) errors.push(invalidValue(place, keys, 'must not contain duplicate entries'));
  for (const key of keys) {
    const property = items.properties?.[key];
    const propertyAt = at.child('items', 'properties').key(key);
    if (property === undefined) {
      errors.push(invalidValue(place, keys, 'entries must all be names of item properties'));
      continue;
    }
    if (property.type === 'array' || property.type === 'object')
      errors.push(
        invalidValue(
          propertyAt.child('type'),
          items.type,
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      );
    if (!(items.required ?? []).includes(key) && property.default === undefined)
      errors.push(
        required(
          propertyAt.child('default'),
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      );
    if (property.nullable === true)
      errors.push(
        forbiddenField(
          propertyAt.child('nullable'),
          'this property is in x-kubernetes-list-map-keys, so it cannot be nullable',
        ),
      );
  }
  return errors;
}

function ruleErrors(schema: Structural, at: FieldPath, rules: SchemaRules): FieldError[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap(({ rule }, index) => {
    const place = at.child('x-kubernetes-validations').index(index).child('rule');
    if ((rule ?? '').trim() === '') return [required(place, 'rule is not specified')];
    if (rules.rulesSupported) return [];
    return [invalidValue(place, rule, 'this server cannot evaluate validation rules yet')];
  });
}
