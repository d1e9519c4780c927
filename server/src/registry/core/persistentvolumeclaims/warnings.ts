import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '@typernetes/openapi/types/core/v1';
import { type Path, path, quantityOf } from '../../validation/index.ts';

export const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

export const claimWarnings = ({ metadata, spec }: PersistentVolumeClaim): string[] => [
  ...(metadata?.annotations?.[classAnnotation] === undefined
    ? []
    : [`metadata.annotations[${classAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`]),
  ...sizeWarnings(spec, path('spec')),
];

/** Sizes in parts of bytes. */
export function sizeWarnings(spec: PersistentVolumeClaimSpec | undefined, at: Path): string[] {
  return (['requests', 'limits'] as const).flatMap((field) => {
    const size = quantityOf(spec?.resources?.[field]?.['storage']);
    if (size === undefined || size.scaledBigInt(-3) % 1000n === 0n) return [];
    const here = at.child('resources', field).key('storage');
    return [`${here.toString()}: fractional byte value "${size.toString()}" is invalid, must be an integer`];
  });
}
