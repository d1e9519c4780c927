/**
 * Keeps metadata.managedFields of one kind at one version, through one endpoint (the main resource or a subresource).
 * Every write passes here once, after the object was merged and defaulted and before it is validated. Upstream stacks a
 * decorator per rule; here they are steps, in the same order.
 */
import type { JsonObject, JsonValue, KubernetesObject, ManagedFieldsEntry } from '../../meta/object.ts';
import { badRequest } from '../../meta/status-error.ts';
import { formatTime } from '../../meta/time.ts';
import { deepCopy } from '../json-value.ts';
import { compareTyped } from './compare.ts';
import { ConflictError } from './conflicts.ts';
import { describeKind, describeObject, failure, messageOf } from './failure.ts';
import type { FieldFilter } from './field-filter.ts';
import { FieldSet } from './field-set.ts';
import { ConversionPending, type KindOptions, KindVersions } from './kind-versions.ts';
import { kubectlManager, lastApplied, setLastApplied } from './last-applied.ts';
import {
  capUpdateManagers,
  decodeManagedFields,
  emptyManaged,
  encodeManagedFields,
  type Managed,
} from './managed-fields.ts';
import { decodeOrNothing, isReset, setManagedFields, withoutManagedFields } from './managed-metadata.ts';
import { buildManagerIdentifier } from './manager-identifier.ts';
import { newFields } from './new-fields.ts';
import { toFieldSet } from './to-field-set.ts';
import { asMap, type TypedNode } from './typed-node.ts';
import { type TypedObject, Updater } from './updater.ts';
import { assertTyped, TypedValidationError, validateTyped } from './validate.ts';

export interface FieldManagerOptions extends KindOptions {
  readonly subresource?: string;
  /** By apiVersion: what clients can own through this endpoint. */
  readonly resetFields?: Readonly<Record<string, FieldFilter>>;
  /** Fills in what an applied configuration left out, after merging. Changes the object. Errors are told of the configuration. */
  readonly applyDefaults?: (object: JsonObject, applied: JsonObject) => void;
  /** How many managers with updates are kept apart; 10. */
  readonly maxUpdateManagers?: number;
  /** Told when an update's fields could not be tracked: the object then goes without managedFields. */
  readonly onError?: (error: unknown) => void;
  readonly now: () => Date;
}

const self = 'current-operation';
const beforeFirstApply = 'before-first-apply';

/** What the server sets and no manager is told to own. */
const unowned = FieldSet.of(
  ['apiVersion'],
  ['kind'],
  ['metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['metadata', name]),
);

export class FieldManager {
  private readonly options: FieldManagerOptions;
  private readonly versions: KindVersions;
  private readonly updater: Updater;

  constructor(options: FieldManagerOptions) {
    this.options = options;
    this.versions = new KindVersions(options);
    this.updater = new Updater(this.versions, options.resetFields);
  }

  private get apiVersion(): string {
    return this.versions.apiVersion;
  }

  /**
   * After a create, update or patch: `newObject` with its managedFields brought up to date, in place. `live` is undefined
   * for a create. Entries share parts with those of both objects. Never fails: where ownership cannot be worked out
   * (what onError is told), the object loses its managedFields, as it does upstream.
   */
  update<T extends KubernetesObject>(live: KubernetesObject | undefined, newObject: T, manager: string): T {
    const before = withoutManagedFields(live ?? this.emptyObject());
    const managed = this.decodeForUpdate(live, newObject);
    const after = withoutManagedFields(newObject) as JsonObject;
    let entries: ManagedFieldsEntry[] | undefined;
    try {
      if (managed.fields.size > 0 || !before.metadata?.uid) {
        const isNew = live === undefined && managed.fields.size === 0;
        const tracked = isNew ? this.trackNew(after, manager) : undefined;
        entries = encodeManagedFields(tracked ?? this.track(before as JsonObject, after, managed, manager));
      }
    } catch (error) {
      if (error instanceof ConversionPending) throw error;
      this.options.onError?.(error);
    }
    setManagedFields(newObject, entries);
    return newObject;
  }

  /**
   * The live object (undefined: there is none yet) with the configuration applied. Neither is changed, and the result
   * shares nothing with them but fieldsV1. Throws StatusError: 409 with a cause for each field that another manager owns
   * and the configuration would change, unless forced.
   */
  apply(
    live: KubernetesObject | undefined,
    config: KubernetesObject,
    manager: string,
    force = false,
  ): KubernetesObject {
    try {
      return this.applyTo(live ?? this.emptyObject(), config as JsonObject, manager, force);
    } catch (error) {
      if (error instanceof ConflictError) throw error.toStatusError();
      throw error;
    }
  }

  private applyTo(live: KubernetesObject, config: JsonObject, manager: string, force: boolean): KubernetesObject {
    const decoded = this.decodeLive(live);
    this.checkConfiguration(config);
    const before = withoutManagedFields(live) as JsonObject;
    const managed =
      decoded.fields.size > 0
        ? decoded
        : this.track(this.emptyObject() as JsonObject, before, decoded, beforeFirstApply);
    const applied = this.applyAsKubectl(before, config, managed, manager, force);
    if (manager === kubectlManager && lastApplied(applied.object) !== undefined) setLastApplied(applied.object, config);
    const result = applied.object as KubernetesObject;
    setManagedFields(result, encodeManagedFields(applied.managed));
    return result;
  }

  /** Conflicts over what kubectl's client-side apply last applied, unchanged since, are no conflicts to kubectl. */
  private applyAsKubectl(
    live: JsonObject,
    config: JsonObject,
    managed: Managed,
    manager: string,
    force: boolean,
  ): { object: JsonObject; managed: Managed } {
    try {
      return this.merge(live, config, managed, manager, force);
    } catch (error) {
      if (!(error instanceof ConflictError) || manager !== kubectlManager) throw error;
      const allowed = this.fieldsLastApplied(live);
      if (allowed === undefined) throw error;
      if (!error.fields.difference(allowed).isEmpty)
        throw new ConflictError(error.conflicts.filter(({ path }) => !allowed.has(path)));
      return this.merge(live, config, managed, manager, true);
    }
  }

  private merge(
    live: JsonObject,
    config: JsonObject,
    managed: Managed,
    manager: string,
    force: boolean,
  ): { object: JsonObject; managed: Managed } {
    const identifier = this.identify(manager, 'Apply');
    const current = this.versions.typed(live);
    const node = current.node;
    const configuration: TypedObject = { apiVersion: this.apiVersion, node, value: config };
    this.assertValid('patch', config, node, config, false);
    this.assertValid('live', live, node, current.value, true);
    const { object, managers } = this.updater.apply(current, configuration, managed.fields, identifier, force);
    strip(managers, identifier);
    const times = new Map(managed.times);
    if (object === undefined) return { object: deepCopy(live), managed: { fields: managers, times } };
    this.options.applyDefaults?.(object, config);
    times.set(identifier, this.timestamp());
    return { object, managed: { fields: managers, times } };
  }

  /** An update's changes go to the manager, on top of what it owns. */
  private track(live: JsonObject, updated: JsonObject, managed: Managed, manager: string): Managed {
    const before = this.versions.typed(live);
    const after = this.versions.typed(updated);
    assertTyped(after.node, after.value, { allowDuplicates: true });
    // Live objects of built-in kinds were valid when they were written, and their types do not change under them.
    if (this.options.custom === true) assertTyped(before.node, before.value, { allowDuplicates: true });
    const fields = this.updater.update(before, after, managed.fields, self);
    strip(fields, self);
    const tracked: Managed = { fields, times: new Map(managed.times) };
    const changed = fields.get(self);
    if (changed !== undefined) {
      fields.delete(self);
      const identifier = this.identify(manager, 'Update');
      const previous = fields.get(identifier);
      fields.set(identifier, previous === undefined ? changed : { ...changed, set: previous.set.union(changed.set) });
      tracked.times.set(identifier, this.timestamp());
    }
    capUpdateManagers(tracked, this.options.maxUpdateManagers ?? 10);
    return tracked;
  }

  /** As `track` where there is nothing before. Undefined where that is not the simple case. */
  private trackNew(created: JsonObject, manager: string): Managed | undefined {
    const { apiVersion } = this;
    const node = this.versions.nodeAt(apiVersion);
    if (this.options.custom === true || node === undefined || created['apiVersion'] !== apiVersion) return undefined;
    const fields = newFields(node, created);
    if (fields === undefined) return undefined;
    const set = (this.options.resetFields?.[apiVersion]?.(fields) ?? fields).difference(unowned);
    if (set.isEmpty) return emptyManaged();
    const identifier = this.identify(manager, 'Update');
    return {
      fields: new Map([[identifier, { set, apiVersion, applied: false }]]),
      times: new Map([[identifier, this.timestamp()]]),
    };
  }

  private identify(manager: string, operation: 'Apply' | 'Update'): string {
    const { subresource } = this.options;
    return buildManagerIdentifier({
      manager: manager === '' ? 'unknown' : manager,
      operation,
      apiVersion: this.apiVersion,
      ...(subresource === undefined ? {} : { subresource }),
    });
  }

  private timestamp(): string {
    return formatTime(this.options.now());
  }

  /** The request's entries count, if they can be read; through subresources they do not. */
  private decodeForUpdate(live: KubernetesObject | undefined, newObject: KubernetesObject): Managed {
    const given = newObject.metadata?.managedFields;
    if (!this.options.subresource) {
      if (isReset(given)) return emptyManaged();
      const managed = decodeOrNothing(given);
      if (managed.fields.size > 0) return managed;
    }
    return decodeOrNothing(live?.metadata?.managedFields);
  }

  private decodeLive(live: KubernetesObject): Managed {
    try {
      return decodeManagedFields(live.metadata?.managedFields);
    } catch (error) {
      throw failure(`failed to decode managed fields: ${messageOf(error)}`, error);
    }
  }

  private checkConfiguration(config: JsonObject): void {
    const { kind } = this.options.gvk;
    if (config['apiVersion'] !== this.apiVersion || config['kind'] !== kind)
      throw badRequest(`invalid object type: ${describeKind(config)}`);
    const managedFields = asMap(config['metadata'])?.['managedFields'];
    if (managedFields !== undefined && managedFields !== null) throw badRequest('metadata.managedFields must be nil');
  }

  private assertValid(
    which: string,
    named: JsonObject,
    node: TypedNode,
    value: JsonValue,
    allowDuplicates: boolean,
  ): void {
    const issues = validateTyped(node, value, { allowDuplicates });
    if (issues.length === 0) return;
    const error = new TypedValidationError(issues);
    throw failure(`failed to create typed ${which} object (${describeObject(named)}): ${error.message}`, error);
  }

  /** What client-side apply applied last and what is still so. Undefined where that cannot be told. */
  private fieldsLastApplied(live: JsonObject): FieldSet | undefined {
    const text = lastApplied(live);
    if (text === undefined) return undefined;
    const applied = parseObject(text);
    if (applied === undefined || applied['apiVersion'] !== this.apiVersion) return undefined;
    const { node, value } = this.versions.typed(live);
    if (validateTyped(node, applied).length > 0 || validateTyped(node, value).length > 0) return undefined;
    const { added, modified, removed } = compareTyped(node, applied, value);
    return toFieldSet(node, applied).difference(modified).difference(added).difference(removed);
  }

  private emptyObject(): KubernetesObject {
    return {
      apiVersion: this.apiVersion,
      kind: this.options.gvk.kind,
      ...(this.options.custom ? {} : { metadata: {} }),
    };
  }
}

function strip(fields: Map<string, { set: FieldSet; apiVersion: string; applied: boolean }>, identifier: string): void {
  const versioned = fields.get(identifier);
  if (versioned === undefined) return;
  const set = versioned.set.difference(unowned);
  if (set.isEmpty) fields.delete(identifier);
  else fields.set(identifier, { ...versioned, set });
}

function parseObject(text: string): JsonObject | undefined {
  try {
    return asMap(JSON.parse(text) as JsonValue);
  } catch {
    return undefined;
  }
}
