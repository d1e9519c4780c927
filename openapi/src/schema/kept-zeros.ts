import { coreKeptZeros } from './kept-zeros/core.ts';
import { groupKeptZeros } from './kept-zeros/groups.ts';
import { machineryKeptZeros } from './kept-zeros/machinery.ts';
import type { KeptZeros } from './kept-zeros/table.ts';

/**
 * Scalar fields whose zero is a value, or is written all the same: pointers (`replicas: 0`, `storageClassName: ""`) and
 * fields without `omitempty` (`name: ""`). Protobuf from Go carries the zeros of all other scalars too, where they mean
 * "not set" and JSON has nothing. Taken from the struct tags of upstream's types.go, v1.36.2; protobuf's own
 * declarations do not tell. One entry serves a message in all versions of its group, unless a version has its own.
 */
const keptZeros: KeptZeros = { ...coreKeptZeros, ...groupKeptZeros, ...machineryKeptZeros };

const none: ReadonlySet<string> = new Set();

/** Of a message such as `k8s.io.api.core.v1.PodSpec`. */
export function keptZerosOf(message: string): ReadonlySet<string> {
  const [, group = '', version = '', name = ''] = /^(.*)\.([^.]+)\.([^.]+)$/.exec(message) ?? [];
  const entries = keptZeros[group];
  const fields = entries?.[`${version}.${name}`] ?? entries?.[name];
  return fields === undefined ? none : new Set(fields.split(' '));
}
