import { deepCopy } from '@typernetes/openapi/schema';
import type { Deployment } from '@typernetes/openapi/types/apps/v1';
import { defaultPodTemplate } from '../../core/pod/template.ts';
import { podNameWarnings, workloadWarnings } from '../../core/pod/warnings.ts';
import type { ResourceRegistration, Strategy } from '../../generic/strategy.ts';
import { age, ageColumn, containerCells, labelSelectorText, nameColumn, text } from '../../printing/index.ts';
import { scale } from '../../scale.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  forbiddenField,
  immutable,
  intOrPercentValue,
  invalidValue,
  nonNegative,
  nonNegativeFields,
  notDecremented,
  notSupported,
  path,
  required,
  semanticEqual,
  validateIntOrPercent,
  validateNotAbove100Percent,
} from '../../validation/index.ts';
import { annotationNumber } from '../annotation-number.ts';
import { validateReplicaTemplate } from '../replicasets/template.ts';

const spec = path('spec');

/** What apps/v1 keeps of the rollbacks of older versions. */
const ROLLBACK_TO = 'deprecated.deployment.rollback.to';

/** Upstream keeps the number in a field of its own, and writes it anew. */
function normaliseRollback({ metadata }: Deployment): void {
  const annotations = metadata?.annotations;
  const given = annotations?.[ROLLBACK_TO];
  if (given === undefined || !annotations) return;
  if (given !== '') annotations[ROLLBACK_TO] = String(rollbackTo(given));
  else if (Object.keys(annotations).length > 1) delete annotations[ROLLBACK_TO];
  else delete metadata.annotations;
}

function rollbackTo(text: string): bigint {
  return annotationNumber(
    'Deployment',
    text,
    (problem) => `failed to parse annotation[${ROLLBACK_TO}]=${text} as int64: ${problem}`,
  );
}

function validateRollback({ metadata }: Deployment): FieldError[] {
  const revision = metadata?.annotations?.[ROLLBACK_TO];
  return revision === undefined ? [] : nonNegative(spec.child('rollback', 'version'), Number(revision));
}

function defaultDeployment(deployment: Deployment): void {
  normaliseRollback(deployment);
  const given = deployment.spec;
  if (!given) return;
  defaultPodTemplate(given.template);
  given.replicas ??= 1;
  const strategy = (given.strategy ??= {});
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {};
    strategy.rollingUpdate.maxUnavailable ??= '25%';
    strategy.rollingUpdate.maxSurge ??= '25%';
  }
  given.revisionHistoryLimit ??= 10;
  given.progressDeadlineSeconds ??= 600;
}

function validateDeployment(deployment: Deployment): FieldError[] {
  const given = deployment.spec;
  if (!given) return [required(spec.child('selector'), ''), required(spec.child('template'), '')];
  const errors = [
    ...nonNegativeFields(spec, given, ['replicas']),
    ...validateReplicaTemplate(given.selector, given.template),
    ...validateStrategy(deployment),
    ...nonNegativeFields(spec, given, ['minReadySeconds', 'revisionHistoryLimit']),
    ...validateRollback(deployment),
    ...nonNegativeFields(spec, given, ['progressDeadlineSeconds']),
  ];
  const deadline = given.progressDeadlineSeconds;
  if (deadline != null && deadline <= (given.minReadySeconds ?? 0)) {
    errors.push(invalidValue(spec.child('progressDeadlineSeconds'), deadline, 'must be greater than minReadySeconds'));
  }
  return errors;
}

function validateStrategy(deployment: Deployment): FieldError[] {
  const at = spec.child('strategy');
  const { type, rollingUpdate } = deployment.spec?.strategy ?? {};
  const here = at.child('rollingUpdate');
  switch (type) {
    case 'Recreate':
      return rollingUpdate ? [forbiddenField(here, "may not be specified when strategy `type` is 'Recreate'")] : [];
    case 'RollingUpdate': {
      if (!rollingUpdate) return [required(here, 'this should be defaulted and never be nil')];
      const { maxUnavailable, maxSurge } = rollingUpdate;
      const errors = [
        ...validateIntOrPercent(maxUnavailable, here.child('maxUnavailable')),
        ...validateIntOrPercent(maxSurge, here.child('maxSurge')),
      ];
      if (intOrPercentValue(maxUnavailable) === 0 && intOrPercentValue(maxSurge) === 0) {
        errors.push(invalidValue(here.child('maxUnavailable'), maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
      }
      return [...errors, ...validateNotAbove100Percent(maxUnavailable, here.child('maxUnavailable'))];
    }
    default:
      return [notSupported(at, deployment.spec?.strategy, ['Recreate', 'RollingUpdate'])];
  }
}

const warnings = workloadWarnings(({ spec }: Readonly<Deployment>) => spec?.template);

const strategy: Strategy<Deployment> = {
  default: defaultDeployment,
  prepareForCreate(deployment) {
    deployment.status = {};
  },
  prepareForUpdate(deployment, old) {
    deployment.status = deepCopy(old.status ?? {});
    // The controller copies annotations to ReplicaSets, so they count as desired state.
    if (!semanticEqual(deployment.metadata?.annotations, old.metadata?.annotations)) {
      deployment.metadata = { ...deployment.metadata, generation: (old.metadata?.generation ?? 0) + 1 };
    }
  },
  prepareForStatusUpdate(deployment, old) {
    if (old.spec) deployment.spec = deepCopy(old.spec);
    if (deployment.metadata && old.metadata?.labels) deployment.metadata.labels = { ...old.metadata.labels };
    else delete deployment.metadata?.labels;
  },
  validate: validateDeployment,
  validateUpdate: (deployment, old) => [
    ...validateDeployment(deployment),
    ...immutable(spec.child('selector'), deployment.spec?.selector, old.spec?.selector),
  ],
  validateStatusUpdate(deployment, old) {
    const at = path('status');
    const status = deployment.status ?? {};
    const counters = [
      'observedGeneration',
      'replicas',
      'updatedReplicas',
      'readyReplicas',
      'availableReplicas',
      'unavailableReplicas',
      'terminatingReplicas',
      'collisionCount',
    ];
    const errors = nonNegativeFields(at, status, counters);
    for (const field of ['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const) {
      const value = status[field] ?? 0;
      if (value > (status.replicas ?? 0))
        errors.push(invalidValue(at.child(field), value, 'cannot be greater than status.replicas'));
    }
    if ((status.availableReplicas ?? 0) > (status.readyReplicas ?? 0)) {
      errors.push(
        invalidValue(at.child('availableReplicas'), status.availableReplicas, 'cannot be greater than readyReplicas'),
      );
    }
    return [
      ...errors,
      ...notDecremented(at.child('collisionCount'), status.collisionCount, old.status?.collisionCount),
    ];
  },
  warningsOnUpdate: warnings.warningsOnUpdate,
  warningsOnCreate: (deployment) => [...podNameWarnings(deployment), ...warnings.warningsOnCreate(deployment)],
};

export const deployments: ResourceRegistration<Deployment> = {
  resource: { group: 'apps', resource: 'deployments' },
  strategy,
  deleteStrategy: { defaultGarbageCollection: 'Background' },
  subresources: { scale: scale((deployment) => labelSelectorText(deployment.spec?.selector) ?? '') },
  table: {
    columns: [
      nameColumn,
      text('Ready'),
      text('Up-to-date'),
      text('Available'),
      ageColumn,
      text('Containers', 1),
      text('Images', 1),
      text('Selector', 1),
    ],
    cells: (deployment, now) => [
      deployment.metadata?.name ?? '',
      `${deployment.status?.readyReplicas ?? 0}/${deployment.spec?.replicas ?? 0}`,
      deployment.status?.updatedReplicas ?? 0,
      deployment.status?.availableReplicas ?? 0,
      age(deployment, now),
      ...containerCells(deployment.spec?.template?.spec?.containers),
      labelSelectorText(deployment.spec?.selector) ?? '<invalid>',
    ],
  },
};
