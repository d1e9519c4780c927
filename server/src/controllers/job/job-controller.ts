import { Controller, keyOf, type Running, resources } from '@typernetes/openapi/client';
import { isNotFound, selectorFromLabelSelector } from '@typernetes/openapi/meta';
import type { Job } from '@typernetes/openapi/types/batch/v1';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { ControllerContext } from '../context.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { byController, controllerIndex, controllerOf, ownerOf } from '../ownership/controller-reference.ts';
import { startControllers } from '../running.ts';
import { finishedCondition } from './conditions.ts';
import { isManagedByOther } from './finishing.ts';
import { isTracked } from './job-pods.ts';
import { JobReconciler } from './job-reconciler.ts';
import { removeTrackingFinalizer } from './job-tracking.ts';

/** Changes of a large Job's pods are counted together: each count is two writes. */
function batchMs(job: Readonly<Job>): number {
  return Math.min(25 + 4 * (job.spec?.parallelism ?? 1), 1000);
}

export function startJobController(context: ControllerContext): Running {
  const { clock, logger } = context;
  const client = context.clientFor('job-controller');
  const jobs = context.informers.informer(resources.jobs);
  const pods = context.informers.informer(resources.pods);
  pods.addIndex(controllerIndex, byController);
  const reconciler = new JobReconciler({
    client,
    recorder: context.recorderFor(client, 'job-controller'),
    jobs: jobs.lister,
    pods: pods.lister,
    clock,
  });
  const synced = [jobs.synced, pods.synced];
  const delays = { baseDelayMs: 1000, maxDelayMs: 60_000 };
  const controller = new Controller({ name: 'job', reconciler, synced, clock, logger, ...delays });
  /** Pods that nobody counts any more must not be held by the finalizer. */
  const orphans = new Controller({
    name: 'job_orphan_pod',
    synced,
    clock,
    logger,
    ...delays,
    reconciler: {
      async reconcile(key, signal) {
        const pod = pods.lister.getByKey(key);
        if (!pod || !isTracked(pod)) return undefined;
        const reference = controllerOf(pod);
        if (reference) {
          if (reference.kind !== 'Job' || reference.apiVersion !== 'batch/v1') return undefined;
          const job = jobs.lister.get(pod.metadata?.namespace, reference.name);
          const isOwner = job?.metadata?.uid === reference.uid;
          if (job && isOwner && (isManagedByOther(job) || !finishedCondition(job))) return undefined;
        }
        try {
          await removeTrackingFinalizer(client, pod, signal);
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
        return undefined;
      },
    },
  });
  const { queue } = controller;
  const jobOf = (pod: Readonly<Pod>): Readonly<Job> | undefined => ownerOf(pod, 'Job', jobs.lister);
  const enqueueBatched = (job: Readonly<Job>): void => queue.addAfter(keyOf(job), batchMs(job));
  const enqueueMatching = (pod: Readonly<Pod>): void => {
    for (const job of jobs.lister.list(pod.metadata?.namespace)) {
      if (selectorFromLabelSelector(job.spec?.selector).matches(pod.metadata?.labels ?? {})) enqueueBatched(job);
    }
  };
  const enqueueOrphansOf = (job: Readonly<Job>): void => {
    for (const pod of pods.lister.byIndex(controllerIndex, job.metadata?.uid ?? ''))
      if (isTracked(pod)) orphans.queue.add(keyOf(pod));
  };
  const deletionSeen = (pod: Readonly<Pod>, final: boolean): void => {
    const job = jobOf(pod);
    if (!job || finishedCondition(job)) {
      const wasOurs = !controllerOf(pod) || controllerOf(pod)?.kind === 'Job';
      if (wasOurs && isTracked(pod)) orphans.queue.add(keyOf(pod));
      return;
    }
    const uid = pod.metadata?.uid ?? '';
    reconciler.expectations.deletionObserved(keyOf(job), uid);
    if (final || !isTracked(pod)) reconciler.tracking.removalObserved(keyOf(job), uid);
    enqueueBatched(job);
  };
  const registrations = [
    jobs.addEventHandler({
      add: (job) => queue.add(keyOf(job)),
      update: (previous, job) => {
        if (finishedCondition(job)) enqueueOrphansOf(job);
        if (job.metadata?.generation === previous.metadata?.generation) enqueueBatched(job);
        else queue.add(keyOf(job));
      },
      delete: (job) => {
        queue.add(keyOf(job));
        enqueueOrphansOf(job);
      },
    }),
    pods.addEventHandler({
      add: (pod) => {
        if (pod.metadata?.deletionTimestamp) return deletionSeen(pod, false);
        const job = jobOf(pod);
        if (job) {
          reconciler.expectations.creationObserved(keyOf(job));
          enqueueBatched(job);
        } else if (!controllerOf(pod)) {
          if (isTracked(pod)) orphans.queue.add(keyOf(pod));
          enqueueMatching(pod);
        } else if (controllerOf(pod)?.kind === 'Job' && isTracked(pod)) orphans.queue.add(keyOf(pod));
      },
      update: (previous, pod) => {
        if (previous.metadata?.resourceVersion === pod.metadata?.resourceVersion) return;
        if (pod.metadata?.deletionTimestamp) return deletionSeen(pod, false);
        const before = jobOf(previous);
        const job = jobOf(pod);
        for (const owner of new Set([before, job])) {
          if (!owner) continue;
          if (!isTracked(pod)) reconciler.tracking.removalObserved(keyOf(owner), pod.metadata?.uid ?? '');
          enqueueBatched(owner);
        }
        if (controllerOf(pod)) return;
        if (isTracked(pod)) orphans.queue.add(keyOf(pod));
        if (before || !semanticallyEqual(previous.metadata?.labels, pod.metadata?.labels)) enqueueMatching(pod);
      },
      delete: (pod) => deletionSeen(pod, true),
    }),
  ];
  return startControllers([controller, orphans], registrations);
}
