/** What every update goes through between mutating admission and storage: upstream's BeforeUpdate. */

import {
  type FieldError,
  invalid,
  type KubernetesObject,
  type ObjectMeta,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import {
  ensureNamespace,
  metaRules,
  pathSegmentErrors,
  strategyContext,
  validateKubeFinalizers,
} from './before-create.ts';
import { metadataUpdateChecksOf, type StoreDefinition, type WriteContext } from './definition.ts';

type Fields = Record<string, unknown>;

export function beforeUpdate(
  definition: StoreDefinition,
  object: KubernetesObject,
  old: KubernetesObject,
  context: WriteContext,
): void {
  const { strategy } = definition;
  const oldMetadata = old.metadata ?? {};
  ensureNamespace(object, definition.namespaced ? context.namespace : '');
  keep((object.metadata ??= {}) as Fields, oldMetadata as Fields, 'generation');
  const strategicContext = strategyContext(context);
  const status = context.subresource === 'status';
  if (status) {
    if (strategy.prepareForStatusUpdate === undefined) keepAllButStatus(object, old);
    else strategy.prepareForStatusUpdate(object, old, strategicContext);
    if (strategy.statusKeepsMetadata === true)
      for (const name of metadataKeptByStatus) keep((object.metadata ??= {}) as Fields, oldMetadata as Fields, name);
  } else {
    strategy.prepareForUpdate?.(object, old, strategicContext);
    if (definition.hasGeneration && specChanged(object, old))
      object.metadata = { ...object.metadata, generation: (oldMetadata.generation ?? 0) + 1 };
  }

  // Only now: a strategy may have put another in its place.
  const metadata = (object.metadata ??= {});
  if ((metadata.uid ?? '') === '') keep(metadata as Fields, oldMetadata as Fields, 'uid');
  if (oldMetadata.creationTimestamp !== undefined) metadata.creationTimestamp = oldMetadata.creationTimestamp;
  if (oldMetadata.deletionTimestamp !== undefined) metadata.deletionTimestamp = oldMetadata.deletionTimestamp;
  if (oldMetadata.deletionGracePeriodSeconds !== undefined && metadata.deletionGracePeriodSeconds === undefined) {
    metadata.deletionGracePeriodSeconds = oldMetadata.deletionGracePeriodSeconds;
  }

  // Upstream asks twice: once for all kinds, once in the kind's own validation.
  const errors = [
    ...validateObjectMeta(metadata, { namespaced: definition.namespaced, nameFn: pathSegmentErrors }),
    ...validateObjectMetaUpdate(metadata, oldMetadata),
    ...ownMetadataErrors(definition, object, oldMetadata, status),
    ...((status
      ? strategy.validateStatusUpdate?.(object, old, strategicContext)
      : strategy.validateUpdate?.(object, old, strategicContext)) ?? []),
  ];
  if (errors.length > 0) {
    throw invalid({ group: definition.resource.group, kind: definition.kind }, metadata.name ?? '', errors);
  }
  const warnings = status ? strategy.warningsOnStatusUpdate?.(object) : strategy.warningsOnUpdate?.(object, old);
  for (const warning of warnings ?? []) context.warn(warning);
  strategy.canonicalize?.(object);
}

function ownMetadataErrors(
  definition: StoreDefinition,
  object: KubernetesObject,
  old: Readonly<ObjectMeta>,
  status: boolean,
): FieldError[] {
  if (definition.metadataChecks === 'none') return [];
  const metadata = object.metadata ?? {};
  return metadataUpdateChecksOf(definition.resource, status).flatMap((check) => [
    ...(check === 'change'
      ? validateObjectMetaUpdate(metadata, old)
      : validateObjectMeta(metadata, metaRules(definition, object))),
    ...validateKubeFinalizers(definition, metadata),
  ]);
}

/** Of metadata, what a status write of the newer kinds leaves as it is. */
const metadataKeptByStatus = [
  'deletionTimestamp',
  'selfLink',
  'labels',
  'annotations',
  'finalizers',
  'ownerReferences',
] as const;

function keep(fields: Fields, old: Fields, name: string): void {
  if (old[name] === undefined) delete fields[name];
  else fields[name] = old[name];
}

/** The generic status strategy: of the request only status and metadata count. */
function keepAllButStatus(object: KubernetesObject, old: KubernetesObject): void {
  const fields = object as Fields;
  for (const name of new Set([...Object.keys(object), ...Object.keys(old)])) {
    if (name !== 'status' && name !== 'metadata') keep(fields, old as Fields, name);
  }
}

function specChanged(object: KubernetesObject, old: KubernetesObject): boolean {
  for (const name of new Set([...Object.keys(object), ...Object.keys(old)])) {
    if (name === 'metadata' || name === 'status') continue;
    if (!deepEqual((object as Fields)[name], (old as Fields)[name])) return true;
  }
  return false;
}
