/**
 * Ownership: who manages which fields after a write. The core knows objects of several versions through a converter and
 * managers by opaque identifiers; times, metadata and wire forms are the field manager's business.
 */
import type { JsonObject, JsonValue } from '../../meta/object.ts';
import { type Comparison, compareTyped, filterComparison } from './compare.ts';
import { ConflictError } from './conflicts.ts';
import type { FieldFilter } from './field-filter.ts';
import { FieldSet } from './field-set.ts';
import { mergeTyped } from './merge.ts';
import { removeItems } from './remove-items.ts';
import { ensureNamedFields, reconcileFieldSet } from './schema-changes.ts';
import { toFieldSet } from './to-field-set.ts';
import type { TypedNode } from './typed-node.ts';
import { valuesEqual } from './value.ts';

export interface TypedObject {
  readonly apiVersion: string;
  readonly node: TypedNode;
  /** Read only. */
  readonly value: JsonObject;
}

export interface TypedConverter {
  /** The type of the objects of a version; undefined where the version is served no more. */
  nodeAt(apiVersion: string): TypedNode | undefined;
  /** The object at another version; undefined where that version is served no more. Throws where conversion fails. */
  convert(object: TypedObject, apiVersion: string): TypedObject | undefined;
}

export interface VersionedSet {
  readonly set: FieldSet;
  readonly apiVersion: string;
  readonly applied: boolean;
}

/** What each manager owns, by the manager's identifier. */
export type Managers = ReadonlyMap<string, VersionedSet>;

export interface Applied {
  /** Undefined: applying changed nothing. */
  readonly object: JsonObject | undefined;
  readonly managers: Map<string, VersionedSet>;
}

export class Updater {
  private readonly converter: TypedConverter;
  private readonly filters: Readonly<Record<string, FieldFilter>>;

  /** Filters by apiVersion: fields that nobody gets to own through this endpoint. */
  constructor(converter: TypedConverter, filters: Readonly<Record<string, FieldFilter>> = {}) {
    this.converter = converter;
    this.filters = filters;
  }

  /** After any write but an apply: the manager takes what changed, whoever had it. Both objects are valid. */
  update(live: TypedObject, updated: TypedObject, managers: Managers, manager: string): Map<string, VersionedSet> {
    const { apiVersion } = updated;
    const { left, comparison } = this.takeOwnership(live, updated, this.reconcile(managers), manager, true);
    const owned = left.get(manager)?.set ?? FieldSet.empty;
    const taken = owned.difference(comparison.removed).union(comparison.modified).union(comparison.added);
    const set = this.filter(taken, apiVersion);
    if (set.isEmpty) left.delete(manager);
    else left.set(manager, { set, apiVersion, applied: false });
    return left;
  }

  /** Throws ConflictError. Both objects are valid and of one version, the configuration without duplicates. */
  apply(live: TypedObject, config: TypedObject, managers: Managers, manager: string, force: boolean): Applied {
    const { apiVersion, node } = config;
    const current = this.reconcile(managers);
    const merged: TypedObject = { apiVersion, node, value: asObject(mergeTyped(node, live.value, config.value)) };
    const last = current.get(manager);
    const set = this.filter(toFieldSet(node, config.value), apiVersion);
    current.set(manager, { set, apiVersion, applied: true });
    // Most appliers apply the same fields again: then there is nothing to prune.
    const same = last?.apiVersion === apiVersion && last.set.difference(set).isEmpty;
    const object = same ? merged : this.prune(merged, current, last);
    const { left } = this.takeOwnership(live, object, current, manager, force);
    return { object: valuesEqual(live.value, object.value) ? undefined : object.value, managers: left };
  }

  private filter(set: FieldSet, apiVersion: string): FieldSet {
    return this.filters[apiVersion]?.(set) ?? set;
  }

  private reconcile(managers: Managers): Map<string, VersionedSet> {
    const reconciled = new Map<string, VersionedSet>();
    for (const [manager, versioned] of managers) {
      const node = this.converter.nodeAt(versioned.apiVersion);
      if (node === undefined) continue;
      const set = reconcileFieldSet(node, versioned.set);
      reconciled.set(manager, set === versioned.set ? versioned : { ...versioned, set });
    }
    return reconciled;
  }

  /** Takes from the other managers what the change from one object to the next changed or removed. */
  private takeOwnership(
    before: TypedObject,
    after: TypedObject,
    managers: ReadonlyMap<string, VersionedSet>,
    manager: string,
    force: boolean,
  ): { left: Map<string, VersionedSet>; comparison: Comparison } {
    const comparisons = new Map<string, Comparison | undefined>();
    const compareAt = (apiVersion: string): Comparison | undefined => {
      if (!comparisons.has(apiVersion)) comparisons.set(apiVersion, this.compare(before, after, apiVersion));
      return comparisons.get(apiVersion);
    };
    const comparison = compareAt(after.apiVersion) as Comparison;
    const left = new Map<string, VersionedSet>();
    const conflicts = new Map<string, FieldSet>();
    for (const [name, versioned] of managers) {
      if (name === manager) {
        if (!versioned.set.isEmpty) left.set(name, versioned);
        continue;
      }
      const changes = compareAt(versioned.apiVersion);
      if (changes === undefined) continue;
      const taken = versioned.set.intersection(changes.modified.union(changes.added));
      if (!taken.isEmpty) conflicts.set(name, taken);
      const set = versioned.set.difference(taken).difference(changes.removed);
      if (!set.isEmpty) left.set(name, set === versioned.set ? versioned : { ...versioned, set });
    }
    if (!force && conflicts.size > 0) throw ConflictError.ofSets(conflicts);
    return { left, comparison };
  }

  private compare(before: TypedObject, after: TypedObject, apiVersion: string): Comparison | undefined {
    const left = this.at(before, apiVersion);
    const right = this.at(after, apiVersion);
    if (left === undefined || right === undefined) return undefined;
    return filterComparison(compareTyped(right.node, left.value, right.value), this.filters[apiVersion]);
  }

  private at(object: TypedObject, apiVersion: string): TypedObject | undefined {
    return object.apiVersion === apiVersion ? object : this.converter.convert(object, apiVersion);
  }

  /** Removes what the manager applied last time, not this time, and nobody else has. */
  private prune(merged: TypedObject, managers: Managers, last: VersionedSet | undefined): TypedObject {
    if (last === undefined || last.set.isEmpty) return merged;
    const before = this.at(merged, last.apiVersion);
    if (before === undefined) return merged;
    const applied = ensureNamedFields(before.node, last.set);
    let pruned = withValue(before, removeItems(before.node, before.value, applied));
    pruned = this.addBackOwned(before, pruned, managers);
    pruned = this.addBackDangling(before, pruned, applied);
    return this.at(pruned, merged.apiVersion) ?? merged;
  }

  private addBackOwned(merged: TypedObject, pruned: TypedObject, managers: Managers): TypedObject {
    const owned = new Map<string, FieldSet>();
    // The pruned version goes first: what conversion to the others needs is back by then.
    owned.set(pruned.apiVersion, FieldSet.empty);
    for (const { apiVersion, set } of managers.values())
      owned.set(apiVersion, set.union(owned.get(apiVersion) ?? FieldSet.empty));
    let result = pruned;
    let from = merged;
    for (const [apiVersion, set] of owned) {
      if (set.isEmpty) continue;
      const whole = this.at(from, apiVersion);
      const part = this.at(result, apiVersion);
      if (whole === undefined || part === undefined) continue;
      const { node } = whole;
      const missing = ensureNamedFields(node, toFieldSet(node, whole.value));
      const kept = ensureNamedFields(node, toFieldSet(node, part.value)).union(ensureNamedFields(node, set));
      from = whole;
      result = withValue(whole, removeItems(node, whole.value, missing.difference(kept)));
    }
    return result;
  }

  /** What went although the manager never applied it (what it holds was owned by nobody, or by updaters) comes back. */
  private addBackDangling(merged: TypedObject, pruned: TypedObject, applied: FieldSet): TypedObject {
    const part = this.at(pruned, merged.apiVersion);
    if (part === undefined) return merged;
    const { node } = merged;
    const gone = ensureNamedFields(node, toFieldSet(node, merged.value)).difference(
      ensureNamedFields(node, toFieldSet(node, part.value)),
    );
    return withValue(merged, removeItems(node, merged.value, gone.intersection(applied)));
  }
}

function withValue(object: TypedObject, value: JsonValue): TypedObject {
  return { ...object, value: asObject(value) };
}

function asObject(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
