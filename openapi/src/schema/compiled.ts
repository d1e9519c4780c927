/**
 * Schemas compiled for the decoding pass: every field's Go type worked out once. Compiled forms hang on the Schema
 * objects; recursion in the schemas is cut by compiling members on first use.
 */
import { embeddedStructOf, goTypeNamesOf } from './go-names.ts';
import { keptEmptyOf } from './kept-empty.ts';
import { keptNullsOf } from './kept-nulls.ts';
import { keptZerosOf } from './kept-zeros.ts';
import { definitionName, dereference, type Resolve, refOf, type Schema } from './schema.ts';

export type Node =
  | { kind: 'any' }
  | { kind: 'string' }
  | { kind: 'bytes' }
  | { kind: 'boolean' }
  | { kind: 'integer'; bits: 32 | 64 }
  | { kind: 'number' }
  | { kind: 'intOrString' }
  | { kind: 'quantity' }
  | { kind: 'time' }
  | { kind: 'microTime' }
  | SchemaOrNode
  | ListNode
  | MapNode
  | StructNode;

/** A JSON schema, or what else may stand in its place: a truth value, a list of schemas, a list of names. */
export interface SchemaOrNode {
  kind: 'schemaOr';
  readonly other: 'Bool' | 'Array' | 'StringArray';
  readonly schema: Node;
}

export interface ListNode {
  kind: 'list';
  readonly item: Node;
}

export interface MapNode {
  kind: 'map';
  readonly value: Node;
}

export interface StructNode {
  kind: 'struct';
  /** Go's name of the type with its package: `v1.PodSpec`. */
  goType: string;
  /** metadata: its empty strings and zeros mean absence. */
  isObjectMeta: boolean;
  readonly fields: ReadonlyMap<string, Field>;
  /** The fields that Go writes even where they are absent. */
  readonly always: readonly AlwaysField[];
}

export interface Field {
  readonly node: Node;
  readonly required: boolean;
  /** Go's name of a string or number type, where it has one. */
  readonly goType: string | undefined;
  /** The struct embedded in this one that the field belongs to. */
  readonly embedded: string | undefined;
  /** A zero says no more than absence: Go's field is no pointer and leaves zeros out. */
  readonly omitsZero: boolean;
  /** An empty list says something else than none. */
  readonly keepsEmpty: boolean;
}

export interface AlwaysField {
  readonly name: string;
  /** A new value each time: an empty struct has fields of its own that are always there. */
  readonly zero: () => unknown;
}

/** Structs without fields look like objects of any kind. */
const emptyStructs = /\.(CustomResourceSubresourceStatus|StorageVersionSpec|BasicSchedulingPolicy)$/;
const any: Node = { kind: 'any' };
const caches = new WeakMap<Resolve, WeakMap<Schema, Node>>();

export function compile(schema: Schema, resolve: Resolve): Node {
  let cache = caches.get(resolve);
  if (cache === undefined) caches.set(resolve, (cache = new WeakMap()));
  let node = cache.get(schema);
  if (node === undefined) cache.set(schema, (node = build(schema, resolve, '')));
  return node;
}

function compileRef(ref: string, resolve: Resolve): Node {
  const name = definitionName(ref);
  if (name.endsWith('.api.resource.Quantity')) return { kind: 'quantity' };
  if (name.endsWith('.meta.v1.Time')) return { kind: 'time' };
  if (name.endsWith('.meta.v1.MicroTime')) return { kind: 'microTime' };
  if (name.endsWith('.util.intstr.IntOrString')) return { kind: 'intOrString' };
  const union = /^(.*\.JSONSchemaProps)Or(Bool|Array|StringArray)$/.exec(name);
  if (union !== null) return schemaOrNode(union[1]!, union[2] as SchemaOrNode['other'], resolve);
  const schema = resolve(ref);
  if (schema === undefined) return any;
  let cache = caches.get(resolve);
  if (cache === undefined) caches.set(resolve, (cache = new WeakMap()));
  let node = cache.get(schema);
  if (node === undefined || (node.kind === 'struct' && node.goType === '')) {
    cache.set(schema, (node = build(schema, resolve, name)));
  }
  return node;
}

function build(schema: Schema, resolve: Resolve, definition: string): Node {
  const ref = refOf(schema);
  if (ref !== undefined) return compileRef(ref, resolve);
  if (schema['x-kubernetes-int-or-string'] === true || schema.format === 'int-or-string')
    return { kind: 'intOrString' };
  if (schema['x-kubernetes-preserve-unknown-fields'] === true || schema['x-kubernetes-embedded-resource'] === true)
    return any;
  switch (schema.type) {
    case 'string':
      if (schema.format === 'date-time') return { kind: 'time' };
      return { kind: schema.format === 'byte' ? 'bytes' : 'string' };
    case 'integer':
      return { kind: 'integer', bits: schema.format === 'int32' ? 32 : 64 };
    case 'number':
      return { kind: 'number' };
    case 'boolean':
      return { kind: 'boolean' };
    case 'array':
      return listNode(schema, resolve);
    case 'object':
    case undefined:
      if (schema.properties !== undefined || emptyStructs.test(definition))
        return structNode(schema, resolve, definition);
      return mapNode(schema, resolve);
    default:
      return any;
  }
}

function schemaOrNode(ref: string, other: SchemaOrNode['other'], resolve: Resolve): Node {
  return {
    kind: 'schemaOr',
    other,
    get schema() {
      return compileRef(ref, resolve);
    },
  };
}

function listNode(schema: Schema, resolve: Resolve): Node {
  let item: Node | undefined;
  return {
    kind: 'list',
    get item() {
      return (item ??= schema.items === undefined ? any : compile(schema.items, resolve));
    },
  };
}

/** An object of which nothing is known (RawExtension, FieldsV1) is any value. */
function mapNode(schema: Schema, resolve: Resolve): Node {
  const members = schema.additionalProperties;
  if (typeof members !== 'object') return any;
  let value: Node | undefined;
  return {
    kind: 'map',
    get value() {
      return (value ??= compile(members, resolve));
    },
  };
}

function structNode(schema: Schema, resolve: Resolve, definition: string): Node {
  const required = new Set(schema.required);
  const goType = definition.split('.').slice(-2).join('.');
  let fields: Map<string, Field> | undefined;
  let always: AlwaysField[] | undefined;
  const node: StructNode = {
    kind: 'struct',
    goType,
    isObjectMeta: goType === 'v1.ObjectMeta',
    get fields() {
      if (fields === undefined) {
        fields = new Map();
        const kept = keptZerosOf(definition.replace(/^io\.k8s\./, 'k8s.io.').replaceAll('-', '_'));
        const keptEmpty = keptEmptyOf(definition);
        const goTypes = goTypeNamesOf(definition);
        const embedded = embeddedStructOf(definition);
        for (const [name, property] of Object.entries(schema.properties ?? {})) {
          const omitsZero = definition !== '' && !required.has(name) && !kept.has(name);
          fields.set(name, {
            node: compile(property, resolve),
            required: required.has(name),
            omitsZero,
            keepsEmpty: keptEmpty.has(name),
            goType: goTypes.get(name),
            embedded: embedded?.(name),
          });
        }
      }
      return fields;
    },
    get always() {
      return (always ??= definition === '' ? [] : alwaysFields(schema, node, keptNullsOf(definition)));
    },
  };
  return node;
}

/** OpenAPI's defaults tell of structs and scalars; kept-nulls of the rest. */
function alwaysFields(schema: Schema, node: StructNode, nulls: ReadonlySet<string>): AlwaysField[] {
  const found: AlwaysField[] = [];
  for (const [name, field] of node.fields) {
    const initial = schema.properties?.[name]?.default;
    const { node: type } = field;
    if (type.kind === 'struct' && isEmptyObject(initial)) found.push({ name, zero: () => emptyStruct(type) });
    else if (!field.omitsZero && (initial === '' || initial === 0 || initial === false))
      found.push({ name, zero: () => initial });
    else if (nulls.has(name)) found.push({ name, zero: () => null });
    else if (type.kind === 'quantity' && !field.omitsZero) found.push({ name, zero: () => '0' });
    else if (type.kind === 'intOrString' && field.required) found.push({ name, zero: () => 0 });
  }
  return found;
}

const isEmptyObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/** A struct of which nothing was said. */
export function emptyStruct(node: StructNode): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const { name, zero } of node.always) value[name] = zero();
  return value;
}

/** As Go prints the type in its messages, as far as the schema tells. */
export function goTypeOf(node: Node, depth = 0): string {
  switch (node.kind) {
    case 'any':
    case 'schemaOr':
      return 'map[string]interface {}';
    case 'string':
      return 'string';
    case 'bytes':
      return '[]uint8';
    case 'boolean':
      return 'bool';
    case 'integer':
    case 'intOrString':
      return node.kind === 'integer' && node.bits === 64 ? 'int64' : 'int32';
    case 'number':
      return 'float64';
    case 'quantity':
      return 'resource.Quantity';
    case 'time':
    case 'microTime':
      return 'string';
    case 'list':
      return depth > 4 ? '[]interface {}' : `[]${goTypeOf(node.item, depth + 1)}`;
    case 'map':
      return depth > 4 ? 'map[string]interface {}' : `map[string]${goTypeOf(node.value, depth + 1)}`;
    case 'struct':
      return node.goType === '' ? 'struct' : node.goType;
    default:
      return node satisfies never;
  }
}

export { dereference };
