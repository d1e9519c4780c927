/** What Jobs and the job template of CronJobs share. */
import type { Job, JobSpec } from '@typernetes/openapi/types/batch/v1';
import { defaultPodTemplate, validatePodTemplate } from '../../core/pod/template.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  domainPrefixedPath,
  invalidValue,
  nonNegativeFields,
  notSupported,
  optionalOneOf,
  required,
  tooLong,
} from '../../validation/index.ts';
import { validateFailurePolicy } from './failure-policy.ts';
import { validateSuccessPolicy } from './success-policy.ts';

export function defaultJob(job: Pick<Job, 'metadata' | 'spec'>): void {
  const spec = job.spec;
  if (!spec) return;
  defaultPodTemplate(spec.template);
  if (spec.completions == null && spec.parallelism == null) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex == null ? 6 : 2147483647;
  const labels = spec.template?.metadata?.labels;
  // One and the same, as upstream: what is added to the template's labels afterwards is added to the Job's.
  if (labels && Object.keys(job.metadata?.labels ?? {}).length === 0) job.metadata = { ...job.metadata, labels };
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  spec.manualSelector ??= false;
  defaultPodFailurePolicy(spec);
}

/** A CronJob's template has only the pod template's defaults and these; the Job's own come when it is made. */
export function defaultJobTemplateSpec(spec: JobSpec): void {
  defaultPodTemplate(spec.template);
  defaultPodFailurePolicy(spec);
}

function defaultPodFailurePolicy(spec: JobSpec): void {
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
  }
}

export function validateJobSpec(spec: JobSpec, at: Path): FieldError[] {
  const errors = nonNegativeFields(at, spec, [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ]);
  if (spec.maxFailedIndexes != null && spec.backoffLimitPerIndex == null) {
    errors.push(required(at.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'));
  }
  if (spec.managedBy != null) {
    errors.push(...domainPrefixedPath(spec.managedBy, at.child('managedBy')));
    if (spec.managedBy.length > 63) errors.push(tooLong(at.child('managedBy'), '', 63));
  }
  errors.push(...optionalOneOf(at.child('completionMode'), spec.completionMode, ['NonIndexed', 'Indexed']));
  const mode = spec.completionMode ?? 'NonIndexed';
  if (mode === 'Indexed') errors.push(...validateIndexed(spec, at));
  if (mode === 'NonIndexed') errors.push(...requiresIndexes(spec, ['backoffLimitPerIndex', 'maxFailedIndexes'], at));
  if (spec.podFailurePolicy) errors.push(...validateFailurePolicy(spec, at.child('podFailurePolicy', 'rules')));
  errors.push(
    ...(mode === 'Indexed'
      ? validateSuccessPolicy(spec, at.child('successPolicy'))
      : requiresIndexes(spec, ['successPolicy'], at)),
  );
  const replacements = spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  errors.push(...optionalOneOf(at.child('podReplacementPolicy'), spec.podReplacementPolicy, replacements));
  return [...errors, ...validatePodTemplate(spec.template, at.child('template')), ...validateRestartPolicy(spec, at)];
}

function validateIndexed(spec: JobSpec, at: Path): FieldError[] {
  const { completions, parallelism, maxFailedIndexes } = spec;
  const errors: FieldError[] = [];
  if (completions == null) errors.push(required(at.child('completions'), 'when completion mode is Indexed'));
  if (parallelism != null && parallelism > 100_000) {
    const message = 'must be less than or equal to 100000 when completion mode is Indexed';
    errors.push(invalidValue(at.child('parallelism'), parallelism, message));
  }
  const place = at.child('maxFailedIndexes');
  if (completions != null && maxFailedIndexes != null && maxFailedIndexes > completions) {
    errors.push(invalidValue(place, maxFailedIndexes, 'must be less than or equal to completions'));
  }
  if (maxFailedIndexes != null && maxFailedIndexes > 100_000) {
    errors.push(invalidValue(place, maxFailedIndexes, 'must be less than or equal to 100000'));
  }
  if (completions != null && completions > 100_000 && spec.backoffLimitPerIndex != null) {
    if (maxFailedIndexes == null) errors.push(required(place, 'must be specified when completions is above 100000'));
    const limit =
      'must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index';
    if (parallelism != null && parallelism > 10_000)
      errors.push(invalidValue(at.child('parallelism'), parallelism, limit));
    if (maxFailedIndexes != null && maxFailedIndexes > 10_000)
      errors.push(invalidValue(place, maxFailedIndexes, limit));
  }
  return errors;
}

function requiresIndexes(
  spec: JobSpec,
  fields: readonly ('backoffLimitPerIndex' | 'maxFailedIndexes' | 'successPolicy')[],
  at: Path,
): FieldError[] {
  return fields.flatMap((field) =>
    spec[field] == null ? [] : [invalidValue(at.child(field), spec[field], 'requires indexed completion mode')],
  );
}

function validateRestartPolicy(spec: JobSpec, at: Path): FieldError[] {
  const policy = spec.template?.spec?.restartPolicy;
  const here = at.child('template', 'spec', 'restartPolicy');
  if (!policy || policy === 'Always') return [required(here, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never') return [notSupported(here, policy, ['OnFailure', 'Never'])];
  if (spec.podFailurePolicy && policy !== 'Never') {
    return [invalidValue(here, policy, 'only "Never" is supported when podFailurePolicy is specified')];
  }
  return [];
}
