/** Kubernetes' list functions, CEL's list extension (version 3) and sets. */
import { compare, equal } from '../values/equality.ts';
import type { Value } from '../values/value.ts';
import { ArrayList, CelList, Duration, EvaluationError, Uint } from '../values/value.ts';
import type { Library } from './overload.ts';
import { define } from './overload.ts';

const comparable = ['int', 'uint', 'double', 'bool', 'string', 'bytes', 'duration', 'timestamp'];
const summable: [string, Value, (a: never, b: never) => Value][] = [
  ['int', 0n, (a: bigint, b: bigint) => a + b],
  ['uint', new Uint(0n), (a: Uint, b: Uint) => new Uint(a.value + b.value)],
  ['double', 0, (a: number, b: number) => a + b],
  ['duration', new Duration(0n), (a: Duration, b: Duration) => new Duration(a.nanos + b.nanos)],
];
const MAX_RANGE = 1_000_000n;

function order(a: Value, b: Value): number {
  const result = compare(a, b);
  if (result === undefined) throw new EvaluationError('no such overload');
  return result;
}

function isSorted(list: CelList): boolean {
  for (let i = 1; i < list.length; i++) if (order(list.at(i - 1), list.at(i)) > 0) return false;
  return true;
}

function extreme(list: CelList, sign: number, name: string): Value {
  if (list.length === 0) throw new EvaluationError(`${name} called on empty list`);
  let best = list.at(0);
  for (const item of list) if (order(item, best) * sign > 0) best = item;
  return best;
}

function sum(list: CelList, zero: Value, add: (a: never, b: never) => Value): Value {
  let total = zero;
  for (const item of list) {
    total = add(total as never, item as never);
    if (typeof total === 'bigint' && BigInt.asIntN(64, total) !== total) throw new EvaluationError('integer overflow');
    if (total instanceof Uint && BigInt.asUintN(64, total.value) !== total.value)
      throw new EvaluationError('unsigned integer overflow');
  }
  return total;
}

function contains(list: CelList, item: Value): boolean {
  for (const each of list) if (equal(each, item)) return true;
  return false;
}

function containsAll(list: CelList, items: CelList): boolean {
  for (const item of items) if (!contains(list, item)) return false;
  return true;
}

function distinct(list: CelList): Value {
  const kept: Value[] = [];
  for (const item of list) if (!kept.some((each) => equal(each, item))) kept.push(item);
  return new ArrayList(kept);
}

function flatten(list: CelList, depth: bigint): Value {
  if (depth < 0n) throw new EvaluationError('level must be non-negative');
  const flat: Value[] = [];
  const take = (items: CelList, left: bigint): void => {
    for (const item of items) {
      if (item instanceof CelList && left > 0n) take(item, left - 1n);
      else flat.push(item);
    }
  };
  take(list, depth);
  return new ArrayList(flat);
}

function slice(list: CelList, from: bigint, to: bigint): Value {
  if (from < 0n || to < 0n) throw new EvaluationError(`cannot slice(${from}, ${to}), negative indexes not supported`);
  if (from > to)
    throw new EvaluationError(`cannot slice(${from}, ${to}), start index must be less than or equal to end index`);
  if (to > BigInt(list.length))
    throw new EvaluationError(`cannot slice(${from}, ${to}), list is length ${list.length}`);
  return new ArrayList([...list].slice(Number(from), Number(to)));
}

function counted(count: bigint): Value {
  if (count > MAX_RANGE) throw new EvaluationError(`lists.range() size exceeds limit`);
  return new ArrayList(Array.from({ length: Math.max(Number(count), 0) }, (_, index) => BigInt(index)));
}

function sortBy(list: CelList, keys: CelList): Value {
  const pairs = Array.from(list, (item, index) => [keys.at(index), item] as const);
  return new ArrayList(pairs.sort((a, b) => order(a[0], b[0])).map(([, item]) => item));
}

export const lists: Library = [
  ...comparable.flatMap((type) => [
    define(`list<${type}>::isSorted(): bool`, isSorted),
    define(`list<${type}>::min(): ${type}`, (list: CelList) => extreme(list, -1, 'min')),
    define(`list<${type}>::max(): ${type}`, (list: CelList) => extreme(list, 1, 'max')),
    define(`list<${type}>::sort(): list<${type}>`, (list: CelList) => new ArrayList([...list].sort(order))),
    define(`list<A>::@sortByAssociatedKeys(list<${type}>): list<A>`, sortBy),
  ]),
  ...summable.map(([type, zero, add]) =>
    define(`list<${type}>::sum(): ${type}`, (list: CelList) => sum(list, zero, add)),
  ),
  define('list<A>::indexOf(A): int', (list: CelList, item: Value) =>
    BigInt([...list].findIndex((each) => equal(each, item))),
  ),
  define('list<A>::lastIndexOf(A): int', (list: CelList, item: Value) =>
    BigInt([...list].findLastIndex((each) => equal(each, item))),
  ),
  define('list<A>::slice(int, int): list<A>', slice),
  define('list<list<A>>::flatten(): list<A>', (list: CelList) => flatten(list, 1n)),
  define('list<dyn>::flatten(int): list<dyn>', flatten),
  define('list<A>::distinct(): list<A>', distinct),
  define('list<A>::reverse(): list<A>', (list: CelList) => new ArrayList([...list].reverse())),
  define('lists.range(int): list<int>', counted),
  define('sets.contains(list<A>, list<A>): bool', containsAll),
  define('sets.equivalent(list<A>, list<A>): bool', (a: CelList, b: CelList) => containsAll(a, b) && containsAll(b, a)),
  define('sets.intersects(list<A>, list<A>): bool', (a: CelList, b: CelList) => {
    for (const item of a) if (contains(b, item)) return true;
    return false;
  }),
];
