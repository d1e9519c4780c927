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

/** `object` is the new state; from then on it carries the version that it replaces. */
export function checkUpdatePreconditions(
  { strategy, resource, servedAs, isCustom }: StoreDefinition,
  name: string,
  object: KubernetesObject,
  old: KubernetesObject,
  existing: Entry,
  context: WriteContext,
): void {
  const called: GroupResource = servedAs ?? resource;
  const metadata = (object.metadata ??= {});
  const version = metadata.resourceVersion ?? '';
  if (context.uidIsPrecondition === true && (metadata.uid ?? '') !== '' && metadata.uid !== old.metadata?.uid) {
    // Upstream's stores of custom resources know the prefix of all.
    const key = isCustom === true ? existing.key : existing.key.replace(/^\/[^/]+/, '');
    throw conflict(
      called,
      name,
      `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${old.metadata?.uid ?? ''}`,
    );
  }
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
