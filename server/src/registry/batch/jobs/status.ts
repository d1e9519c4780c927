/**
 * What a status update may say of a Job. Most rules hold only where what they speak of changes, so that a status that
 * broke them earlier can still be written otherwise.
 */
import { omitValue } from '@typernetes/openapi/meta';
import type { Job } from '@typernetes/openapi/types/batch/v1';
import {
  duplicate,
  type FieldError,
  invalidValue,
  nonNegativeFields,
  type Path,
  path,
  required,
  semanticEqual,
} from '../../validation/index.ts';
import { indexesMessage, overlapMessage } from './indexes.ts';

type Status = NonNullable<Job['status']>;
type Read = (job: Readonly<Job>) => unknown;

const at = path('status');

export function isTrue(job: Readonly<Job>, type: string): boolean {
  return statusOf(job, type) === 'True';
}

function statusOf(job: Readonly<Job>, type: string): string | undefined {
  return (job.status?.conditions ?? []).find((condition) => condition.type === type)?.status;
}

const isFinished = (job: Readonly<Job>): boolean => isTrue(job, 'Complete') || isTrue(job, 'Failed');

export function validateJobStatus(job: Job, old: Readonly<Job>): FieldError[] {
  const counters = ['active', 'succeeded', 'failed', 'ready', 'terminating'];
  return [
    ...nonNegativeFields(at, job.status, counters),
    ...validateUncounted(job.status ?? {}, at.child('uncountedTerminatedPods')),
    ...validateState(job, old),
    ...validateTransition(job, old),
  ];
}

function validateUncounted({ uncountedTerminatedPods: uncounted }: Status, here: Path): FieldError[] {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((field) =>
    (uncounted?.[field] ?? []).flatMap((uid, index) => {
      const place = here.child(field).index(index);
      if (uid === '') return [invalidValue(place, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(place, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

function validateState(job: Job, old: Readonly<Job>): FieldError[] {
  const { spec } = job;
  const status = job.status ?? {};
  const before = old.status ?? {};
  const changed = (read: Read): boolean => !semanticEqual(read(job) ?? null, read(old) ?? null);
  const changedField = (field: keyof Status): boolean => !semanticEqual(status[field] ?? null, before[field] ?? null);
  const changedCondition = (...types: string[]): boolean => types.some((type) => changed((each) => isTrue(each, type)));
  const [complete, failed, target, met] = ['Complete', 'Failed', 'FailureTarget', 'SuccessCriteriaMet'].map((type) =>
    isTrue(job, type),
  );
  const finished = isFinished(job);
  const finishing = changed(isFinished);
  const errors: FieldError[] = [];
  const condition = (message: string): number => errors.push(invalidValue(at.child('conditions'), omitValue, message));
  const invalid = (field: keyof Status, message: string): number =>
    errors.push(invalidValue(at.child(field), status[field], message));

  if (changedCondition('Complete', 'Failed') && complete && failed)
    condition('cannot set Complete=True and Failed=true conditions');
  if (changedCondition('Complete', 'FailureTarget') && complete && target)
    condition('cannot set Complete=True and FailureTarget=true conditions');
  const completion = changedCondition('Complete') || changedField('completionTime');
  if (completion && status.completionTime != null && !complete)
    invalid('completionTime', 'cannot set completionTime when there is no Complete=True condition');
  if (completion && status.completionTime == null && complete)
    errors.push(required(at.child('completionTime'), 'completionTime is required for Complete jobs'));
  const timed = changedField('startTime') || changedField('completionTime');
  if (timed && Date.parse(status.completionTime ?? '') < Date.parse(status.startTime ?? ''))
    invalid('completionTime', 'must be equal to or after `startTime`');
  if ((changedCondition('Failed') || changedField('failedIndexes')) && failed && !target)
    condition('cannot set Failed=True condition without the FailureTarget=true condition');
  if (changedCondition('Complete', 'SuccessCriteriaMet') && complete && !met)
    condition('cannot set Complete=True condition without the SuccessCriteriaMet=true condition');
  if ((finishing || changedField('active')) && (status.active ?? 0) > 0 && finished)
    invalid('active', 'active>0 is invalid for finished job');
  const nothingToDo = spec?.suspend === true && spec.completions === 0;
  if ((finishing || changedField('startTime')) && !nothingToDo && status.startTime == null && finished)
    errors.push(required(at.child('startTime'), 'startTime is required for finished job'));
  const { succeeded = [], failed: failures = [] } = status.uncountedTerminatedPods ?? {};
  const uncounted = finishing || changedField('uncountedTerminatedPods');
  if (uncounted && finished && succeeded.length + failures.length > 0)
    invalid('uncountedTerminatedPods', 'must be empty for finished job');
  errors.push(...validateIndexes(job, changedField('completedIndexes'), changedField('failedIndexes')));
  if ((finishing || changedField('terminating')) && (status.terminating ?? 0) > 0 && finished)
    invalid('terminating', 'terminating>0 is invalid for finished job');
  if ((changedField('ready') || changedField('active')) && status.ready != null && status.ready > (status.active ?? 0))
    invalid('ready', 'cannot set more ready pods than active');
  if (met && failed) condition('cannot set SuccessCriteriaMet=True and Failed=true conditions');
  if (met && target) condition('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions');
  if (spec?.successPolicy != null && !met && complete)
    condition('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True');
  return errors;
}

function validateIndexes(job: Job, completedChanged: boolean, failedChanged: boolean): FieldError[] {
  const { completions, completionMode, backoffLimitPerIndex } = job.spec ?? {};
  const { completedIndexes: completed = '', failedIndexes: failed } = job.status ?? {};
  const errors: FieldError[] = [];
  const say = (field: 'completedIndexes' | 'failedIndexes', message: string | undefined): void => {
    if (message !== undefined) errors.push(invalidValue(at.child(field), job.status?.[field], message));
  };
  const parsing = (field: string, text: string): string | undefined => {
    const message = indexesMessage(text, completions ?? 0);
    return message === undefined ? undefined : `error parsing ${field}: ${message}`;
  };
  if (completedChanged && completions != null) say('completedIndexes', parsing('completedIndexes', completed));
  if (failedChanged && completions != null && backoffLimitPerIndex != null && failed != null)
    say('failedIndexes', parsing('failedIndexes', failed));
  if (completedChanged && completed !== '' && completionMode !== 'Indexed')
    say('completedIndexes', 'cannot set non-empty completedIndexes when non-indexed completion mode');
  if (failedChanged && backoffLimitPerIndex == null && failed != null)
    say('failedIndexes', 'cannot set non-null failedIndexes when backoffLimitPerIndex is null');
  if ((completedChanged || failedChanged) && completions != null && failed != null)
    say('failedIndexes', overlapMessage(completed, failed, completions));
  return errors;
}

function validateTransition(job: Job, old: Readonly<Job>): FieldError[] {
  const status = job.status ?? {};
  const before = old.status ?? {};
  const errors: FieldError[] = [];
  const condition = (message: string): number => errors.push(invalidValue(at.child('conditions'), omitValue, message));
  for (const type of ['Failed', 'Complete', 'FailureTarget'])
    if (isTrue(old, type) && !isTrue(job, type)) condition(`cannot disable the terminal ${type}=True condition`);
  const decreased = (field: 'failed' | 'succeeded'): boolean => (status[field] ?? 0) < (before[field] ?? 0);
  const { completionMode, completions, parallelism, suspend } = job.spec ?? {};
  if (decreased('failed'))
    errors.push(invalidValue(at.child('failed'), status.failed ?? 0, 'cannot decrease the failed counter'));
  // Indexed Jobs that run all their pods at once can be scaled down.
  if (decreased('succeeded') && (completionMode !== 'Indexed' || completions !== parallelism))
    errors.push(invalidValue(at.child('succeeded'), status.succeeded ?? 0, 'cannot decrease the succeeded counter'));
  const moved = (field: 'completionTime' | 'startTime'): boolean =>
    before[field] != null && !semanticEqual(status[field] ?? null, before[field]);
  if (status.completionTime != null && moved('completionTime'))
    errors.push(invalidValue(at.child('completionTime'), status.completionTime, 'field is immutable'));
  const resuming = isTrue(old, 'Suspended') && statusOf(job, 'Suspended') === 'False';
  if (moved('startTime') && suspend !== true && !resuming) {
    const message = 'field is immutable for unsuspended job once set';
    errors.push(invalidValue(at.child('startTime'), status.startTime ?? null, message));
  }
  const [hadMet, met] = [isTrue(old, 'SuccessCriteriaMet'), isTrue(job, 'SuccessCriteriaMet')];
  if (hadMet && !met) condition('cannot disable the SuccessCriteriaMet=True condition');
  if (isTrue(old, 'Complete') && !hadMet && met)
    condition('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions');
  return errors;
}
