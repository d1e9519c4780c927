/** Reads the notation in which libraries declare their functions: `list<T>.indexOf(T): int`, `format.named(string): optional<Format>`. */

import type { Type } from './type.ts';
import * as types from './type.ts';

const names = new Map<string, Type>(
  [
    types.DYN,
    types.NULL,
    types.BOOL,
    types.INT,
    types.UINT,
    types.DOUBLE,
    types.STRING,
    types.BYTES,
    types.DURATION,
    types.TIMESTAMP,
  ].map((type) => [type.name, type]),
);

const opaqueNames: Record<string, string> = {
  URL: 'kubernetes.URL',
  Quantity: 'kubernetes.Quantity',
  IP: 'net.IP',
  CIDR: 'net.CIDR',
  Format: 'kubernetes.NamedFormat',
  Semver: 'kubernetes.Semver',
  Authorizer: 'kubernetes.authorization.Authorizer',
  PathCheck: 'kubernetes.authorization.PathCheck',
  GroupCheck: 'kubernetes.authorization.GroupCheck',
  ResourceCheck: 'kubernetes.authorization.ResourceCheck',
  Decision: 'kubernetes.authorization.Decision',
};

export function parseType(text: string): Type {
  const source = text.trim();
  const open = source.indexOf('<');
  if (open >= 0) {
    const inner = splitTop(source.slice(open + 1, -1)).map(parseType);
    const [first = types.DYN, second = types.DYN] = inner;
    const head = source.slice(0, open);
    if (head === 'list') return types.listOf(first);
    if (head === 'map') return types.mapOf(first, second);
    if (head === 'type') return types.typeOf(first);
    if (head === 'optional') return types.optionalOf(first);
    throw new TypeError(`unknown type constructor ${head}`);
  }
  if (/^[A-Z]$/.test(source)) return types.param(source);
  const opaqueName = opaqueNames[source];
  const known = opaqueName === undefined ? names.get(source) : types.opaque(opaqueName);
  if (known === undefined) throw new TypeError(`unknown type ${source}`);
  return known;
}

export interface Signature {
  readonly name: string;
  readonly member: boolean;
  /** The receiver first, where there is one. */
  readonly params: readonly Type[];
  readonly result: Type;
}

/** `name(T, U): R` is a function, `R.name(T): U` with a type in front (ended by `::`) a member: `string::charAt(int): string`. */
export function parseSignature(text: string): Signature {
  const colon = text.lastIndexOf(': ');
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')', colon);
  const head = text.slice(0, open);
  const at = head.indexOf('::');
  const inside = text.slice(open + 1, close);
  const params = inside.trim() === '' ? [] : splitTop(inside).map(parseType);
  return {
    name: at < 0 ? head : head.slice(at + 2),
    member: at >= 0,
    params: at < 0 ? params : [parseType(head.slice(0, at)), ...params],
    result: parseType(text.slice(colon + 2)),
  };
}

function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '<') depth++;
    else if (c === '>') depth--;
    else if (c === ',' && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
