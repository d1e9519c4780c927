/** Runs a Job's pods to completion. */
import {
  type Clock,
  type EventRecorder,
  Expectations,
  type Lister,
  type ReconcileResult,
  type Reconciler,
  type RestClient,
  resources,
  splitKey,
} from '@typernetes/openapi/client';
import { selectorFromLabelSelector } from '@typernetes/openapi/meta';
import type { Job } from '@typernetes/openapi/types/batch/v1';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { claim } from '../ownership/claim.ts';
import { controlledAndOrphans } from '../ownership/controller-reference.ts';
import { WrittenVersions } from '../ownership/written-versions.ts';
import { PodControl } from '../pods/pod-control.ts';
import { timestamp } from '../time.ts';
import { type BackoffRecord, noFailures, withFinished } from './backoff.ts';
import { finishedCondition, newCondition, setCondition } from './conditions.ts';
import { deadlineInMs, endingCondition, isComplete, isManagedByOther } from './finishing.ts';
import { JobPodManager } from './job-pod-manager.ts';
import { isSuspended, trackingFinalizer } from './job-pods.ts';
import { type JobSync, lookAt } from './job-sync.ts';
import { JobTracking } from './job-tracking.ts';

export class JobReconciler implements Reconciler {
  readonly expectations: Expectations;
  readonly tracking: JobTracking;
  readonly #client: RestClient;
  readonly #recorder: EventRecorder;
  readonly #jobs: Lister<Job>;
  readonly #pods: Lister<Pod>;
  readonly #clock: Clock;
  readonly #manager: JobPodManager;
  readonly #written = new WrittenVersions();
  readonly #backoffs = new Map<string, BackoffRecord>();

  constructor(options: {
    client: RestClient;
    recorder: EventRecorder;
    jobs: Lister<Job>;
    pods: Lister<Pod>;
    clock: Clock;
  }) {
    const { client, recorder, clock } = options;
    this.#client = client;
    this.#recorder = recorder;
    this.#jobs = options.jobs;
    this.#pods = options.pods;
    this.#clock = clock;
    this.expectations = new Expectations(clock);
    this.#manager = new JobPodManager(client, new PodControl(client, recorder), this.expectations, clock);
    this.tracking = new JobTracking({
      client,
      recorder,
      clock,
      written: this.#written,
      backoffs: this.#backoffs,
    });
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { namespace, name } = splitKey(key);
    const job = this.#jobs.get(namespace, name);
    if (!job) {
      this.expectations.delete(key);
      this.tracking.forget(key);
      this.#backoffs.delete(key);
      this.#written.delete(key);
      return undefined;
    }
    if (isManagedByOther(job) || !this.#written.seen(key, job)) return undefined;
    if (finishedCondition(job)) {
      this.#backoffs.delete(key);
      return undefined;
    }
    const seenAll = this.expectations.satisfied(key);
    const sync = lookAt(key, job, await this.#claim(job, signal), this.tracking.expectedRemovals(key));
    const { status } = sync;
    const now = this.#clock.now();
    const time = timestamp(this.#clock);
    if (!status.startTime && !isSuspended(job)) status.startTime = time;
    sync.backoff = withFinished(this.#backoffs.get(key) ?? noFailures, sync.newSucceeded, sync.newFailed);
    sync.finished = endingCondition(sync, now, time);
    const step = sync.finished ? await this.#end(sync, seenAll, signal) : await this.#run(sync, seenAll, time, signal);
    const mustWrite =
      step.conditionChanged === true ||
      sync.active !== (status.active ?? 0) ||
      sync.ready !== status.ready ||
      sync.terminating !== status.terminating;
    if (sync.active > 0) status.active = sync.active;
    else delete status.active;
    status.ready = sync.ready;
    status.terminating = sync.terminating;
    await this.tracking.track(sync, mustWrite, signal);
    if (step.error !== undefined) throw step.error;
    const waits = [step.requeueAfter, deadlineInMs(sync, now)].filter((wait) => wait !== undefined && wait > 0);
    return waits.length > 0 ? { requeueAfter: Math.min(...waits.map(Number)) } : undefined;
  }

  #claim(job: Readonly<Job>, signal: AbortSignal): Promise<Readonly<Pod>[]> {
    return claim({
      client: this.#client,
      owner: job,
      ownerResource: resources.jobs,
      resource: resources.pods,
      selector: selectorFromLabelSelector(job.spec?.selector),
      candidates: controlledAndOrphans(this.#pods, job),
      finalizer: trackingFinalizer,
      signal,
    });
  }

  async #end(sync: JobSync, seenAll: boolean, signal: AbortSignal): Promise<Step> {
    const before = sync.active;
    const { deleted, error } = await this.#manager.deleteActive(sync, signal);
    // A pod that is not seen or not deleted would go uncounted: end the next time.
    if (deleted !== before || !seenAll) sync.finished = undefined;
    return { error };
  }

  async #run(sync: JobSync, seenAll: boolean, time: string, signal: AbortSignal): Promise<Step> {
    const { job, status } = sync;
    const mayManage = seenAll && !job.metadata?.deletionTimestamp;
    const managed = mayManage ? await this.#manager.manage(sync, signal) : {};
    if (isComplete(sync)) {
      const message = 'Reached expected number of succeeded pods';
      sync.finished = newCondition('SuccessCriteriaMet', 'CompletionsReached', message, time);
      return managed;
    }
    if (!mayManage) return managed;
    const condition = isSuspended(job)
      ? newCondition('Suspended', 'JobSuspended', 'Job suspended', time)
      : newCondition('Suspended', 'JobResumed', 'Job resumed', time, 'False');
    const { conditions, changed } = setCondition(status.conditions ?? [], condition);
    if (!changed) return managed;
    status.conditions = conditions;
    if (isSuspended(job)) {
      delete status.startTime;
      this.#recorder.event(job, 'Normal', 'Suspended', 'Job suspended');
    } else {
      status.startTime = time;
      this.#recorder.event(job, 'Normal', 'Resumed', 'Job resumed');
    }
    return { ...managed, conditionChanged: true };
  }
}

interface Step {
  error?: unknown;
  requeueAfter?: number;
  conditionChanged?: boolean;
}
