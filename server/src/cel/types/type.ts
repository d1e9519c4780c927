/**
 * CEL's static types. A type made from an OpenAPI schema also carries what the cost estimate needs: the largest number of
 * elements (characters, items, entries) a value of it can have in one request, and the least bytes it serialises to.
 */
export type Kind =
  | 'dyn'
  | 'error'
  | 'null'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'duration'
  | 'timestamp'
  | 'list'
  | 'map'
  | 'object'
  | 'opaque'
  | 'type'
  | 'param';

export interface Field {
  /** Name in JSON; the key of the fields map is the escaped name that expressions use. */
  readonly jsonName: string;
  readonly type: Type;
}

export interface Type {
  readonly kind: Kind;
  /** Of objects, opaque types and type parameters: their name; else the kind. */
  readonly name: string;
  readonly params: readonly Type[];
  readonly fields?: ReadonlyMap<string, Field>;
  /** `x-kubernetes-list-type` set or map: order does not count in equality, and + merges. */
  readonly listType?: 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  readonly maxElements?: number;
  readonly minSerializedSize?: number;
}

const simple = (kind: Kind): Type => ({ kind, name: kind, params: [] });

export const DYN = simple('dyn');
export const ERROR = simple('error');
export const NULL = simple('null');
export const BOOL = simple('bool');
export const INT = simple('int');
export const UINT = simple('uint');
export const DOUBLE = simple('double');
export const STRING = simple('string');
export const BYTES = simple('bytes');
export const DURATION = simple('duration');
export const TIMESTAMP = simple('timestamp');

export const listOf = (element: Type): Type => ({ kind: 'list', name: 'list', params: [element] });
export const mapOf = (key: Type, value: Type): Type => ({ kind: 'map', name: 'map', params: [key, value] });
export const typeOf = (type: Type): Type => ({ kind: 'type', name: 'type', params: [type] });
export const opaque = (name: string, ...params: Type[]): Type => ({ kind: 'opaque', name, params });
export const optionalOf = (type: Type): Type => opaque('optional_type', type);
export const param = (name: string): Type => ({ kind: 'param', name, params: [] });

export function objectType(name: string, fields: Record<string, Type>): Type {
  const entries = Object.entries(fields).map(([key, type]) => [key, { jsonName: key, type }] as const);
  return { kind: 'object', name, params: [], fields: new Map(entries) };
}

export const isOptional = (type: Type): boolean => type.kind === 'opaque' && type.name === 'optional_type';
export const isDyn = (type: Type): boolean => type.kind === 'dyn' || type.kind === 'error';
export const elementOf = (type: Type): Type => type.params[type.kind === 'map' ? 1 : 0] ?? DYN;

/** As messages write it: `list(int)`, `map(string, dyn)`. */
export function formatType(type: Type): string {
  if (type.kind === 'error') return '!error!';
  if (type.params.length === 0) return type.name;
  return `${type.name}(${type.params.map(formatType).join(', ')})`;
}

/** What type parameters stand for, within one expression. */
export class Substitution {
  private readonly bound = new Map<string, Type>();
  /** Names in the order they were bound, to undo what a failed attempt bound. */
  private readonly trail: string[] = [];
  private next = 0;

  fresh(): Type {
    return param(`_var${this.next++}`);
  }

  /** Replaces parameters by what they are bound to; unbound ones become dyn when `final`. */
  apply(type: Type, final = false): Type {
    if (type.kind === 'param') {
      const target = this.bound.get(type.name);
      if (target !== undefined) return this.apply(target, final);
      return final ? DYN : type;
    }
    if (type.params.length === 0) return type;
    const params = type.params.map((each) => this.apply(each, final));
    return params.every((each, index) => each === type.params[index]) ? type : { ...type, params };
  }

  /** Whether all actual types fit the formal ones; binds parameters only then. */
  assignAll(actual: readonly Type[], formal: readonly Type[]): boolean {
    const mark = this.trail.length;
    if (actual.length === formal.length && actual.every((each, i) => this.assign(each, formal[i] as Type))) return true;
    for (const name of this.trail.splice(mark)) this.bound.delete(name);
    return false;
  }

  private assign(actualType: Type, formalType: Type): boolean {
    const actual = this.shallow(actualType);
    const formal = this.shallow(formalType);
    if (actual === formal) return true;
    if (formal.kind === 'param') return this.bind(formal, actual);
    if (actual.kind === 'param') return this.bind(actual, formal);
    if (isDyn(actual) || isDyn(formal)) return true;
    if (actual.kind === 'null' && isNullable(formal)) return true;
    if (formal.kind === 'null' && isNullable(actual)) return true;
    if (actual.kind !== formal.kind || actual.name !== formal.name) return false;
    if (actual.kind === 'type') return true;
    if (actual.params.length !== formal.params.length) return false;
    return actual.params.every((each, index) => this.assign(each, formal.params[index] as Type));
  }

  private bind(parameter: Type, type: Type): boolean {
    if (type.kind === 'param' && type.name === parameter.name) return true;
    if (this.occurs(parameter.name, type)) return false;
    this.bound.set(parameter.name, type);
    this.trail.push(parameter.name);
    return true;
  }

  private occurs(name: string, type: Type): boolean {
    const resolved = this.shallow(type);
    if (resolved.kind === 'param') return resolved.name === name;
    return resolved.params.some((each) => this.occurs(name, each));
  }

  private shallow(type: Type): Type {
    let current = type;
    while (current.kind === 'param') {
      const next = this.bound.get(current.name);
      if (next === undefined) break;
      current = next;
    }
    return current;
  }
}

function isNullable(type: Type): boolean {
  return ['object', 'opaque', 'duration', 'timestamp', 'null'].includes(type.kind);
}
