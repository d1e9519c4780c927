import type { DaemonSet } from '@typernetes/openapi/types/apps/v1';
import {
  defaultPodTemplate,
  validateLongRunningTemplate,
  validatePodTemplate,
  validateSelectsTemplate,
} from '../../core/pod/template.ts';
import { workloadWarnings } from '../../core/pod/warnings.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import {
  age,
  ageColumn,
  containerCells,
  formatLabelSelector,
  formatLabels,
  integer,
  nameColumn,
  text,
} from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  immutable,
  intOrPercentValue,
  invalidValue,
  isEmptySelector,
  nonNegativeFields,
  notDecremented,
  notSupported,
  path,
  required,
  semanticEqual,
  validateIntOrPercent,
  validateLabelSelector,
  validateNotAbove100Percent,
} from '../../validation/index.ts';
import { annotationNumber } from '../annotation-number.ts';

const spec = path('spec');
/** What apps/v1 keeps of the template generation of older versions. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

const NO_STATUS = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };

function defaultDaemonSet(set: DaemonSet): void {
  const given = set.spec;
  if (!given) return;
  defaultPodTemplate(given.template);
  const update = (given.updateStrategy ??= {});
  update.type ||= 'RollingUpdate';
  if (update.type === 'RollingUpdate') {
    update.rollingUpdate ??= {};
    update.rollingUpdate.maxUnavailable ??= 1;
    update.rollingUpdate.maxSurge ??= 0;
  }
  given.revisionHistoryLimit ??= 10;
  // Upstream keeps the number in a field of its own and writes it into every v1 object.
  setTemplateGeneration(set, readTemplateGeneration(set));
}

function readTemplateGeneration(set: Readonly<DaemonSet>): bigint {
  const given = set.metadata?.annotations?.[TEMPLATE_GENERATION];
  return given === undefined ? 0n : annotationNumber('DaemonSet', given, (problem) => problem);
}

function templateGeneration(set: Readonly<DaemonSet>): number {
  return Number(set.metadata?.annotations?.[TEMPLATE_GENERATION] ?? 0) || 0;
}

function setTemplateGeneration(set: DaemonSet, generation: number | bigint): void {
  const annotations = { ...set.metadata?.annotations, [TEMPLATE_GENERATION]: String(generation) };
  set.metadata = { ...set.metadata, annotations };
}

function validateDaemonSet(set: DaemonSet, old?: Readonly<DaemonSet>): FieldError[] {
  const given = set.spec;
  if (!given) return [required(spec.child('selector'), ''), required(spec.child('template'), '')];
  const at = spec.child('template');
  const errors = [
    ...validateLabelSelector(given.selector, spec.child('selector'), [old?.spec?.selector]),
    ...validateSelectsTemplate(given.selector, given.template, at),
  ];
  if (given.selector && isEmptySelector(given.selector)) {
    errors.push(invalidValue(spec.child('selector'), given.selector, 'empty selector is invalid for daemonset'));
  }
  return [
    ...errors,
    ...validatePodTemplate(given.template, at),
    ...validateLongRunningTemplate(given.template, 'DaemonSet', at),
    ...nonNegativeFields(spec, given, ['minReadySeconds']),
    ...validateUpdateStrategy(set),
    ...nonNegativeFields(spec, given, ['revisionHistoryLimit']),
  ];
}

function validateUpdateStrategy(set: DaemonSet): FieldError[] {
  const at = spec.child('updateStrategy');
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type === 'OnDelete') return [];
  if (type !== 'RollingUpdate') return [notSupported(at, set.spec?.updateStrategy, ['RollingUpdate', 'OnDelete'])];
  const here = at.child('rollingUpdate');
  if (!rollingUpdate) return [required(here, '')];
  const { maxUnavailable, maxSurge } = rollingUpdate;
  const errors = [
    ...validateIntOrPercent(maxUnavailable, here.child('maxUnavailable')),
    ...validateIntOrPercent(maxSurge, here.child('maxSurge')),
    ...validateNotAbove100Percent(maxUnavailable, here.child('maxUnavailable')),
    ...validateNotAbove100Percent(maxSurge, here.child('maxSurge')),
  ];
  const unavailable = intOrPercentValue(maxUnavailable) !== 0;
  const surge = intOrPercentValue(maxSurge) !== 0;
  if (unavailable && surge)
    errors.push(invalidValue(here.child('maxSurge'), maxSurge, 'may not be set when maxUnavailable is non-zero'));
  else if (!unavailable && !surge)
    errors.push(required(here.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0'));
  return errors;
}

export const daemonsets: ResourceRegistration<DaemonSet> = {
  resource: { group: 'apps', resource: 'daemonsets' },
  strategy: {
    ...workloadWarnings(({ spec }) => spec?.template),
    default: defaultDaemonSet,
    prepareForCreate(set) {
      set.status = { ...NO_STATUS };
      if (templateGeneration(set) < 1) setTemplateGeneration(set, 1);
    },
    prepareForUpdate(set, old) {
      set.status = structuredClone(old.status ?? { ...NO_STATUS });
      const changed = !semanticEqual(set.spec?.template, old.spec?.template);
      setTemplateGeneration(set, templateGeneration(old) + (changed ? 1 : 0));
    },
    prepareForStatusUpdate(set, old) {
      if (old.spec) set.spec = structuredClone(old.spec);
      setTemplateGeneration(set, templateGeneration(old));
    },
    validate: (set) => validateDaemonSet(set),
    validateUpdate: (set, old) => [
      ...immutable(spec.child('selector'), set.spec?.selector, old.spec?.selector),
      ...validateDaemonSet(set, old),
    ],
    validateStatusUpdate(set, old) {
      const at = path('status');
      const counters = [
        'currentNumberScheduled',
        'numberMisscheduled',
        'desiredNumberScheduled',
        'numberReady',
        'observedGeneration',
        'updatedNumberScheduled',
        'numberAvailable',
        'numberUnavailable',
        'collisionCount',
      ];
      const errors = nonNegativeFields(at, set.status, counters);
      return [
        ...errors,
        ...notDecremented(at.child('collisionCount'), set.status?.collisionCount, old.status?.collisionCount),
      ];
    },
  },
  deleteStrategy: { defaultGarbageCollection: 'Background' },
  table: {
    columns: [
      nameColumn,
      integer('Desired'),
      integer('Current'),
      integer('Ready'),
      integer('Up-to-date'),
      integer('Available'),
      text('Node Selector'),
      ageColumn,
      text('Containers', 1),
      text('Images', 1),
      text('Selector', 1),
    ],
    cells: (set, now) => [
      set.metadata?.name ?? '',
      set.status?.desiredNumberScheduled ?? 0,
      set.status?.currentNumberScheduled ?? 0,
      set.status?.numberReady ?? 0,
      set.status?.updatedNumberScheduled ?? 0,
      set.status?.numberAvailable ?? 0,
      formatLabels(set.spec?.template?.spec?.nodeSelector),
      age(set, now),
      ...containerCells(set.spec?.template?.spec?.containers),
      formatLabelSelector(set.spec?.selector),
    ],
  },
};
