/** Optional values; `optMap` and `optFlatMap` are macros. */
import { equal } from '../values/equality.ts';
import type { Value } from '../values/value.ts';
import { ArrayList, CelList, CelMap, EvaluationError, Optional } from '../values/value.ts';
import type { Library } from './overload.ts';
import { define } from './overload.ts';

function valueOf(optional: Optional): Value {
  if (optional.value === undefined) throw new EvaluationError('optional.none() dereference');
  return optional.value;
}

function isZero(value: Value): boolean {
  if (value instanceof CelList) return value.length === 0;
  if (value instanceof CelMap) return value.size === 0;
  if (value instanceof Uint8Array) return value.length === 0;
  return value === null || value === '' || value === false || equal(value, 0n);
}

function lookUp(container: Value, key: Value): Optional {
  if (container instanceof Optional)
    return container.value === undefined ? Optional.none : lookUp(container.value, key);
  if (container instanceof CelMap) {
    const found = container.get(key);
    return found === undefined ? Optional.none : new Optional(found);
  }
  if (container instanceof CelList && typeof key === 'bigint') {
    return key >= 0n && key < BigInt(container.length) ? new Optional(container.at(Number(key))) : Optional.none;
  }
  throw new EvaluationError('no such overload');
}

function present(list: CelList): Value {
  const items: Value[] = [];
  for (const item of list) if (item instanceof Optional && item.value !== undefined) items.push(item.value);
  return new ArrayList(items);
}

const indexed = (list: CelList, index: number): Optional =>
  index >= 0 && index < list.length ? new Optional(list.at(index)) : Optional.none;

export const optional: Library = [
  define('optional.of(A): optional<A>', (value: Value) => new Optional(value)),
  define('optional.none(): optional<A>', () => Optional.none),
  define('optional.ofNonZeroValue(A): optional<A>', (value: Value) =>
    isZero(value) ? Optional.none : new Optional(value),
  ),
  define('optional<A>::hasValue(): bool', (value: Optional) => value.value !== undefined),
  define('optional<A>::value(): A', valueOf),
  define('optional<A>::or(optional<A>): optional<A>', (value: Optional, other: Optional) =>
    value.value === undefined ? other : value,
  ),
  define(
    'optional<A>::orValue(A): A',
    (value: Optional, other: Value) => value.value ?? (value.value === null ? null : other),
  ),
  define('_?._(dyn, string): optional<dyn>', lookUp),
  define('_[?_](list<A>, int): optional<A>', lookUp),
  define('_[?_](map<A, B>, A): optional<B>', lookUp),
  define('_[?_](optional<list<A>>, int): optional<A>', lookUp),
  define('_[?_](optional<map<A, B>>, A): optional<B>', lookUp),
  define('_[_](optional<list<A>>, int): optional<A>', lookUp),
  define('_[_](optional<map<A, B>>, A): optional<B>', lookUp),
  define('optional.unwrap(list<optional<A>>): list<A>', present),
  define('list<optional<A>>::unwrapOpt(): list<A>', present),
  define('list<A>::first(): optional<A>', (list: CelList) => indexed(list, 0)),
  define('list<A>::last(): optional<A>', (list: CelList) => indexed(list, list.length - 1)),
];
