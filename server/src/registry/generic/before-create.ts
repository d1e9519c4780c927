/** What every create goes through between mutating admission and storage: upstream's BeforeCreate. */
import { randomUUID } from 'node:crypto';
import {
  badRequest,
  type FieldError,
  formatTime,
  generateName,
  internalError,
  invalid,
  invalidValue,
  type KubernetesObject,
  type ObjectMeta,
  type ObjectMetaRules,
  path,
  validateObjectMeta,
} from '@typernetes/openapi/meta';
import type { StoreDefinition, WriteContext } from './definition.ts';
import type { StrategyContext } from './strategy.ts';

/** Clears what clients may not choose. Runs on the decoded object, before admission sees it. */
export function wipeSystemFields(object: KubernetesObject): void {
  const metadata = object.metadata;
  if (metadata === undefined) return;
  delete metadata.creationTimestamp;
  delete metadata.uid;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
}

/** The object's namespace must be the request's; an empty one is filled in. Cluster-scoped objects lose theirs. */
export function ensureNamespace(object: KubernetesObject, namespace: string): void {
  const metadata = (object.metadata ??= {});
  const own = metadata.namespace ?? '';
  if (own === namespace) return;
  if (namespace === '') {
    delete metadata.namespace;
    return;
  }
  if (own === '') {
    metadata.namespace = namespace;
    return;
  }
  throw badRequest(namespaceMismatch);
}

const namespaceMismatch = 'the namespace of the provided object does not match the namespace sent on the request';

export function strategyContext(context: WriteContext): StrategyContext {
  return {
    user: context.user,
    now: context.now,
    dryRun: context.dryRun,
    subresource: context.subresource,
    warn: (message) => context.warn(message),
  };
}

/** Name, uid and creation time. Separate from the checks because hooks between them want the name. */
export function fillSystemFields(
  object: KubernetesObject,
  now: Date,
  nameFrom: (prefix: string) => string = (prefix) => generateName(prefix, Math.random),
): ObjectMeta {
  const metadata = (object.metadata ??= {});
  metadata.creationTimestamp = formatTime(now);
  metadata.uid = randomUUID();
  if ((metadata.generateName ?? '') !== '' && (metadata.name ?? '') === '') {
    metadata.name = nameFrom(metadata.generateName!);
  }
  return metadata;
}

const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** The core group's rule for finalizers without a domain. */
export function validateKubeFinalizers(
  definition: Pick<StoreDefinition, 'metadataChecks'>,
  metadata: Readonly<ObjectMeta>,
): FieldError[] {
  if (definition.metadataChecks !== 'core') return [];
  return (metadata.finalizers ?? []).flatMap((name, index) =>
    name.includes('/') || standardFinalizers.has(name)
      ? []
      : [
          invalidValue(
            path('metadata', 'finalizers').index(index),
            name,
            'name is neither a standard finalizer name nor is it fully qualified',
          ),
        ],
  );
}

export function pathSegmentErrors(name: string): string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%'].filter((illegal) => name.includes(illegal)).map((illegal) => `may not contain '${illegal}'`);
}

export function metaRules(definition: StoreDefinition, object: KubernetesObject): ObjectMetaRules {
  // A kind without rules of its own takes whatever can stand in a path, as upstream's generic check.
  const { strategy } = definition;
  let nameFn: ObjectMetaRules['nameFn'];
  if (definition.registration.strategy === undefined) nameFn = pathSegmentErrors;
  else if (strategy.validateName !== undefined)
    nameFn = (name, prefix) => strategy.validateName?.(name, prefix, object) ?? [];
  return nameFn === undefined ? { namespaced: definition.namespaced } : { namespaced: definition.namespaced, nameFn };
}

/** Strategies may check metadata themselves; what both found is said once. */
export function distinctErrors(errors: readonly FieldError[]): FieldError[] {
  const seen = new Set<string>();
  return errors.filter((error) => {
    const key = `${error.type} ${error.field} ${error.detail}`;
    return seen.has(key) ? false : seen.add(key);
  });
}

export function beforeCreate(definition: StoreDefinition, object: KubernetesObject, context: WriteContext): void {
  const { strategy } = definition;
  if (object.metadata?.uid === undefined) throw internalError('system metadata was not initialized');
  ensureNamespace(object, definition.namespaced ? context.namespace : '');
  if (definition.hasGeneration) object.metadata.generation = 1;
  strategy.prepareForCreate?.(object, strategyContext(context));
  const { metadata } = object;

  const refuse = (errors: readonly FieldError[]): void => {
    if (errors.length === 0) return;
    throw invalid({ group: definition.resource.group, kind: definition.kind }, metadata.name ?? '', errors);
  };
  refuse([
    ...(definition.metadataChecks === 'none' ? [] : validateObjectMeta(metadata, metaRules(definition, object))),
    ...validateKubeFinalizers(definition, metadata),
    ...(strategy.validate?.(object, strategyContext(context)) ?? []),
  ]);
  // What every kind must have, after the kind's own words; of what was checked above only the names are left.
  const { name, generateName: prefix, namespace } = metadata;
  const left = definition.metadataChecks === 'none' ? metadata : { name, generateName: prefix, namespace };
  refuse(validateObjectMeta(left as ObjectMeta, { namespaced: definition.namespaced, nameFn: pathSegmentErrors }));
  for (const warning of strategy.warningsOnCreate?.(object) ?? []) context.warn(warning);
  strategy.canonicalize?.(object);
}
