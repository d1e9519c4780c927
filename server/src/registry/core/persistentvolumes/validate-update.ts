import type { NodeSelectorRequirement, PersistentVolume, VolumeNodeAffinity } from '@typernetes/openapi/types/core/v1';
import type { FieldError } from '../../validation/index.ts';
import { forbiddenField, IMMUTABLE, immutable, invalidValue, path, semanticEqual } from '../../validation/index.ts';
import { internalTerm } from '../pod/internal-shape.ts';
import { SOURCES } from './validate.ts';

const spec = path('spec');

/** What is said of a volume that was there before; the rest is as for a new one. */
export function validateVolumeUpdate(volume: PersistentVolume, old: Readonly<PersistentVolume>): FieldError[] {
  const errors: FieldError[] = [];
  const after = sourceOf(volume);
  // The secret for expansion may come later.
  if (old.spec?.csi && !old.spec.csi.controllerExpandSecretRef && volume.spec?.csi) {
    const { controllerExpandSecretRef: _, ...csi } = volume.spec.csi;
    after['csi'] = csi;
  }
  if (!semanticEqual(after, sourceOf(old))) {
    const message = 'spec.persistentvolumesource is immutable after creation';
    errors.push(forbiddenField(spec.child('persistentvolumesource'), message));
  }
  errors.push(...immutable(path('volumeMode'), volume.spec?.volumeMode, old.spec?.volumeMode));
  const affinity = volume.spec?.nodeAffinity;
  if (old.spec?.nodeAffinity && !semanticEqual(affinity, renamed(old.spec.nodeAffinity, affinity)))
    errors.push(
      invalidValue(path('nodeAffinity'), shown(affinity), `${IMMUTABLE}, except for updating from beta label to GA`),
    );
  if (old.spec?.volumeAttributesClassName != null && volume.spec?.volumeAttributesClassName == null)
    errors.push(
      forbiddenField(spec.child('volumeAttributesClassName'), 'update from non-nil value to nil is forbidden'),
    );
  return errors;
}

function sourceOf(volume: Readonly<PersistentVolume>): Record<string, unknown> {
  return Object.fromEntries(SOURCES.map((source) => [source, volume.spec?.[source]]));
}

const stableLabels: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

/** `old` with the stable names of labels where `next` has them. */
function renamed(old: VolumeNodeAffinity, next: VolumeNodeAffinity | undefined): VolumeNodeAffinity {
  if (!old.required) return old;
  const requirements = (before: NodeSelectorRequirement[] = [], after: NodeSelectorRequirement[] = []) =>
    before.map((requirement, index) => {
      const key = after[index]?.key;
      return key !== undefined && stableLabels[requirement.key] === key ? { ...requirement, key } : requirement;
    });
  const nodeSelectorTerms = old.required.nodeSelectorTerms.map((term, index) => {
    const after = next?.required?.nodeSelectorTerms[index];
    return {
      matchExpressions: requirements(term.matchExpressions, after?.matchExpressions),
      matchFields: requirements(term.matchFields, after?.matchFields),
    };
  });
  return { required: { nodeSelectorTerms } };
}

/** As upstream shows it: its internal VolumeNodeAffinity. */
function shown(affinity: VolumeNodeAffinity | undefined): unknown {
  if (!affinity) return null;
  const terms = affinity.required?.nodeSelectorTerms.map(internalTerm);
  return { Required: terms === undefined ? null : { NodeSelectorTerms: terms } };
}
