/**
 * How a delete request changes an object that stays for a while: grace periods (pods), finalizers, propagation.
 * Pure functions over a parsed copy of the stored object; upstream's BeforeDelete and
 * deletionFinalizersForGarbageCollection.
 */
import { conflict, formatTime, type KubernetesObject, type ObjectMeta } from '@typernetes/openapi/meta';
import type { StoreDefinition } from './definition.ts';
import type { DeleteOptions } from './options.ts';

export const orphanFinalizer = 'orphan';
export const foregroundFinalizer = 'foregroundDeletion';

export type Grace =
  /** No grace: delete, or mark if finalizers are left. */
  | 'none'
  /** The object was changed and waits for its grace period. */
  | 'graceful'
  /** It is being deleted already and nothing changes. */
  | 'pending';

export function checkPreconditions(definition: StoreDefinition, metadata: ObjectMeta, options: DeleteOptions): void {
  const resource = { group: definition.resource.group, resource: definition.kind };
  const { uid, resourceVersion } = options.preconditions ?? {};
  // Namespaces and CustomResourceDefinitions have stores of their own upstream, which look for themselves.
  const own = definition.deleteStrategy.alwaysMarkFirst === true;
  if (uid !== undefined && uid !== metadata.uid) {
    if (own)
      throw conflict(
        definition.resource,
        metadata.name ?? '',
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`,
      );
    throw conflict(
      resource,
      metadata.name ?? '',
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    if (own)
      throw conflict(
        definition.resource,
        metadata.name ?? '',
        `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`,
      );
    throw conflict(
      resource,
      metadata.name ?? '',
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
  }
}

/** Changes `object`'s deletionTimestamp and grace period where the deletion is graceful. `period`: seconds granted. */
export function applyGrace(
  definition: StoreDefinition,
  object: KubernetesObject,
  options: DeleteOptions,
  now: Date,
): { grace: Grace; period: number } {
  const metadata = (object.metadata ??= {});
  const strategy = definition.deleteStrategy;
  const requested =
    options.gracePeriodSeconds !== undefined && options.gracePeriodSeconds < 0 ? 1 : options.gracePeriodSeconds;
  if ((metadata.deletionGracePeriodSeconds ?? 0) < 0) metadata.deletionGracePeriodSeconds = 1;
  if (strategy.gracePeriodSeconds === undefined) return { grace: 'none', period: 0 };

  if (metadata.deletionTimestamp !== undefined) {
    const current = metadata.deletionGracePeriodSeconds ?? 0;
    if (current === 0) return { grace: 'none', period: 0 };
    if (requested === undefined || requested >= current) return { grace: 'pending', period: current };
    let period = requested;
    let deadline = Date.parse(metadata.deletionTimestamp) - current * 1000 + requested * 1000;
    if (deadline < now.getTime()) {
      deadline = now.getTime();
      if (period !== 0) period = 1;
    }
    metadata.deletionTimestamp = formatTime(new Date(deadline));
    metadata.deletionGracePeriodSeconds = period;
    return { grace: 'graceful', period };
  }
  const period = strategy.gracePeriodSeconds(object, requested);
  if (period === undefined) return { grace: 'none', period: 0 };
  metadata.deletionTimestamp = formatTime(new Date(now.getTime() + period * 1000));
  metadata.deletionGracePeriodSeconds = period;
  if ((metadata.generation ?? 0) > 0) metadata.generation = metadata.generation! + 1;
  return { grace: 'graceful', period };
}

/** The finalizers that the options ask the garbage collector to handle; undefined if nothing changes. */
export function finalizersForPropagation(
  definition: StoreDefinition,
  metadata: ObjectMeta,
  options: DeleteOptions,
): string[] | undefined {
  const current = metadata.finalizers ?? [];
  const orphan = shouldOrphan(definition, current, options);
  const foreground = shouldForeground(definition, current, options);
  const wanted = current.filter((finalizer) => finalizer !== orphanFinalizer && finalizer !== foregroundFinalizer);
  if (orphan) wanted.push(orphanFinalizer);
  if (foreground) wanted.push(foregroundFinalizer);
  const same = wanted.length === new Set(current).size && wanted.every((finalizer) => current.includes(finalizer));
  return same ? undefined : wanted;
}

function shouldOrphan(definition: StoreDefinition, finalizers: readonly string[], options: DeleteOptions): boolean {
  const byDefault = definition.deleteStrategy.defaultGarbageCollection;
  if (byDefault === 'Unsupported') return false;
  if (options.orphanDependents !== undefined) return options.orphanDependents;
  if (options.propagationPolicy !== undefined) return options.propagationPolicy === 'Orphan';
  const decided = finalizers.find((finalizer) => finalizer === orphanFinalizer || finalizer === foregroundFinalizer);
  return decided === undefined ? byDefault === 'Orphan' : decided === orphanFinalizer;
}

function shouldForeground(definition: StoreDefinition, finalizers: readonly string[], options: DeleteOptions): boolean {
  if (definition.deleteStrategy.defaultGarbageCollection === 'Unsupported') return false;
  if (options.orphanDependents !== undefined) return false;
  if (options.propagationPolicy !== undefined) return options.propagationPolicy === 'Foreground';
  const decided = finalizers.find((finalizer) => finalizer === orphanFinalizer || finalizer === foregroundFinalizer);
  return decided === foregroundFinalizer;
}

/** For an object that finalizers keep: deleted now, without grace. */
export function markAsDeleting(metadata: ObjectMeta, now: Date): void {
  if (metadata.deletionTimestamp === undefined && (metadata.generation ?? 0) > 0) {
    metadata.generation = metadata.generation! + 1;
  }
  if (metadata.deletionTimestamp === undefined || Date.parse(metadata.deletionTimestamp) > now.getTime()) {
    metadata.deletionTimestamp = formatTime(now);
  }
  metadata.deletionGracePeriodSeconds = 0;
}

/** An update that takes the last finalizer off an object marked for deletion deletes it. */
export function shouldDeleteDuringUpdate(
  definition: StoreDefinition,
  object: KubernetesObject,
  old: KubernetesObject,
): boolean {
  if ((object.metadata?.finalizers ?? []).length > 0) return false;
  if ((definition.deleteStrategy.otherFinalizers?.(object) ?? []).length > 0) return false;
  if (old.metadata?.deletionTimestamp === undefined) return false;
  return (old.metadata.deletionGracePeriodSeconds ?? 0) === 0;
}
