import type { CronJob } from '@typernetes/openapi/types/batch/v1';
import { isSameGeneration, podNameWarnings } from '../../core/pod/warnings.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { withoutEmpty } from '../../generic/without-empty.ts';
import {
  age,
  ageColumn,
  boolean,
  containerCells,
  formatLabelSelector,
  integer,
  nameColumn,
  since,
  text,
} from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  checked,
  invalidValue,
  nonNegativeFields,
  notSupported,
  oneOf,
  path,
  printedSelector,
  required,
} from '../../validation/index.ts';
import { defaultJobTemplateSpec, validateJobSpec } from '../jobs/spec.ts';
import { jobSpecWarnings } from '../jobs/warnings.ts';
import { scheduleError, timeZoneErrors } from './schedule.ts';

const spec = path('spec');

function validateCronJob(job: CronJob, old: Readonly<CronJob> | undefined): FieldError[] {
  const given = job.spec;
  if (!given) return [required(spec.child('schedule'), '')];
  const errors = given.schedule ? validateSchedule(job, old) : [required(spec.child('schedule'), '')];
  errors.push(...nonNegativeFields(spec, given, ['startingDeadlineSeconds']));
  const zone = given.timeZone;
  if (zone != null && zone !== old?.spec?.timeZone)
    errors.push(...checked(spec.child('timeZone'), zone, timeZoneErrors(zone)));
  errors.push(...oneOf(spec.child('concurrencyPolicy'), given.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']));
  const template = spec.child('jobTemplate', 'spec');
  const jobSpec = given.jobTemplate?.spec;
  if (!jobSpec) errors.push(required(template.child('template'), ''));
  else {
    errors.push(...validateJobSpec(jobSpec, template));
    if (jobSpec.selector)
      errors.push(
        invalidValue(
          template.child('selector'),
          printedSelector(jobSpec.selector),
          '`selector` will be auto-generated',
        ),
      );
    if (jobSpec.manualSelector) errors.push(notSupported(template.child('manualSelector'), true, ['nil', 'false']));
  }
  return [...errors, ...nonNegativeFields(spec, given, ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit'])];
}

function validateSchedule(job: CronJob, old: Readonly<CronJob> | undefined): FieldError[] {
  const schedule = job.spec?.schedule ?? '';
  const at = spec.child('schedule');
  const errors: FieldError[] = [];
  const problem = scheduleError(schedule);
  if (problem !== undefined) errors.push(invalidValue(at, schedule, problem));
  if (!schedule.includes('TZ')) return errors;
  // Objects from before the rule keep their zone in the schedule.
  if (!(old?.spec?.schedule ?? '').includes('TZ')) {
    errors.push(invalidValue(at, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'));
  } else if (job.spec?.timeZone != null) {
    errors.push(invalidValue(at, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'));
  }
  return errors;
}

function suspendText(suspend: boolean | undefined): string {
  if (suspend === undefined || suspend === null) return '<unset>';
  return suspend ? 'True' : 'False';
}

const jobWarnings = ({ spec: given }: Readonly<CronJob>): string[] =>
  jobSpecWarnings(given?.jobTemplate?.spec, spec.child('jobTemplate', 'spec'));

export const cronjobs: ResourceRegistration<CronJob> = {
  resource: { group: 'batch', resource: 'cronjobs' },
  strategy: {
    default(job) {
      if (!job.spec) return;
      if (job.spec.jobTemplate?.spec) defaultJobTemplateSpec(job.spec.jobTemplate.spec);
      job.spec.concurrencyPolicy ||= 'Allow';
      job.spec.suspend ??= false;
      job.spec.successfulJobsHistoryLimit ??= 3;
      job.spec.failedJobsHistoryLimit ??= 1;
    },
    prepareForCreate(job) {
      job.status = {};
    },
    prepareForUpdate(job, old) {
      job.status = structuredClone(old.status ?? {});
    },
    canonicalize: (job) => withoutEmpty(job.spec?.jobTemplate?.spec?.podFailurePolicy, 'rules', null),
    validate(job) {
      const errors = validateCronJob(job, undefined);
      const name = job.metadata?.name ?? '';
      // Jobs are called NAME-<minutes since 1970>: eleven characters more.
      if (name.length > 52)
        errors.push(invalidValue(path('metadata', 'name'), name, 'must be no more than 52 characters'));
      return errors;
    },
    validateUpdate: validateCronJob,
    warningsOnCreate: (job) => [...podNameWarnings(job), ...jobWarnings(job)],
    warningsOnUpdate: (job, old) => (isSameGeneration(job, old) ? [] : jobWarnings(job)),
  },
  deleteStrategy: { defaultGarbageCollection: 'Background' },
  table: {
    columns: [
      nameColumn,
      text('Schedule'),
      text('Timezone'),
      boolean('Suspend'),
      integer('Active'),
      text('Last Schedule'),
      ageColumn,
      text('Containers', 1),
      text('Images', 1),
      text('Selector', 1),
    ],
    cells: (job, now) => [
      job.metadata?.name ?? '',
      job.spec?.schedule ?? '',
      job.spec?.timeZone ?? '<none>',
      suspendText(job.spec?.suspend),
      (job.status?.active ?? []).length,
      job.status?.lastScheduleTime ? since(job.status.lastScheduleTime, now) : '<none>',
      age(job, now),
      ...containerCells(job.spec?.jobTemplate?.spec?.template?.spec?.containers),
      formatLabelSelector(job.spec?.jobTemplate?.spec?.selector),
    ],
  },
};
