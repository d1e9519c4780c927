/**
 * Decides which objects belong to a controlling object: those it owns and selects stay, orphans it selects are adopted,
 * those it owns but no longer selects are released. Adoption first asks the API server whether the owner still lives, so
 * that a stale cache never adopts for a deleted owner.
 */
import type { KnownResource, LabelMatcher, ResourceType, RestClient } from '@typernetes/openapi/client';
import { isInvalid, isNotFound, type KubernetesObject, type OwnerReference } from '@typernetes/openapi/meta';
import { controllerOf, controllerReference } from './controller-reference.ts';

export interface Claim<Owner extends KubernetesObject, T extends KubernetesObject> {
  client: RestClient;
  owner: Readonly<Owner>;
  ownerResource: KnownResource<Owner>;
  resource: ResourceType<T>;
  selector: LabelMatcher;
  candidates: readonly Readonly<T>[];
  /** Only candidates this accepts are adopted. */
  adoptable?: (candidate: Readonly<T>) => boolean;
  /** Put on what is adopted, taken off what is released. */
  finalizer?: string;
  signal: AbortSignal;
}

export async function claim<Owner extends KubernetesObject, T extends KubernetesObject>(
  options: Claim<Owner, T>,
): Promise<Readonly<T>[]> {
  const { owner, selector, candidates, adoptable = () => true } = options;
  const claimed: Readonly<T>[] = [];
  let ownerChecked: Promise<void> | undefined;
  for (const candidate of candidates) {
    const controller = controllerOf(candidate);
    const matches = selector.matches(candidate.metadata?.labels ?? {});
    if (controller) {
      if (controller.uid !== owner.metadata?.uid) continue;
      if (matches) claimed.push(candidate);
      else if (!owner.metadata?.deletionTimestamp) await release(options, candidate);
      continue;
    }
    if (owner.metadata?.deletionTimestamp || !matches || candidate.metadata?.deletionTimestamp || !adoptable(candidate))
      continue;
    if (candidate.metadata?.namespace !== owner.metadata?.namespace) continue;
    ownerChecked ??= checkOwner(options);
    await ownerChecked;
    const adopted = await adopt(options, candidate);
    if (adopted) claimed.push(adopted);
  }
  return claimed;
}

async function checkOwner<Owner extends KubernetesObject, T extends KubernetesObject>(
  options: Claim<Owner, T>,
): Promise<void> {
  const { namespace, name = '', uid } = options.owner.metadata ?? {};
  const fresh = await options.client.resource(options.ownerResource).get(namespace, name, { signal: options.signal });
  if (fresh.metadata?.uid !== uid)
    throw new Error(
      `original ${namespace ?? ''}/${name} is gone: got uid ${fresh.metadata?.uid ?? ''}, wanted ${uid ?? ''}`,
    );
  if (fresh.metadata?.deletionTimestamp)
    throw new Error(`${namespace ?? ''}/${name} has just been deleted at ${fresh.metadata.deletionTimestamp}`);
}

/** Undefined: it is gone. */
async function adopt<Owner extends KubernetesObject, T extends KubernetesObject>(
  options: Claim<Owner, T>,
  candidate: Readonly<T>,
): Promise<T | undefined> {
  const reference = controllerReference(options.owner, options.ownerResource);
  const ownerReferences = [...(candidate.metadata?.ownerReferences ?? []), reference];
  const { finalizer } = options;
  const finalizers = candidate.metadata?.finalizers ?? [];
  return patchOwners(options, candidate, {
    ownerReferences,
    ...(finalizer && !finalizers.includes(finalizer) ? { finalizers: [...finalizers, finalizer] } : {}),
  });
}

async function release<Owner extends KubernetesObject, T extends KubernetesObject>(
  options: Claim<Owner, T>,
  candidate: Readonly<T>,
): Promise<void> {
  const ownerReferences = (candidate.metadata?.ownerReferences ?? []).filter(
    (reference) => reference.uid !== options.owner.metadata?.uid,
  );
  const finalizers = candidate.metadata?.finalizers ?? [];
  const { finalizer } = options;
  try {
    await patchOwners(options, candidate, {
      ownerReferences,
      ...(finalizer && finalizers.includes(finalizer)
        ? { finalizers: finalizers.filter((entry) => entry !== finalizer) }
        : {}),
    });
  } catch (error) {
    // Gone and created anew under the same name: nothing of ours to release.
    if (!isInvalid(error)) throw error;
  }
}

async function patchOwners<Owner extends KubernetesObject, T extends KubernetesObject>(
  options: Claim<Owner, T>,
  candidate: Readonly<T>,
  changes: { ownerReferences: OwnerReference[]; finalizers?: string[] },
): Promise<T | undefined> {
  const { namespace, name = '', uid, resourceVersion } = candidate.metadata ?? {};
  try {
    // The whole list under a resourceVersion: someone else's reference is never lost.
    const patch = { metadata: { uid, resourceVersion, ...changes } };
    return await options.client
      .resource(options.resource)
      .patch(namespace, name, patch, { type: 'merge', signal: options.signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
