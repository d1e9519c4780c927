/**
 * Schemas compiled for structured merge: which values a place takes (a scalar, a list, a map, or several of them), and
 * whether lists and maps there are one value to their owner (atomic) or item by item. Compiled forms hang on the Schema
 * objects; members are compiled on first use, which also cuts recursion.
 */
import type { JsonObject, JsonValue } from '../../meta/object.ts';
import { isObject } from '../json-value.ts';
import { keptNullsOf, omittedRequiredOf } from '../kept-nulls.ts';
import { definitionName, type Resolve, refOf, type Schema } from '../schema.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { encodeText, isEmptyObject, isScalar } from './value.ts';

export type ScalarType = 'numeric' | 'string' | 'boolean' | 'untyped';
export type ValueKind = 'map' | 'scalar' | 'list';

export interface TypedNode {
  readonly scalar: ScalarType | undefined;
  readonly list: ListType | undefined;
  readonly map: MapType | undefined;
  /** The kind where no value tells: null, absent, or of none of the kinds. Undefined: the definition is missing. */
  readonly preferred: ValueKind | undefined;
  /** Whether there is one kind only. */
  readonly single: boolean;
  /** Name of the definition, for errors. */
  readonly name: string;
}

export interface ListType {
  readonly item: TypedNode;
  readonly atomic: boolean;
  /** Sorted by name; none: the list is a set of scalars (or atomic). */
  readonly keys: readonly ListKey[];
  /** As the schema lists them, for errors. */
  readonly keyNames: readonly string[];
}

export interface ListKey {
  readonly name: string;
  /** `"name":` */
  readonly label: string;
  /** What an item without the key has. */
  readonly fallback: JsonValue | undefined;
}

export interface MapType {
  readonly fields: ReadonlyMap<string, FieldType>;
  /** The same by path element. */
  readonly fieldsByElement: ReadonlyMap<PathElement, FieldType>;
  /** The type of members that are no fields; undefined where there may be none. */
  readonly element: TypedNode | undefined;
  readonly atomic: boolean;
  /** Fields that Go's structs always write, empty or not; only of kinds that are Go structs. */
  readonly implied: readonly FieldType[];
  /** Whether absence and null are the same, as they are to Go's structs. */
  readonly structured: boolean;
  /** Of unknown contents throughout: changes of schema are not looked for below. */
  readonly deduced: boolean;
}

export interface FieldType {
  readonly name: string;
  readonly element: PathElement;
  readonly node: TypedNode;
  readonly fallback: JsonValue | undefined;
  /** The value of a field that is absent, where Go's struct would write one. */
  readonly implied: JsonValue | undefined;
}

export interface TypedNodeOptions {
  /**
   * The kind is a custom resource: no Go struct stands behind it, and metadata is ObjectMeta whatever its schema says.
   */
  readonly custom?: boolean;
  /** Fields unknown to the schema are kept (CustomResourceDefinitions of v1beta1's making). */
  readonly preserveUnknownFields?: boolean;
}

/** How the place where a schema stands bears on it. */
interface Place {
  readonly preserve: boolean;
  readonly structured: boolean;
  readonly relationship: 'atomic' | 'granular' | undefined;
}

const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const caches = new WeakMap<Resolve, WeakMap<Schema, Map<string, TypedNode>>>();

/** The type of a kind. The same schema and resolve give the same node each time. */
export function typedNode(schema: Schema, resolve: Resolve, options: TypedNodeOptions = {}): TypedNode {
  const custom = options.custom === true;
  const place: Place = {
    preserve: options.preserveUnknownFields === true,
    structured: !custom,
    relationship: undefined,
  };
  return compile(schema, resolve, place, custom);
}

function compile(schema: Schema, resolve: Resolve, place: Place, embedded = false, name = ''): TypedNode {
  let cache = caches.get(resolve);
  if (cache === undefined) caches.set(resolve, (cache = new WeakMap()));
  let forms = cache.get(schema);
  if (forms === undefined) cache.set(schema, (forms = new Map()));
  const form = `${place.preserve} ${place.structured} ${place.relationship} ${embedded}`;
  let node = forms.get(form);
  if (node === undefined) {
    const ref = refOf(schema);
    if (ref === undefined) node = build(schema, resolve, place, embedded, name);
    else node = buildRef(ref, schema, resolve, place);
    forms.set(form, node);
  }
  return node;
}

function buildRef(ref: string, schema: Schema, resolve: Resolve, place: Place): TypedNode {
  const name = definitionName(ref);
  if (name === 'io.k8s.apimachinery.pkg.api.resource.Quantity') return untypedScalar;
  if (name === 'io.k8s.apimachinery.pkg.runtime.RawExtension') return untypedNode;
  const definition = resolve(ref);
  const below: Place = {
    preserve: false,
    structured: place.structured,
    relationship: mapRelationship(schema),
  };
  if (definition === undefined) return new Node({}, name);
  return compile(definition, resolve, below, false, name);
}

interface Parts {
  scalar?: ScalarType;
  list?: ListType;
  map?: MapType;
}

class Node implements TypedNode {
  readonly scalar: ScalarType | undefined;
  readonly list: ListType | undefined;
  readonly map: MapType | undefined;
  readonly preferred: ValueKind | undefined;
  readonly single: boolean;
  readonly name: string;

  constructor({ scalar, list, map }: Parts, name: string) {
    this.scalar = scalar;
    this.list = list;
    this.map = map;
    this.preferred = map ? 'map' : scalar ? 'scalar' : list ? 'list' : undefined;
    this.single = (map ? 1 : 0) + (scalar ? 1 : 0) + (list ? 1 : 0) < 2;
    this.name = name;
  }
}

function build(schema: Schema, resolve: Resolve, place: Place, embedded: boolean, name: string): TypedNode {
  const preserve = place.preserve || schema['x-kubernetes-preserve-unknown-fields'] === true;
  const here: Place = { ...place, preserve };
  switch (schema.type) {
    case undefined:
    case '':
      return new Node(
        {
          scalar: 'untyped',
          list: new List(schema, resolve, { ...here, relationship: undefined }),
          map: new Struct(schema, resolve, here, embedded, name),
        },
        name,
      );
    case 'object':
      return new Node({ map: new Struct(schema, resolve, here, embedded, name) }, name);
    case 'array':
      return new Node({ list: new List(schema, resolve, here) }, name);
    default:
      return new Node({ scalar: scalarType(schema) }, name);
  }
}

function scalarType(schema: Schema): ScalarType {
  switch (schema.type) {
    case 'integer':
    case 'number':
      return 'numeric';
    case 'boolean':
      return 'boolean';
    case 'string':
      return schema.format === undefined || schema.format === '' || schema.format === 'byte' ? 'string' : 'untyped';
    default:
      return 'untyped';
  }
}

function mapRelationship(schema: Schema): 'atomic' | 'granular' | undefined {
  const type = schema['x-kubernetes-map-type'];
  return type === 'atomic' || type === 'granular' ? type : undefined;
}

class List implements ListType {
  readonly atomic: boolean;
  readonly keyNames: readonly string[];
  private readonly schema: Schema;
  private readonly resolve: Resolve;
  private readonly place: Place;
  private itemNode: TypedNode | undefined;
  private keyList: readonly ListKey[] | undefined;

  constructor(schema: Schema, resolve: Resolve, place: Place) {
    const { atomic, keys } = listRelationship(schema);
    this.atomic = place.relationship === undefined ? atomic : place.relationship === 'atomic';
    this.keyNames = keys;
    this.schema = schema;
    this.resolve = resolve;
    this.place = { ...place, relationship: undefined };
  }

  get item(): TypedNode {
    if (this.itemNode === undefined) {
      const { items } = this.schema;
      this.itemNode = items === undefined ? untypedNode : compile(items, this.resolve, this.place);
    }
    return this.itemNode;
  }

  get keys(): readonly ListKey[] {
    this.keyList ??= this.keyNames.toSorted().map((name) => ({
      name,
      label: `${encodeText(name)}:`,
      fallback: this.item.map?.fields.get(name)?.fallback,
    }));
    return this.keyList;
  }
}

function listRelationship(schema: Schema): { atomic: boolean; keys: readonly string[] } {
  const type = schema['x-kubernetes-list-type'];
  if (type === 'map') return { atomic: false, keys: schema['x-kubernetes-list-map-keys'] ?? [] };
  if (type !== undefined) return { atomic: type !== 'set', keys: [] };
  const strategy = schema['x-kubernetes-patch-strategy'];
  if (strategy !== 'merge' && strategy !== 'merge,retainKeys') return { atomic: true, keys: [] };
  const key = schema['x-kubernetes-patch-merge-key'];
  return { atomic: false, keys: key === undefined ? [] : [key] };
}

class Struct implements MapType {
  readonly atomic: boolean;
  readonly structured: boolean;
  private readonly schema: Schema;
  private readonly resolve: Resolve;
  private readonly place: Place;
  /** Of the definition. */
  private readonly name: string;
  private fieldMap: ReadonlyMap<string, FieldType> | undefined;
  private elementMap: ReadonlyMap<PathElement, FieldType> | undefined;
  private elementNode: TypedNode | undefined | null = null;
  private impliedFields: readonly FieldType[] | undefined;

  constructor(schema: Schema, resolve: Resolve, place: Place, embedded: boolean, name: string) {
    this.name = name;
    this.atomic = (place.relationship ?? mapRelationship(schema)) === 'atomic';
    this.schema =
      embedded || schema['x-kubernetes-embedded-resource'] === true ? embeddedResource(schema, resolve) : schema;
    this.structured = place.structured && this.schema.properties !== undefined;
    this.resolve = resolve;
    this.place = { ...place, relationship: undefined };
  }

  get fields(): ReadonlyMap<string, FieldType> {
    if (this.fieldMap === undefined) {
      const fields = new Map<string, FieldType>();
      const omitted = omittedRequiredOf(this.name);
      const written = new Set([...(this.schema.required ?? []), ...keptNullsOf(this.name)]);
      for (const [name, property] of Object.entries(this.schema.properties ?? {})) {
        const node = compile(property, this.resolve, this.place);
        const implied = this.structured ? impliedValue(property, written.has(name) && !omitted.has(name)) : undefined;
        fields.set(name, { name, element: fieldElement(name), node, fallback: property.default, implied });
      }
      this.fieldMap = fields;
    }
    return this.fieldMap;
  }

  get fieldsByElement(): ReadonlyMap<PathElement, FieldType> {
    this.elementMap ??= new Map([...this.fields.values()].map((field) => [field.element, field]));
    return this.elementMap;
  }

  get implied(): readonly FieldType[] {
    this.impliedFields ??= [...this.fields.values()].filter((field) => field.implied !== undefined);
    return this.impliedFields;
  }

  get element(): TypedNode | undefined {
    if (this.elementNode === null) {
      const members = this.schema.additionalProperties;
      if (typeof members === 'object') this.elementNode = compile(members, this.resolve, this.place);
      else if (members === undefined)
        this.elementNode = this.place.preserve || isEmptyObject(this.schema.properties ?? {}) ? deducedNode : undefined;
      else this.elementNode = members ? deducedNode : undefined;
    }
    return this.elementNode ?? undefined;
  }

  get deduced(): boolean {
    if (this.fields.size > 0) return false;
    return this.element === deducedNode || (this.element?.name === '' && this.element.scalar === 'untyped');
  }
}

/**
 * Go's zero value, where it is written even so: an empty struct, an empty scalar, null for lists and pointers. Other
 * defaults are the defaulting's business.
 */
function impliedValue(property: Schema, written: boolean): JsonValue | undefined {
  const initial = property.default;
  if (initial === undefined) return written ? null : undefined;
  if (initial === '' || initial === 0 || initial === false) return initial;
  return isObject(initial) && isEmptyObject(initial) ? initial : undefined;
}

function embeddedResource(schema: Schema, resolve: Resolve): Schema {
  const properties = { ...schema.properties, apiVersion: { type: 'string' }, kind: { type: 'string' } };
  if (resolve(objectMeta) === undefined) return { ...schema, properties };
  return { ...schema, properties: { ...properties, metadata: { $ref: objectMeta } } };
}

/** Any value; lists and maps in one piece. */
export const untypedNode: TypedNode = recursiveNode('__untyped_atomic_', true);

/** Any value; maps member by member, lists in one piece. What has no schema at all is of this type. */
export const deducedNode: TypedNode = recursiveNode('__untyped_deduced_', false);

const untypedScalar: TypedNode = new Node({ scalar: 'untyped' }, 'untyped');

function recursiveNode(name: string, atomic: boolean): TypedNode {
  const list: ListType = {
    get item() {
      return untypedNode;
    },
    atomic: true,
    keys: [],
    keyNames: [],
  };
  const map: MapType = {
    fields: new Map(),
    fieldsByElement: new Map(),
    get element() {
      return node;
    },
    atomic,
    implied: [],
    structured: false,
    deduced: !atomic,
  };
  const node: TypedNode = new Node({ scalar: 'untyped', list, map }, name);
  return node;
}

/** Which of the node's kinds a value is of; undefined: none of several, or no value that would tell. */
export function kindOf(node: TypedNode, value: JsonValue | undefined): ValueKind | undefined {
  if (node.single) return node.preferred;
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return node.list && 'list';
  if (isScalar(value)) return node.scalar && 'scalar';
  return node.map && 'map';
}

export function asList(value: JsonValue | undefined): readonly JsonValue[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

export function asMap(value: JsonValue | undefined): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

/** The type of a member; undefined where the map has no such member. */
export function memberType(map: MapType, name: string): TypedNode | undefined {
  return map.fields.get(name)?.node ?? map.element;
}
