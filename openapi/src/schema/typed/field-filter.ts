/** Which fields an endpoint lets its clients own: strategies reset the others, so nobody can be their manager. */
import { type FieldEntry, FieldSet, putEntry } from './field-set.ts';
import { type PathElement, type PathStep, pathElement } from './path-element.ts';

export type FieldFilter = (set: FieldSet) => FieldSet;

/** Drops these fields and all below them. */
export function excludeFields(excluded: FieldSet): FieldFilter {
  return (set) => set.recursiveDifference(excluded);
}

/** Any one step of a path. */
export const anyElement = Symbol('any path element');

/** Keeps only what starts with one of these paths (and their parents, where those are members). */
export function includeFields(...prefixes: readonly (readonly (PathStep | typeof anyElement)[])[]): FieldFilter {
  const matchers = prefixes.map((prefix) => {
    let matcher: Matcher = 'all';
    for (const step of prefix.toReversed()) {
      matcher = new Map([[step === anyElement ? anyElement : pathElement(step), matcher]]);
    }
    return matcher;
  });
  const matcher = matchers.reduce(joinMatchers, new Map());
  return (set) => (prefixes.length === 0 ? set : filter(set, matcher));
}

/** 'all': everything below. A wildcard goes before the elements beside it, which then do not count. */
type Matcher = 'all' | Map<PathElement | typeof anyElement, Matcher>;

function joinMatchers(left: Matcher, right: Matcher): Matcher {
  if (left === 'all' || right === 'all') return 'all';
  const joined = new Map(left);
  for (const [element, matcher] of right) {
    const found = joined.get(element);
    joined.set(element, found === undefined ? matcher : joinMatchers(found, matcher));
  }
  return joined;
}

function filter(set: FieldSet, matcher: Matcher): FieldSet {
  if (matcher === 'all') return set;
  const entries = new Map<PathElement, FieldEntry>();
  for (const [element, { member, children }] of set.entries) {
    const below = matcher.get(anyElement) ?? matcher.get(element);
    if (below === undefined) continue;
    putEntry(entries, element, member, children === undefined ? undefined : filter(children, below));
  }
  return new FieldSet(entries);
}
