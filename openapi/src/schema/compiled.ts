/**
 * Schemas compiled for the decoding pass: every field's Go type worked out once. Compiled forms hang on the Schema
 * objects; recursion in the schemas is cut by compiling members on first use.
 */
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
  | ListNode
  | MapNode
  | StructNode;

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
}

export interface Field {
  readonly node: Node;
  readonly required: boolean;
}

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
  const schema = resolve(ref);
  if (schema === undefined) return any;
  let cache = caches.get(resolve);
  if (cache === undefined) caches.set(resolve, (cache = new WeakMap()));
  let node = cache.get(schema);
  if (node === undefined || (node.kind === 'struct' && node.goType === '')) {
    cache.set(schema, (node = build(schema, resolve, name.split('.').slice(-2).join('.'))));
  }
  return node;
}

function build(schema: Schema, resolve: Resolve, goType: string): Node {
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
      if (schema.properties !== undefined) return structNode(schema, resolve, goType);
      return mapNode(schema, resolve);
    default:
      return any;
  }
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

function structNode(schema: Schema, resolve: Resolve, goType: string): Node {
  const required = new Set(schema.required);
  let fields: Map<string, Field> | undefined;
  return {
    kind: 'struct',
    goType,
    isObjectMeta: goType === 'v1.ObjectMeta',
    get fields() {
      if (fields === undefined) {
        fields = new Map();
        for (const [name, property] of Object.entries(schema.properties ?? {})) {
          fields.set(name, { node: compile(property, resolve), required: required.has(name) });
        }
      }
      return fields;
    },
  };
}

/** As Go prints the type in its messages, as far as the schema tells. */
export function goTypeOf(node: Node, depth = 0): string {
  switch (node.kind) {
    case 'any':
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
