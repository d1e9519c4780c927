import type { StatefulSet } from '@typernetes/openapi/types/apps/v1';
import type { Volume } from '@typernetes/openapi/types/core/v1';
import { validateClaimSpec } from '../../core/persistentvolumeclaims/validate.ts';
import { sizeWarnings } from '../../core/persistentvolumeclaims/warnings.ts';
import { validatePodAnnotations } from '../../core/pod/annotations.ts';
import {
  defaultPodTemplate,
  validateLongRunningTemplate,
  validatePodTemplate,
  validateTemplateMetadata,
  validateWorkloadSelector,
} from '../../core/pod/template.ts';
import { defaultClaimSpec } from '../../core/pod/volume-defaults.ts';
import { workloadWarnings } from '../../core/pod/warnings.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, containerCells, labelSelectorText, nameColumn, text } from '../../printing/index.ts';
import { scale } from '../../scale.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  checked,
  dns1123Label,
  forbiddenField,
  intOrPercentValue,
  invalidValue,
  nameIsDnsLabel,
  nonNegativeFields,
  notDecremented,
  notSupported,
  path,
  required,
  semanticEqual,
  validateIntOrPercent,
  validateNotAbove100Percent,
} from '../../validation/index.ts';

const spec = path('spec');

function defaultStatefulSet(set: StatefulSet): void {
  const given = set.spec;
  if (!given) return;
  defaultPodTemplate(given.template);
  for (const claim of given.volumeClaimTemplates ?? []) {
    claim.apiVersion ||= 'v1';
    claim.kind ||= 'PersistentVolumeClaim';
    if (claim.spec) defaultClaimSpec(claim.spec);
    claim.status = { ...claim.status, phase: claim.status?.phase || 'Pending' };
  }
  given.podManagementPolicy ||= 'OrderedReady';
  const update = (given.updateStrategy ??= {});
  if (!update.type) {
    update.type = 'RollingUpdate';
    update.rollingUpdate ??= {};
  }
  if (update.type === 'RollingUpdate' && update.rollingUpdate) update.rollingUpdate.partition ??= 0;
  const retention = (given.persistentVolumeClaimRetentionPolicy ??= {});
  retention.whenDeleted ||= 'Retain';
  retention.whenScaled ||= 'Retain';
  given.replicas ??= 1;
  given.revisionHistoryLimit ??= 10;
}

/** The template as its pods will be: names of pods are the set's to give, claims come from the claim templates. */
function templateForValidation(set: StatefulSet): NonNullable<StatefulSet['spec']>['template'] | undefined {
  const template = structuredClone(set.spec?.template);
  if (!template?.spec) return template;
  delete template.spec.hostname;
  delete template.spec.subdomain;
  const claims = (set.spec?.volumeClaimTemplates ?? []).map((claim): Volume => {
    const name = claim.metadata?.name ?? '';
    return { name, persistentVolumeClaim: { claimName: name } };
  });
  const names = new Set(claims.map((volume) => volume.name));
  template.spec.volumes = [...claims, ...(template.spec.volumes ?? []).filter((volume) => !names.has(volume.name))];
  return template;
}

function validateStatefulSet(set: StatefulSet, old: Readonly<StatefulSet> | undefined): FieldError[] {
  const given = set.spec;
  if (!given) return [required(spec.child('selector'), ''), required(spec.child('template'), '')];
  const errors: FieldError[] = [];
  if (!['OrderedReady', 'Parallel'].includes(given.podManagementPolicy ?? '')) {
    errors.push(
      invalidValue(
        spec.child('podManagementPolicy'),
        given.podManagementPolicy,
        "must be 'OrderedReady' or 'Parallel'",
      ),
    );
  }
  errors.push(...validateUpdateStrategy(set));
  for (const field of ['whenDeleted', 'whenScaled'] as const) {
    const value = given.persistentVolumeClaimRetentionPolicy?.[field] ?? '';
    if (['Retain', 'Delete'].includes(value)) continue;
    errors.push(notSupported(spec.child('persistentVolumeClaimRetentionPolicy', field), value, ['Retain', 'Delete']));
  }
  if (!old) {
    for (const [index, claim] of (given.volumeClaimTemplates ?? []).entries()) {
      errors.push(...validateClaimSpec(claim.spec, spec.child('volumeClaimTemplates').index(index).child('spec')));
    }
  }
  errors.push(...nonNegativeFields(spec, given, ['replicas', 'minReadySeconds']));
  if ((given.ordinals?.start ?? 0) < 0) {
    errors.push(
      invalidValue(spec.child('ordinals.start'), given.ordinals?.start, 'must be greater than or equal to 0'),
    );
  }
  if (!old && given.serviceName)
    errors.push(...checked(spec.child('serviceName'), given.serviceName, dns1123Label(given.serviceName)));
  const template = templateForValidation(set);
  const at = spec.child('template');
  return [
    ...errors,
    ...validateWorkloadSelector(given.selector, template, {
      kind: 'statefulset',
      selectorAt: spec.child('selector'),
      templateAt: at,
      // Said twice: by the template's own check, and by the set's.
      ofTemplate: () => [
        ...validatePodTemplate(template, at),
        ...validateTemplateMetadata(template, at),
        ...validatePodAnnotations(template?.metadata?.annotations, template?.spec, at.child('annotations')),
      ],
    }),
    ...validateLongRunningTemplate(template, 'StatefulSet', at),
  ];
}

function validateUpdateStrategy(set: StatefulSet): FieldError[] {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  const at = spec.child('updateStrategy');
  const here = at.child('rollingUpdate');
  switch (type) {
    case 'OnDelete':
      return rollingUpdate
        ? [invalidValue(here, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'")]
        : [];
    case 'RollingUpdate': {
      const errors = nonNegativeFields(here, rollingUpdate, ['partition']);
      const maximum = rollingUpdate?.maxUnavailable;
      if (maximum == null) return errors;
      const place = here.child('maxUnavailable');
      errors.push(...validateIntOrPercent(maximum, place));
      if (intOrPercentValue(maximum) === 0) errors.push(invalidValue(place, maximum, 'cannot be 0'));
      return [...errors, ...validateNotAbove100Percent(maximum, place)];
    }
    default:
      if (!type) return [required(at, '')];
      return [invalidValue(at, set.spec?.updateStrategy, "must be 'RollingUpdate' or 'OnDelete'")];
  }
}

const UPDATABLE = [
  'replicas',
  'template',
  'updateStrategy',
  'minReadySeconds',
  'ordinals',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
];

function fixedPart(set: Readonly<StatefulSet>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(set.spec ?? {}).filter(([field]) => !UPDATABLE.includes(field)));
}

const templateWarnings = workloadWarnings<StatefulSet>(({ spec }) => spec?.template);

function setWarnings({ spec: given }: StatefulSet, below: readonly string[]): string[] {
  const templates = spec.child('volumeClaimTemplates');
  const warnings = (given?.volumeClaimTemplates ?? []).flatMap((claim, index) =>
    sizeWarnings(
      claim.spec,
      below.reduce((at, part) => at.child(part), templates.index(index)),
    ),
  );
  if ((given?.revisionHistoryLimit ?? 0) < 0)
    warnings.push(
      'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
    );
  return warnings;
}

export const statefulsets: ResourceRegistration<StatefulSet> = {
  resource: { group: 'apps', resource: 'statefulsets' },
  strategy: {
    warningsOnCreate: (set) => [...templateWarnings.warningsOnCreate(set), ...setWarnings(set, [])],
    warningsOnUpdate: (set, old) => [...templateWarnings.warningsOnUpdate(set, old), ...setWarnings(set, ['Spec'])],
    // Pods are called NAME-0, NAME-1, … and must be labels.
    validateName: nameIsDnsLabel,
    default: defaultStatefulSet,
    prepareForCreate(set) {
      // Behind a gate that is off (MaxUnavailableStatefulSet).
      delete set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable;
      set.status = { replicas: 0, availableReplicas: 0 };
    },
    prepareForUpdate(set, old) {
      if (old.spec?.updateStrategy?.rollingUpdate?.maxUnavailable == null)
        delete set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable;
      set.status = structuredClone(old.status ?? { replicas: 0, availableReplicas: 0 });
    },
    validate: (set) => validateStatefulSet(set, undefined),
    validateUpdate(set, old) {
      const errors = validateStatefulSet(set, old);
      if (!semanticEqual(fixedPart(set), fixedPart(old))) {
        const message =
          "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        errors.push(forbiddenField(spec, message));
      }
      return errors;
    },
    validateStatusUpdate(set, old) {
      const at = path('status');
      const status = set.status ?? { replicas: 0 };
      const counters = [
        'replicas',
        'readyReplicas',
        'currentReplicas',
        'updatedReplicas',
        'availableReplicas',
        'observedGeneration',
        'collisionCount',
      ];
      const errors = nonNegativeFields(at, status, counters);
      for (const field of ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const) {
        const value = status[field] ?? 0;
        if (value > (status.replicas ?? 0))
          errors.push(invalidValue(at.child(field), value, 'cannot be greater than status.replicas'));
      }
      if ((status.availableReplicas ?? 0) > (status.readyReplicas ?? 0)) {
        errors.push(
          invalidValue(
            at.child('availableReplicas'),
            status.availableReplicas,
            'cannot be greater than status.readyReplicas',
          ),
        );
      }
      return [
        ...errors,
        ...notDecremented(at.child('collisionCount'), status.collisionCount, old.status?.collisionCount),
      ];
    },
  },
  deleteStrategy: { defaultGarbageCollection: 'Background' },
  subresources: { scale: scale((set) => labelSelectorText(set.spec?.selector) ?? '') },
  table: {
    columns: [nameColumn, text('Ready'), ageColumn, text('Containers', 1), text('Images', 1)],
    cells: (set, now) => [
      set.metadata?.name ?? '',
      `${set.status?.readyReplicas ?? 0}/${set.spec?.replicas ?? 0}`,
      age(set, now),
      ...containerCells(set.spec?.template?.spec?.containers),
    ],
  },
};
