/** Deletes Jobs a while after they have finished, if they ask for it. */
import { Controller, keyOf, type Running, resources, splitKey } from '@typernetes/openapi/client';
import { isNotFound } from '@typernetes/openapi/meta';
import type { Job } from '@typernetes/openapi/types/batch/v1';
import type { ControllerContext } from '../context.ts';
import { finishedCondition } from '../job/conditions.ts';
import { startControllers } from '../running.ts';
import { millisecondsOf } from '../time.ts';

/** When it is due, in milliseconds since the epoch; undefined: never, as far as is known. */
function expiryOf(job: Readonly<Job>): number | undefined {
  const seconds = job.spec?.ttlSecondsAfterFinished;
  const finished = finishedCondition(job)?.lastTransitionTime;
  if (seconds == null || !finished || job.metadata?.deletionTimestamp) return undefined;
  return millisecondsOf(finished) + seconds * 1000;
}

export function startTtlAfterFinishedController(context: ControllerContext): Running {
  const { clock, logger } = context;
  const client = context.clientFor('ttl-after-finished-controller').resource(resources.jobs);
  const jobs = context.informers.informer(resources.jobs);
  const controller = new Controller({
    name: 'ttl_jobs_to_delete',
    synced: [jobs.synced],
    clock,
    logger,
    reconciler: {
      async reconcile(key, signal) {
        const { namespace, name } = splitKey(key);
        const cached = jobs.lister.get(namespace, name);
        const due = cached && expiryOf(cached);
        if (due === undefined) return undefined;
        if (due > clock.now()) return { requeueAfter: due - clock.now() };
        try {
          // The time may have been changed in the last moment: deletion cannot be taken back.
          const fresh = await client.get(namespace, name, { signal });
          const stillDue = expiryOf(fresh);
          if (stillDue === undefined) return undefined;
          if (stillDue > clock.now()) return { requeueAfter: stillDue - clock.now() };
          const preconditions = { uid: fresh.metadata?.uid, resourceVersion: fresh.metadata?.resourceVersion };
          await client.delete(namespace, name, { propagationPolicy: 'Foreground', preconditions, signal });
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
        return undefined;
      },
    },
  });
  const enqueue = (job: Readonly<Job>): void => {
    if (expiryOf(job) !== undefined) controller.queue.add(keyOf(job));
  };
  const registration = jobs.addEventHandler({ add: enqueue, update: (_, job) => enqueue(job) });
  return startControllers([controller], [registration]);
}
