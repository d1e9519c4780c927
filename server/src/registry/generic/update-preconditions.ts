/** Whether an update is meant for the object that is there: by uid where the caller says so, by resourceVersion always. */
import {
  badRequest,
  conflict,
  type GroupResource,
  invalid,
  invalidValue,
  type KubernetesObject,
  path,
} from '@typernetes/openapi/meta';
import type { Entry } from '../../storage/storage.ts';
import type { StoreDefinition, WriteContext } from './definition.ts';
import { optimisticLockMessage } from './errors.ts';

/** What messages call it. */
export const calledIn = ({ servedAs, resource }: StoreDefinition): GroupResource => servedAs ?? resource;

/** What is not there yet has no uid. */
export function checkUid(
  definition: StoreDefinition,
  name: string,
  uid = '',
  found = '',
  key: string,
  { uidIsPrecondition }: WriteContext,
): void {
  if (uidIsPrecondition !== true || uid === '' || uid === found) return;
  // Upstream's stores of custom resources know the prefix of all.
  const shown = definition.isCustom === true ? key : key.replace(/^\/[^/]+/, '');
  throw conflict(
    calledIn(definition),
    name,
    `StorageError: invalid object, Code: 4, Key: ${shown}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${found}`,
  );
}

/** `object` is the new state; from then on it carries the version that it replaces. */
export function checkUpdatePreconditions(
  definition: StoreDefinition,
  name: string,
  object: KubernetesObject,
  old: KubernetesObject,
  existing: Entry,
  context: WriteContext,
): void {
  const { strategy, resource } = definition;
  const called = calledIn(definition);
  const metadata = (object.metadata ??= {});
  const version = metadata.resourceVersion ?? '';
  checkUid(definition, name, metadata.uid, old.metadata?.uid, existing.key, context);
  if (version === '' || version === '0') {
    if (strategy.allowUnconditionalUpdate === false) {
      throw invalid({ group: resource.group, kind: resource.resource }, name, [
        invalidValue(path('metadata', 'resourceVersion'), 0, 'must be specified for an update'),
      ]);
    }
  } else if (version !== String(existing.modRevision)) {
    if (!/^\d+$/.test(version)) {
      throw badRequest(`strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`);
    }
    throw conflict(called, name, optimisticLockMessage);
  }
  metadata.resourceVersion = String(existing.modRevision);
}
