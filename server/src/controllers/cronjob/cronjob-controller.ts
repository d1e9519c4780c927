/** Creates Jobs on time. */
import {
  type Clock,
  Controller,
  type EventRecorder,
  keyOf,
  type Lister,
  type ReconcileResult,
  type Reconciler,
  type RestClient,
  type Running,
  referenceTo,
  resources,
  splitKey,
} from '@typernetes/openapi/client';
import { isAlreadyExists, isNotFound, quote } from '@typernetes/openapi/meta';
import type { CronJob, CronJobStatus, Job } from '@typernetes/openapi/types/batch/v1';
import type { ControllerContext } from '../context.ts';
import { finishedCondition, trueCondition } from '../job/conditions.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import {
  byController,
  controllerIndex,
  controllerReference,
  isControlledBy,
  ownerOf,
} from '../ownership/controller-reference.ts';
import { WrittenVersions } from '../ownership/written-versions.ts';
import { isNamespaceTerminating, messageOf } from '../pods/pod-control.ts';
import { startControllers } from '../running.ts';
import { millisecondsOf } from '../time.ts';
import { InvalidScheduleError, mostRecentSchedule, nextWakeMs } from './missed.ts';
import { parseSchedule, type Schedule, zonedTimestamp } from './schedule.ts';

const scheduledTimestampAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

/** What one reconcile works on; `status` is what it will write. */
interface Draft {
  readonly cronJob: Readonly<CronJob>;
  readonly status: CronJobStatus;
}

class CronJobReconciler implements Reconciler {
  readonly #client: RestClient;
  readonly #recorder: EventRecorder;
  readonly #cronJobs: Lister<CronJob>;
  readonly #jobs: Lister<Job>;
  readonly #clock: Clock;
  readonly #written = new WrittenVersions();

  constructor(options: {
    client: RestClient;
    recorder: EventRecorder;
    cronJobs: Lister<CronJob>;
    jobs: Lister<Job>;
    clock: Clock;
  }) {
    this.#client = options.client;
    this.#recorder = options.recorder;
    this.#cronJobs = options.cronJobs;
    this.#jobs = options.jobs;
    this.#clock = options.clock;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { namespace, name } = splitKey(key);
    const cronJob = this.#cronJobs.get(namespace, name);
    if (!cronJob) {
      this.#written.delete(key);
      return undefined;
    }
    if (!this.#written.seen(key, cronJob)) return undefined;
    const draft: Draft = { cronJob, status: structuredClone(cronJob.status ?? {}) as CronJobStatus };
    let jobs = this.#jobs.byIndex(controllerIndex, cronJob.metadata?.uid ?? '');
    jobs = await this.#removeHistory(draft, jobs, signal);
    let wake: number | undefined;
    let failure: unknown;
    try {
      wake = await this.#sync(draft, jobs, signal);
    } catch (error) {
      failure = error;
    }
    if (!semanticallyEqual(draft.status, cronJob.status)) {
      const updated = await this.#client
        .resource(resources.cronJobs)
        .updateStatus({ ...cronJob, status: draft.status }, { signal });
      this.#written.wrote(key, updated);
    }
    if (failure !== undefined) throw failure;
    return wake === undefined ? undefined : { requeueAfter: wake };
  }

  async #sync(draft: Draft, jobs: readonly Readonly<Job>[], signal: AbortSignal): Promise<number | undefined> {
    const { cronJob, status } = draft;
    await this.#noteJobs(draft, jobs, signal);
    if (cronJob.metadata?.deletionTimestamp) return undefined;
    const schedule = this.#schedule(cronJob);
    if (!schedule || cronJob.spec.suspend) return undefined;
    const now = this.#clock.now();
    const due = this.#due(draft, now, schedule);
    if (!due) return undefined;
    const { wake, mostRecent, missed } = due;
    if (mostRecent === undefined) return wake;
    if (missed === 'many') {
      const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
      this.#recorder.event(cronJob, 'Warning', 'TooManyMissedTimes', message);
    }
    const deadline = cronJob.spec.startingDeadlineSeconds;
    if (deadline != null && mostRecent + deadline * 1000 < now) {
      const message = `Missed scheduled time to start a job: ${rfc1123(mostRecent)}`;
      this.#recorder.event(cronJob, 'Warning', 'MissSchedule', message);
      return wake;
    }
    const jobName = `${cronJob.metadata?.name ?? ''}-${Math.floor(mostRecent / 60_000)}`;
    const isDone =
      status.active?.some(({ name }) => name === jobName) || millisecondsOf(status.lastScheduleTime) === mostRecent;
    if (isDone) return wake;
    if (cronJob.spec.concurrencyPolicy === 'Forbid' && status.active?.length) {
      const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
      this.#recorder.event(cronJob, 'Normal', 'JobAlreadyActive', message);
      return wake;
    }
    if (cronJob.spec.concurrencyPolicy === 'Replace') await this.#replaceActive(draft, signal);
    const job = await this.#create(cronJob, jobName, mostRecent, signal);
    if (!job || status.active?.some(({ uid }) => uid === job.metadata?.uid)) return undefined;
    status.active = [...(status.active ?? []), referenceTo({ apiVersion: 'batch/v1', kind: 'Job', ...job })];
    status.lastScheduleTime = new Date(mostRecent).toISOString().replace('.000Z', 'Z');
    return nextWakeMs({ ...cronJob, status }, now, schedule);
  }

  /** Undefined: never, of which an event tells. */
  #due({ cronJob, status }: Draft, now: number, schedule: Schedule) {
    const current = { ...cronJob, status };
    try {
      return { wake: nextWakeMs(current, now, schedule), ...mostRecentSchedule(current, now, schedule, true) };
    } catch (error) {
      if (!(error instanceof InvalidScheduleError)) throw error;
      const message = `invalid schedule: ${cronJob.spec.schedule} : ${error.message}`;
      this.#recorder.event(cronJob, 'Warning', 'InvalidSchedule', message);
      return undefined;
    }
  }

  /** Brings the list of active Jobs up to date. */
  async #noteJobs({ cronJob, status }: Draft, jobs: readonly Readonly<Job>[], signal: AbortSignal): Promise<void> {
    for (const job of jobs) {
      const { name = '', uid } = job.metadata ?? {};
      const isActive = status.active?.some((reference) => reference.uid === uid);
      const finished = finishedCondition(job);
      if (!finished && !isActive) {
        const message = `Saw a job that the controller did not create or forgot: ${name}`;
        this.#recorder.event(cronJob, 'Warning', 'UnexpectedJob', message);
      }
      if (!finished) continue;
      if (isActive) {
        removeActive(status, uid);
        const message = `Saw completed job: ${name}, condition: ${finished.type}`;
        this.#recorder.event(cronJob, 'Normal', 'SawCompletedJob', message);
      }
      const { completionTime } = job.status ?? {};
      if (
        trueCondition(job, 'Complete') &&
        completionTime &&
        millisecondsOf(completionTime) > millisecondsOf(status.lastSuccessfulTime)
      )
        status.lastSuccessfulTime = completionTime;
    }
    const present = new Set(jobs.map((job) => job.metadata?.uid));
    for (const { namespace, name = '', uid } of status.active ?? []) {
      if (present.has(uid)) continue;
      try {
        await this.#client.resource(resources.jobs).get(namespace, name, { signal });
      } catch (error) {
        if (!isNotFound(error)) throw error;
        this.#recorder.event(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${name}`);
        removeActive(status, uid);
      }
    }
  }

  /** Undefined: there is none to go by, of which an event tells. */
  #schedule(cronJob: Readonly<CronJob>): Schedule | undefined {
    const { schedule, timeZone, suspend } = cronJob.spec;
    if (timeZone != null && !isTimeZone(timeZone)) {
      const message = `invalid timeZone: ${quote(timeZone)}: unknown time zone ${timeZone}`;
      this.#recorder.event(cronJob, 'Warning', 'UnknownTimeZone', message);
      return undefined;
    }
    if (suspend) return undefined;
    if (schedule.includes('TZ')) {
      const message = `CRON_TZ or TZ used in schedule ${quote(schedule)} is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details`;
      this.#recorder.event(cronJob, 'Warning', 'UnsupportedSchedule', message);
    }
    try {
      return parseSchedule(schedule, timeZone ?? undefined);
    } catch (error) {
      const message = `unparseable schedule: ${quote(schedule)} : ${messageOf(error)}`;
      this.#recorder.event(cronJob, 'Warning', 'UnparseableSchedule', message);
      return undefined;
    }
  }

  async #replaceActive(draft: Draft, signal: AbortSignal): Promise<void> {
    const active = draft.status.active ?? [];
    for (const reference of active) {
      let job: Job;
      try {
        job = await this.#client.resource(resources.jobs).get(reference.namespace, reference.name ?? '', { signal });
      } catch (error) {
        this.#recorder.event(draft.cronJob, 'Warning', 'FailedGet', `Get job: ${messageOf(error)}`);
        throw error;
      }
      if (!(await this.#delete(draft, job, signal))) throw new Error(`could not replace job ${keyOf(job)}`);
    }
  }

  /** Undefined: nothing of ours can be created under that name. */
  async #create(
    cronJob: Readonly<CronJob>,
    name: string,
    scheduled: number,
    signal: AbortSignal,
  ): Promise<Job | undefined> {
    const { namespace } = cronJob.metadata ?? {};
    const { metadata, spec } = cronJob.spec.jobTemplate;
    const client = this.#client.resource(resources.jobs);
    try {
      const job = await client.create(
        namespace,
        {
          metadata: {
            name,
            ...(namespace ? { namespace } : {}),
            ...(metadata?.labels ? { labels: metadata.labels } : {}),
            annotations: {
              ...metadata?.annotations,
              [scheduledTimestampAnnotation]: zonedTimestamp(scheduled, cronJob.spec.timeZone ?? 'UTC'),
            },
            ownerReferences: [controllerReference(cronJob, resources.cronJobs)],
          },
          ...(spec ? { spec } : {}),
        },
        { signal },
      );
      this.#recorder.event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${name}`);
      return job;
    } catch (error) {
      if (isAlreadyExists(error)) {
        const job = await client.get(namespace, name, { signal });
        return isControlledBy(job, cronJob) ? job : undefined;
      }
      if (!signal.aborted && !isNamespaceTerminating(error))
        this.#recorder.event(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${messageOf(error)}`);
      throw error;
    }
  }

  /** Deletes the oldest finished Jobs beyond the limits; the Jobs that are left. */
  async #removeHistory(draft: Draft, jobs: readonly Readonly<Job>[], signal: AbortSignal): Promise<Readonly<Job>[]> {
    const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = draft.cronJob.spec;
    const removed = new Set<Readonly<Job>>();
    for (const [type, limit] of [
      ['Complete', successfulJobsHistoryLimit],
      ['Failed', failedJobsHistoryLimit],
    ] as const) {
      if (limit == null) continue;
      const finished = jobs.filter((job) => finishedCondition(job)?.type === type);
      finished.sort(byStartTime);
      for (const job of finished.slice(0, Math.max(0, finished.length - limit)))
        if (await this.#delete(draft, job, signal)) removed.add(job);
    }
    return jobs.filter((job) => !removed.has(job));
  }

  async #delete({ cronJob, status }: Draft, job: Readonly<Job>, signal: AbortSignal): Promise<boolean> {
    const { namespace, name = '', uid } = job.metadata ?? {};
    try {
      await this.#client.resource(resources.jobs).delete(namespace, name, { propagationPolicy: 'Background', signal });
    } catch (error) {
      this.#recorder.event(cronJob, 'Warning', 'FailedDelete', `Deleted job: ${messageOf(error)}`);
      return false;
    }
    removeActive(status, uid);
    this.#recorder.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`);
    return true;
  }
}

function removeActive(status: CronJobStatus, uid: string | undefined): void {
  const active = status.active?.filter((reference) => reference.uid !== uid) ?? [];
  if (active.length > 0) status.active = active;
  else delete status.active;
}

function byStartTime(a: Readonly<Job>, b: Readonly<Job>): number {
  const [first, second] = [a, b].map((job) => millisecondsOf(job.status?.startTime, Number.MAX_SAFE_INTEGER));
  return (first ?? 0) - (second ?? 0) || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** `Mon, 02 Jan 2006 15:04:05 +0000` */
function rfc1123(at: number): string {
  return new Date(at).toUTCString().replace('GMT', '+0000');
}

export function startCronJobController(context: ControllerContext): Running {
  const { clock, logger } = context;
  const client = context.clientFor('cronjob-controller');
  const cronJobs = context.informers.informer(resources.cronJobs);
  const jobs = context.informers.informer(resources.jobs);
  jobs.addIndex(controllerIndex, byController);
  const reconciler = new CronJobReconciler({
    client,
    recorder: context.recorderFor(client, 'cronjob-controller'),
    cronJobs: cronJobs.lister,
    jobs: jobs.lister,
    clock,
  });
  const controller = new Controller({
    name: 'cronjob',
    reconciler,
    synced: [cronJobs.synced, jobs.synced],
    clock,
    logger,
  });
  const { queue } = controller;
  const enqueueOwner = (job: Readonly<Job>): void => {
    const owner = ownerOf(job, 'CronJob', cronJobs.lister);
    if (owner) queue.add(keyOf(owner));
  };
  const registrations = [
    cronJobs.addEventHandler({
      add: (cronJob) => queue.add(keyOf(cronJob)),
      update: (previous, cronJob) => {
        const rescheduled =
          previous.spec.schedule !== cronJob.spec.schedule || previous.spec.timeZone !== cronJob.spec.timeZone;
        if (!rescheduled) return queue.add(keyOf(cronJob));
        // The new schedule counts from now on: what it would have missed is not made up for.
        try {
          const schedule = parseSchedule(cronJob.spec.schedule, cronJob.spec.timeZone ?? undefined);
          const wake = nextWakeMs(cronJob, clock.now(), schedule);
          if (wake !== undefined) queue.addAfter(keyOf(cronJob), wake);
        } catch {
          queue.add(keyOf(cronJob));
        }
      },
      delete: (cronJob) => queue.add(keyOf(cronJob)),
    }),
    jobs.addEventHandler({
      add: enqueueOwner,
      update: (_, job) => enqueueOwner(job),
      delete: enqueueOwner,
    }),
  ];
  return startControllers([controller], registrations);
}
