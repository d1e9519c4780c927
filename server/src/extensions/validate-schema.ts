/** Schemas of definitions against upstream's rules: what may be written at all, and lists that are sets or maps. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '@typernetes/openapi/meta';
import { type Structural, validateStructural } from './schema/index.ts';
import { validateDefaults } from './validate-defaults.ts';
import { RuleScope, ruleErrors, ruleShapeErrors } from './validate-rules.ts';

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
  /** The schema is as it was: what its rules may cost is not asked again. */
  unchanged: boolean;
}

export function validateSchema(schema: Structural, at: FieldPath, rules: SchemaRules): FieldError[] {
  const errors: FieldError[] = [];
  if (rules.statusEnabled) {
    const bad = Object.entries(schema).find(([name, value]) => !atRoot.has(name) && value !== false && value !== '');
    if (schema.type && schema.type !== 'object')
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
  let scope: RuleScope | undefined;
  const unreadable = unreadableBecause(schema);
  if (unreadable === undefined) {
    const structure = validateStructural(at, schema);
    const found = structure.length > 0 ? structure : validateDefaults(schema, at);
    errors.push(...found);
    // Rules are compiled against structural schemas only.
    if (found.length === 0) scope = RuleScope.root(schema);
  }
  const walk = new SchemaWalk(rules.unchanged);
  const found = walk.visit(schema, at, { scope, isRoot: true, insideMeta: false });
  const all = [...errors, ...found.schema, ...found.rules, ...(scope?.totals.errors(at) ?? [])];
  return all.length === 0 && unreadable !== undefined ? [invalidValue(at, '', unreadable)] : all;
}

/** What no structural schema has is told of elsewhere; until it is gone, nothing can be said of the structure. */
function unreadableBecause(schema: Structural): string | undefined {
  const fields = schema as Readonly<Record<string, unknown>>;
  for (const name of ['id', '$schema', '$ref', 'patternProperties', 'dependencies', 'additionalItems', 'definitions'])
    if (fields[name] !== undefined) return `OpenAPIV3Schema '${name.replace('$schema', 'schema')}' is not supported`;
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  const { not, allOf = [], anyOf = [], oneOf = [], items, properties, additionalProperties } = schema;
  const below = [...(not === undefined ? [] : [not]), ...allOf, ...anyOf, ...oneOf];
  if (Array.isArray(items)) return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  if (items !== undefined) below.push(items);
  below.push(...Object.values(properties ?? {}));
  if (typeof additionalProperties === 'object') below.push(additionalProperties);
  for (const each of below) {
    const because = unreadableBecause(each);
    if (because !== undefined) return because;
  }
  return undefined;
}

interface Place {
  /** Undefined where rules are not compiled: inside of junctors, or where the schema is wrong anyway. */
  scope: RuleScope | undefined;
  isRoot?: boolean;
  insideMeta: boolean;
  /** Why there may be no default here. */
  noDefault?: string;
  uncorrelatable?: FieldPath;
}

/** Errors of rules are shown only where there are no others: they would often be their consequence. */
interface Found {
  schema: FieldError[];
  rules: FieldError[];
}

const metaFields = new Set(['metadata', 'apiVersion', 'kind']);

class SchemaWalk {
  readonly #ignoreCost: boolean;

  constructor(ignoreCost: boolean) {
    this.#ignoreCost = ignoreCost;
  }

  visit(schema: Structural, at: FieldPath, place: Place): Found {
    const found: Found = { schema: shapeErrors(schema, at, place), rules: [] };
    const below = (child: Structural, childAt: FieldPath, childPlace: Place): void => {
      const more = this.visit(child, childAt, childPlace);
      found.schema.push(...more.schema);
      found.rules.push(...more.rules);
    };
    const { scope } = place;
    const inside: Place = { ...place, isRoot: false };
    const additional = schema.additionalProperties;
    if (typeof additional === 'object')
      below(additional, at.child('additionalProperties'), {
        ...inside,
        scope: scope?.values(additional),
        ...(place.insideMeta ? { noDefault: 'inside additionalProperties applying to object metadata' } : {}),
      });
    const isResource = place.isRoot === true || schema['x-kubernetes-embedded-resource'] === true;
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const isMeta = isResource && metaFields.has(name);
      below(property, at.child('properties').key(name), {
        ...inside,
        scope: scope?.property(name, property),
        insideMeta: place.insideMeta || isMeta,
        ...(isMeta && place.isRoot === true ? { noDefault: `in top-level ${name}` } : {}),
      });
    }
    const unscoped: Place = { ...inside, scope: undefined };
    if (schema.not !== undefined) below(schema.not, at.child('not'), unscoped);
    for (const junctor of ['allOf', 'oneOf', 'anyOf'] as const)
      for (const [index, each] of (schema[junctor] ?? []).entries())
        below(each, at.child(junctor).index(index), unscoped);
    const uncorrelatable =
      schema['x-kubernetes-list-type'] === 'map' ? place.uncorrelatable : (place.uncorrelatable ?? at);
    const ofItem: Place = { ...inside, ...(uncorrelatable === undefined ? {} : { uncorrelatable }) };
    const { items } = schema;
    if (Array.isArray(items))
      for (const [index, item] of (items as Structural[]).entries())
        below(item, at.child('items').index(index), { ...ofItem, scope: undefined });
    else if (items !== undefined) below(items, at.child('items'), { ...ofItem, scope: scope?.items(items) });
    if (schema['x-kubernetes-preserve-unknown-fields'] === false)
      found.schema.push(
        invalidValue(at.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'),
      );
    found.schema.push(...lists(schema, at), ...ruleShapeErrors(schema, at));
    if (found.schema.length === 0 && scope !== undefined)
      found.rules.push(
        ...ruleErrors(schema, at, scope, { uncorrelatable: place.uncorrelatable, ignoreCost: this.#ignoreCost }),
      );
    return found;
  }
}

function shapeErrors(schema: Structural, at: FieldPath, place: Place): FieldError[] {
  const errors: FieldError[] = [];
  const fields = schema as Record<string, unknown>;
  const { type } = schema;
  if (type && !types.includes(type)) errors.push(notSupported(at.child('type'), type, types));
  if (schema.default !== undefined && place.noDefault !== undefined)
    errors.push(forbiddenField(at.child('default'), `must not be set ${place.noDefault}`));
  for (const name of unsupported)
    if (fields[name] !== undefined) errors.push(forbiddenField(at.child(name), `${name} is not supported`));
  if (type === 'null')
    errors.push(forbiddenField(at.child('type'), 'type cannot be set to null, use nullable as an alternative'));
  if (Array.isArray(schema.items))
    errors.push(forbiddenField(at.child('items'), 'items must be a schema object and not an array'));
  if (place.insideMeta && schema['x-kubernetes-embedded-resource'] === true)
    errors.push(forbiddenField(at.child('x-kubernetes-embedded-resource'), 'must not be used inside of resource meta'));
  if (fields.uniqueItems === true)
    errors.push(
      forbiddenField(
        at.child('uniqueItems'),
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  const additional = schema.additionalProperties;
  if (additional !== undefined && additional !== true && Object.keys(schema.properties ?? {}).length > 0)
    errors.push(
      forbiddenField(at.child('additionalProperties'), 'additionalProperties and properties are mutual exclusive'),
    );
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
        // Upstream shows the list type here.
        invalidValue(at.child('items', 'x-kubernetes-map-type'), items['x-kubernetes-list-type'] ?? null, detail),
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
  if (Array.isArray(items))
    return [
      ...errors,
      invalidValue(at.child('items'), items, 'must only have a single schema if x-kubernetes-list-type is map'),
    ];
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
  const seen = new Set<string>();
  for (const key of items.type === 'object' ? keys : []) {
    const property = items.properties?.[key];
    if (property === undefined) errors.push(invalidValue(place, keys, 'entries must all be names of item properties'));
    else if (property.type === 'array' || property.type === 'object')
      errors.push(
        invalidValue(
          at.child('items', 'properties').key(key).child('type'),
          items.type,
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      );
    if (seen.has(key)) errors.push(invalidValue(place, keys, 'must not contain duplicate entries'));
    seen.add(key);
  }
  for (const key of keys) {
    const property = items.properties?.[key];
    const propertyAt = at.child('items', 'properties').key(key);
    if (property === undefined) continue;
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
