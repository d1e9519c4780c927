/** Which volume suits a claim. Pure. */
import { parseQuantity, selectorFromLabelSelector } from '@typernetes/openapi/meta';
import type { PersistentVolume, PersistentVolumeClaim } from '@typernetes/openapi/types/core/v1';

type Claim = Readonly<PersistentVolumeClaim>;
type Volume = Readonly<PersistentVolume>;

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

export function storageClassOf(object: Claim | Volume): string {
  return object.metadata?.annotations?.[classAnnotation] ?? object.spec?.storageClassName ?? '';
}

/** The volume was bound to the claim, or is kept for it by name. */
export function isKeptFor(volume: Volume, claim: Claim): boolean {
  const reference = volume.spec?.claimRef;
  return (
    !!reference &&
    reference.namespace === claim.metadata?.namespace &&
    reference.name === claim.metadata?.name &&
    (!reference.uid || reference.uid === claim.metadata?.uid)
  );
}

function suits(volume: Volume, claim: Claim): boolean {
  const { accessModes: wanted = [], resources, volumeMode = 'Filesystem' } = claim.spec ?? {};
  const { accessModes = [], capacity, volumeMode: offered = 'Filesystem' } = volume.spec ?? {};
  if (volume.metadata?.deletionTimestamp || volumeMode !== offered) return false;
  if (!wanted.every((mode) => accessModes.includes(mode))) return false;
  const requested = parseQuantity(resources?.requests?.['storage'] ?? '0');
  return parseQuantity(capacity?.['storage'] ?? '0').compare(requested) >= 0;
}

/** One that is kept for the claim before any other; of the others the smallest. */
export function findVolume(claim: Claim, volumes: readonly Volume[]): Volume | undefined {
  const suiting = volumes.filter((volume) => suits(volume, claim));
  const kept = suiting.find((volume) => isKeptFor(volume, claim));
  if (kept) return kept;
  const selector = claim.spec?.selector && selectorFromLabelSelector(claim.spec.selector);
  const size = (volume: Volume): string => volume.spec?.capacity?.['storage'] ?? '0';
  return suiting
    .filter(
      (volume) =>
        !volume.spec?.claimRef &&
        (volume.status?.phase ?? 'Available') === 'Available' &&
        storageClassOf(volume) === storageClassOf(claim) &&
        (!selector || selector.matches(volume.metadata?.labels ?? {})),
    )
    .sort((a, b) => parseQuantity(size(a)).compare(parseQuantity(size(b))))[0];
}
