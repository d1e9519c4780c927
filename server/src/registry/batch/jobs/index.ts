import { dns1123Label, validateObjectMetaUpdate } from '@typernetes/openapi/meta';
import type { Job, JobSpec } from '@typernetes/openapi/types/batch/v1';
import { isSameGeneration, podNameWarnings } from '../../core/pod/warnings.ts';
import { validateKubeFinalizers } from '../../generic/before-create.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { withoutEmpty } from '../../generic/without-empty.ts';
import {
  age,
  ageColumn,
  containerCells,
  formatLabelSelector,
  humanDuration,
  nameColumn,
  since,
  text,
} from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  immutable,
  invalidValue,
  path,
  printedSelector,
  required,
  selectorMatches,
  validateLabelSelector,
} from '../../validation/index.ts';
import { defaultJob, validateJobSpec } from './spec.ts';
import { isTrue, validateJobStatus } from './status.ts';
import { jobSpecWarnings } from './warnings.ts';

const spec = path('spec');
const UID_LABELS = ['controller-uid', 'batch.kubernetes.io/controller-uid'];
const NAME_LABELS = ['job-name', 'batch.kubernetes.io/job-name'];

/** Unless the user takes care of it, a Job finds its pods by its own uid. */
function generateSelector(job: Job): void {
  const given = job.spec;
  if (!given || given.manualSelector) return;
  const { uid = '', name = '' } = job.metadata ?? {};
  const labels = given.template?.metadata?.labels ?? {};
  for (const key of NAME_LABELS) labels[key] ??= name;
  for (const key of UID_LABELS) labels[key] ??= uid;
  given.template = { ...given.template, metadata: { ...given.template?.metadata, labels } };
  const matchLabels = { ...given.selector?.matchLabels };
  matchLabels['batch.kubernetes.io/controller-uid'] ??= uid;
  given.selector = { ...given.selector, matchLabels };
}

/** A Job without labels gets those of its template, also those that were generated. */
function labelLikeTemplate(job: Job): void {
  const labels = job.spec?.template?.metadata?.labels;
  if (labels && Object.keys(job.metadata?.labels ?? {}).length === 0)
    job.metadata = { ...job.metadata, labels: { ...labels } };
}

function validateJob(job: Job, old?: Readonly<Job>): FieldError[] {
  const given = job.spec;
  if (!given) return [required(spec.child('template'), '')];
  const errors = [...validateGeneratedSelector(job, given), ...validateSpec(given, old?.spec)];
  if (given.completionMode === 'Indexed' && (given.completions ?? 0) > 0) {
    const name = job.metadata?.name ?? '';
    const last = `${name}-${(given.completions ?? 0) - 1}`;
    if (dns1123Label(last).length > 0) {
      errors.push(
        invalidValue(path('metadata', 'name'), name, `will not able to create pod with invalid DNS label: ${last}`),
      );
    }
  }
  return errors;
}

function validateSpec(given: JobSpec, stored?: Readonly<JobSpec>): FieldError[] {
  const errors = validateJobSpec(given, spec);
  if (!given.selector) errors.push(required(spec.child('selector'), ''));
  else errors.push(...validateLabelSelector(given.selector, spec.child('selector'), [stored?.selector]));
  const labels = given.template?.metadata?.labels;
  if (selectorMatches(given.selector, labels) === false) {
    errors.push(
      invalidValue(
        spec.child('template', 'metadata', 'labels'),
        labels ? byKey(labels) : null,
        '`selector` does not match template `labels`',
      ),
    );
  }
  return errors;
}

/** As Go prints a map. */
const byKey = (labels: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(labels).toSorted(([left], [right]) => (left < right ? -1 : 1)));

function validateGeneratedSelector(job: Job, given: JobSpec): FieldError[] {
  if (given.manualSelector || !given.selector) return [];
  const { uid = '', name = '' } = job.metadata ?? {};
  const errors: FieldError[] = [];
  const labels: Record<string, string> = { ...given.template?.metadata?.labels };
  // First those of old, as upstream.
  const expected = new Map(
    UID_LABELS.flatMap((key, index) => [[key, uid] as const, [NAME_LABELS[index] ?? '', name] as const]),
  );
  for (const [key, value] of expected) {
    const at = spec.child('template', 'metadata', 'labels');
    if (labels[key] === undefined) errors.push(required(at.key(key), `must be '${value}'`));
    else if (labels[key] !== value) errors.push(invalidValue(at.key(key), byKey(labels), `must be '${value}'`));
  }
  if (selectorMatches(given.selector, Object.fromEntries(expected)) === false) {
    errors.push(invalidValue(spec.child('selector'), printedSelector(given.selector), '`selector` not auto-generated'));
  }
  return errors;
}

/** In upstream's order; the template comes after the first. */
const IMMUTABLE = [
  'selector',
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
] as const;

function validateJobUpdate(job: Job, old: Readonly<Job>): FieldError[] {
  const after = job.spec;
  const before = old.spec;
  if (!after || !before) return [];
  // Upstream looks at the spec twice.
  const errors = validateSpec(after, before);
  if (after.completionMode !== 'Indexed')
    errors.push(...immutable(spec.child('completions'), after.completions, before.completions));
  else if (
    after.completions != null &&
    after.completions !== before.completions &&
    after.completions !== after.parallelism
  ) {
    errors.push(
      invalidValue(
        spec.child('completions'),
        after.completions,
        'can only be modified in tandem with spec.parallelism',
      ),
    );
  }
  const fixed = (field: (typeof IMMUTABLE)[number]): FieldError[] =>
    immutable(spec.child(field), after[field], before[field]);
  const [selector, ...others] = IMMUTABLE;
  return [...errors, ...fixed(selector), ...validateTemplateUpdate(after, before, old), ...others.flatMap(fixed)];
}

/** A suspended Job that runs no pods may still be told where they go and what they get (KEP-2926, KEP-5440). */
function validateTemplateUpdate(after: JobSpec, before: JobSpec, old: Readonly<Job>): FieldError[] {
  const at = spec.child('template');
  const idle = (old.status?.startTime == null || isTrue(old, 'Suspended')) && (old.status?.active ?? 0) === 0;
  const now = after.template.spec;
  const masked = structuredClone(before.template.spec);
  if (before.suspend !== true || !idle || !now || !masked) return immutable(at, after.template, before.template);
  const { nodeSelector, tolerations, schedulingGates, affinity } = now;
  Object.assign(masked, { nodeSelector, tolerations, schedulingGates });
  const { nodeAffinity: _, ...kept } = masked.affinity ?? {};
  if (affinity)
    masked.affinity = { ...kept, ...(affinity.nodeAffinity ? { nodeAffinity: affinity.nodeAffinity } : {}) };
  else if (Object.keys(kept).length > 0) masked.affinity = kept;
  else delete masked.affinity;
  for (const field of ['containers', 'initContainers'] as const) {
    const [were, are] = [masked[field] ?? [], now[field] ?? []];
    if (were.length !== are.length) continue;
    for (const [index, container] of were.entries()) {
      const { name, resources } = are[index]!;
      if (name !== container.name) continue;
      if (resources) container.resources = resources;
      else delete container.resources;
    }
  }
  // Of the metadata nothing is compared.
  return immutable(at.child('spec'), now, masked);
}

function statusText(job: Job): string {
  if (isTrue(job, 'Complete')) return 'Complete';
  if (isTrue(job, 'Failed')) return 'Failed';
  if (job.metadata?.deletionTimestamp) return 'Terminating';
  for (const type of ['Suspended', 'FailureTarget', 'SuccessCriteriaMet']) if (isTrue(job, type)) return type;
  return 'Running';
}

function completionsText(job: Job): string {
  const succeeded = job.status?.succeeded ?? 0;
  const { completions, parallelism = 0 } = job.spec ?? {};
  if (completions != null) return `${succeeded}/${completions}`;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText(job: Job, now: Date): string {
  const { startTime, completionTime } = job.status ?? {};
  if (!startTime) return '';
  return completionTime ? humanDuration(Date.parse(completionTime) - Date.parse(startTime)) : since(startTime, now);
}

export const jobs: ResourceRegistration<Job> = {
  resource: { group: 'batch', resource: 'jobs' },
  strategy: {
    default: defaultJob,
    prepareForCreate(job) {
      generateSelector(job);
      job.status = {};
    },
    prepareForUpdate(job, old) {
      job.status = structuredClone(old.status ?? {});
      labelLikeTemplate(job);
    },
    // Only now: a wrong label is told of the template alone.
    canonicalize(job) {
      labelLikeTemplate(job);
      withoutEmpty(job.spec?.podFailurePolicy, 'rules', null);
    },
    validate: (job) => validateJob(job),
    // The update's own check looks at metadata and the whole spec once more.
    validateUpdate: (job, old) => [
      ...validateJob(job, old),
      ...validateObjectMetaUpdate(job.metadata ?? {}, old.metadata ?? {}),
      ...validateKubeFinalizers({ metadataChecks: 'core' }, job.metadata ?? {}),
      ...validateJobUpdate(job, old),
    ],
    validateStatusUpdate: validateJobStatus,
    warningsOnCreate: (job) => [...podNameWarnings(job), ...jobSpecWarnings(job.spec, spec)],
    warningsOnUpdate: (job, old) => (isSameGeneration(job, old) ? [] : jobSpecWarnings(job.spec, spec)),
  },
  deleteStrategy: {
    defaultGarbageCollection: 'Orphan',
    warningsOnDelete: ({ propagationPolicy, orphanDependents }) =>
      propagationPolicy === undefined && orphanDependents === undefined
        ? [
            'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
          ]
        : [],
  },
  selectableFields: { 'status.successful': (job) => String(job.status?.succeeded ?? 0) },
  table: {
    columns: [
      nameColumn,
      text('Status'),
      text('Completions'),
      text('Duration'),
      ageColumn,
      text('Containers', 1),
      text('Images', 1),
      text('Selector', 1),
    ],
    cells: (job, now) => [
      job.metadata?.name ?? '',
      statusText(job),
      completionsText(job),
      durationText(job, now),
      age(job, now),
      ...containerCells(job.spec?.template?.spec?.containers),
      formatLabelSelector(job.spec?.selector),
    ],
  },
};
