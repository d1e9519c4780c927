/** What calls cost when they are made: cel-go's tracker with Kubernetes' library costs on top. */
import { sizeOf } from '../values/equality.ts';
import type { Value } from '../values/value.ts';
import { CelList, CelMap, OpaqueValue } from '../values/value.ts';

/** Those that look at the result name it; the others are asked before the call. */
export type CallCost = (args: readonly Value[], result: Value) => number;

const TRAVERSAL = 0.1;
const REGEX = 0.25;
const traversal = (size: number): number => Math.ceil(size * TRAVERSAL);
const size = (args: readonly Value[], index: number): number => sizeOf(args[index] ?? null);

const one: CallCost = () => 1;
const first: CallCost = (args) => traversal(size(args, 0));
const twice: CallCost = (args) => Math.ceil(size(args, 0) * 2 * TRAVERSAL);
const walk: CallCost = (args) => traverse(args[0] ?? null);
const pattern: CallCost = (args) => Math.ceil((1 + size(args, 0)) * TRAVERSAL) * Math.ceil(size(args, 1) * REGEX);
const least: CallCost = (args) => traversal(Math.min(size(args, 0), size(args, 1)));

const equality: CallCost = (args) => (args[0] instanceof OpaqueValue ? 1 : least(args, null));

function selectorCost(length: number): number {
  return 10 + traversal(length) + Math.ceil(Math.ceil(length * 0.5) * 50);
}

const byName: Record<string, CallCost> = {
  check: () => 350_000,
  fieldSelector: (args) => selectorCost(size(args, 1)),
  labelSelector: (args) => selectorCost(size(args, 1)),
  isSorted: walk,
  sum: walk,
  max: walk,
  min: walk,
  indexOf: walk,
  lastIndexOf: walk,
  url: first,
  lowerAscii: first,
  upperAscii: first,
  substring: first,
  trim: first,
  'jsonpatch.escapeKey': first,
  replace: twice,
  split: twice,
  join: (_, result) => Math.ceil(sizeOf(result) * 2 * TRAVERSAL),
  find: pattern,
  findAll: pattern,
  matches: pattern,
  cidr: first,
  isIP: first,
  isCIDR: first,
  isURL: one,
  'ip.isCanonical': twice,
  quantity: first,
  isQuantity: first,
  semver: first,
  isSemver: first,
  '_==_': equality,
  startsWith: first,
  endsWith: first,
  format: first,
  'strings.quote': first,
  bytes: first,
  contains: (args) => traversal(size(args, 0)) * traversal(size(args, 1)),
  containsIP: (args) => traversal(size(args, 0) * 2) + (typeof args[1] === 'string' ? traversal(size(args, 1)) : 0),
  containsCIDR: (args) =>
    traversal(size(args, 0) * 2) +
    traversal(size(args, 0)) +
    1 +
    (typeof args[1] === 'string' ? traversal(size(args, 1)) : 0),
  validate: (args) => Math.ceil((1 + size(args, 1)) * TRAVERSAL) * Math.ceil(size(args, 0) * REGEX),
  'sets.contains': (args) => size(args, 0) * size(args, 1) + 1,
  'sets.intersects': (args) => size(args, 0) * size(args, 1) + 1,
  'sets.equivalent': (args) => 2 * size(args, 0) * size(args, 1) + 1,
  distinct: (args) => size(args, 0) ** 2 * TRAVERSAL + 11,
  sort: (args) => size(args, 0) * Math.ceil(Math.log2(size(args, 0) + 2)) + 11,
  '@sortByAssociatedKeys': (args) => size(args, 0) * Math.ceil(Math.log2(size(args, 0) + 2)) + 11,
  flatten: (_, result) => sizeOf(result) + 11,
  'lists.range': (_, result) => sizeOf(result) + 11,
  reverse: (_, result) => sizeOf(result) + 11,
  slice: (_, result) => sizeOf(result) + 11,
};

export function runtimeCost(name: string, id: string): CallCost {
  switch (name) {
    case '_+_':
      return id.includes('string') || id.includes('bytes') ? (args) => traversal(size(args, 0) + size(args, 1)) : one;
    case '_<_':
    case '_<=_':
    case '_>_':
    case '_>=_':
      return id.includes('string') || id.includes('bytes') ? least : one;
    case '@in':
      return id.includes('list') ? (args) => size(args, 1) : one;
    case 'ip':
      return id.startsWith('CIDR') ? one : first;
    case 'string':
      return id.includes('bytes') ? first : one;
    case 'bytes':
      return id.includes('string') ? first : one;
  }
  return byName[name] ?? one;
}

function traverse(value: Value): number {
  if (typeof value === 'string') return Math.floor(Buffer.byteLength(value) * TRAVERSAL);
  if (value instanceof Uint8Array) return Math.floor(value.length * TRAVERSAL);
  let cost = 0;
  if (value instanceof CelList) for (const item of value) cost += traverse(item);
  else if (value instanceof CelMap)
    for (const key of value.keys()) cost += traverse(key) + traverse(value.get(key) ?? null);
  else cost = 1;
  return cost;
}
