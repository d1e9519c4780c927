/** How Go's decoders speak of values and types in their refusals. */
import type { Node } from './compiled.ts';
import { isRawNumber } from './json-value.ts';

/** `v1.Protocol` for string, `[]v1.Protocol` for []string; structs have names of their own. */
export function namedType(goType: string, name: string | undefined): string {
  if (name === undefined) return goType;
  if (name.startsWith('[]=')) return goType.replace(/^(map\[string\])?\[\].*/, `$1${name.slice(3)}`);
  return goType.replace(/^(\[\])*(string|int32|int64|bool)$/, (whole, _, scalar: string) =>
    whole.replace(scalar, name),
  );
}

/** Undefined where the converter leaves the value to the type's own JSON decoder. */
export function conversionMismatch(value: unknown, node: Node, goType: string): string | undefined {
  const from = goKindOf(value);
  switch (node.kind) {
    case 'map':
      return `cannot restore map from ${from}`;
    case 'list':
    case 'bytes':
      return `cannot restore slice from ${from}`;
    case 'struct':
      return `cannot restore struct from: ${from}`;
    case 'string':
      return from === 'int64' ? `cannot convert int64 to ${goType}` : `unrecognized type: ${goType}`;
    case 'integer':
      return from === 'float64' ? `cannot convert float64 to ${goType}` : `unrecognized type: ${goType}`;
    case 'boolean':
    case 'number':
      return `unrecognized type: ${goType}`;
    default:
      return undefined;
  }
}

function goKindOf(value: unknown): string {
  if (Array.isArray(value)) return 'slice';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (isRawNumber(value)) return 'int64';
  return typeof value === 'object' ? 'map' : typeof value;
}

export function jsonTypeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return isRawNumber(value) ? 'number' : typeof value;
}
