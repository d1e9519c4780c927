/**
 * The persistentVolumeClaimRetentionPolicy (KEP-1847) as owner references: a claim that goes with the set is owned by the
 * set, one that goes with a pod scaled away is owned by that pod, and the garbage collector does the rest.
 */
import type { OwnerReference } from '@typernetes/openapi/meta';
import type { StatefulSet } from '@typernetes/openapi/types/apps/v1';
import type { PersistentVolumeClaim, Pod } from '@typernetes/openapi/types/core/v1';
import { semanticallyEqual } from '../objects/equality.ts';
import { isInRange, ordinalOf } from './identity.ts';

type Claim = Readonly<PersistentVolumeClaim>;

const referencesSet = (reference: OwnerReference, set: Readonly<StatefulSet>): boolean =>
  reference.apiVersion === 'apps/v1' && reference.kind === 'StatefulSet' && reference.name === set.metadata?.name;
const referencesPod = (reference: OwnerReference, pod: Readonly<Pod>): boolean =>
  reference.apiVersion === 'v1' && reference.kind === 'Pod' && reference.name === pod.metadata?.name;

function policyOf(set: Readonly<StatefulSet>): { whenDeleted: boolean; whenScaled: boolean } {
  const policy = set.spec?.persistentVolumeClaimRetentionPolicy;
  return { whenDeleted: policy?.whenDeleted === 'Delete', whenScaled: policy?.whenScaled === 'Delete' };
}

/** The claim is about to go with a former pod of the same name: a new pod must wait for that. */
export function isStale(claim: Claim, set: Readonly<StatefulSet>, pod: Readonly<Pod>): boolean {
  return (
    policyOf(set).whenScaled &&
    (claim.metadata?.ownerReferences ?? []).some(
      (reference) => referencesPod(reference, pod) && reference.uid !== pod.metadata?.uid,
    )
  );
}

export function hasConflictingController(claim: Claim, set: Readonly<StatefulSet>, pod: Readonly<Pod>): boolean {
  const { whenDeleted, whenScaled } = policyOf(set);
  if (!whenDeleted && !whenScaled) return false;
  return (claim.metadata?.ownerReferences ?? []).some((reference) => {
    if (referencesSet(reference, set)) return reference.uid !== set.metadata?.uid;
    if (referencesPod(reference, pod)) return reference.uid !== pod.metadata?.uid;
    return reference.controller === true;
  });
}

/** The owners that the claim should have; undefined: those it has. */
export function desiredOwners(
  claim: Claim,
  set: Readonly<StatefulSet>,
  pod: Readonly<Pod>,
): OwnerReference[] | undefined {
  const present = claim.metadata?.ownerReferences ?? [];
  const isForeign = present.some(
    (reference) =>
      (referencesSet(reference, set) && reference.uid !== set.metadata?.uid) ||
      (referencesPod(reference, pod) && reference.uid !== pod.metadata?.uid),
  );
  // Of a former owner of the same name: the garbage collector deletes it.
  if (isForeign) return undefined;
  const owners = present.filter((reference) => !referencesSet(reference, set) && !referencesPod(reference, pod));
  if (!hasConflictingController(claim, set, pod)) {
    const { whenDeleted, whenScaled } = policyOf(set);
    const ordinal = ordinalOf(set, pod);
    const isScaledDown = ordinal === undefined || !isInRange(set, ordinal);
    if (whenScaled && isScaledDown) owners.push(ownerOf(pod, 'v1', 'Pod'));
    else if (whenDeleted) owners.push(ownerOf(set, 'apps/v1', 'StatefulSet'));
  }
  return semanticallyEqual(byUid(owners), byUid(present)) ? undefined : owners;
}

function byUid(references: readonly OwnerReference[]): unknown {
  return Object.fromEntries(references.map(({ uid, controller }) => [uid, controller ?? false]));
}

function ownerOf(object: Readonly<Pod | StatefulSet>, apiVersion: string, kind: string): OwnerReference {
  const { name = '', uid = '' } = object.metadata ?? {};
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}
