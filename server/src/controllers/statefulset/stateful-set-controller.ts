import { Controller, keyOf, type Running, resources } from '@typernetes/openapi/client';
import { selectorFromLabelSelector } from '@typernetes/openapi/meta';
import type { StatefulSet } from '@typernetes/openapi/types/apps/v1';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { ControllerContext } from '../context.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { byController, controllerIndex, controllerOf, ownerOf } from '../ownership/controller-reference.ts';
import { startControllers } from '../running.ts';
import { StatefulSetReconciler } from './stateful-set-reconciler.ts';

export function startStatefulSetController(context: ControllerContext): Running {
  const { clock, logger } = context;
  const client = context.clientFor('statefulset-controller');
  const sets = context.informers.informer(resources.statefulSets);
  const pods = context.informers.informer(resources.pods);
  const claims = context.informers.informer(resources.persistentVolumeClaims);
  const revisions = context.informers.informer(resources.controllerRevisions);
  pods.addIndex(controllerIndex, byController);
  revisions.addIndex(controllerIndex, byController);
  const reconciler = new StatefulSetReconciler({
    client,
    recorder: context.recorderFor(client, 'statefulset-controller'),
    sets: sets.lister,
    pods: pods.lister,
    claims: claims.lister,
    revisions: revisions.lister,
    clock,
  });
  const controller = new Controller({
    name: 'statefulset',
    reconciler,
    synced: [sets.synced, pods.synced, claims.synced, revisions.synced],
    clock,
    logger,
  });
  const { queue } = controller;
  const ownerKey = (pod: Readonly<Pod>): string | undefined => {
    const owner = ownerOf(pod, 'StatefulSet', sets.lister);
    return owner && keyOf(owner);
  };
  const enqueueOwner = (pod: Readonly<Pod>): void => {
    const key = ownerKey(pod);
    if (key !== undefined) queue.add(key);
  };
  const enqueueMatching = (pod: Readonly<Pod>): void => {
    for (const set of sets.lister.list(pod.metadata?.namespace))
      if (selectorFromLabelSelector(set.spec?.selector).matches(pod.metadata?.labels ?? {})) queue.add(keyOf(set));
  };
  const enqueue = (set: Readonly<StatefulSet>): void => queue.add(keyOf(set));
  const registrations = [
    sets.addEventHandler({ add: enqueue, update: (_, set) => enqueue(set), delete: enqueue }),
    pods.addEventHandler({
      add: (pod) => (controllerOf(pod) ? enqueueOwner(pod) : enqueueMatching(pod)),
      update: (previous, pod) => {
        if (previous.metadata?.resourceVersion === pod.metadata?.resourceVersion) return;
        if (ownerKey(previous) !== ownerKey(pod)) enqueueOwner(previous);
        if (controllerOf(pod)) enqueueOwner(pod);
        else if (controllerOf(previous) || !semanticallyEqual(previous.metadata?.labels, pod.metadata?.labels))
          enqueueMatching(pod);
      },
      delete: enqueueOwner,
    }),
    // A claim that is gone lets the pod that waits for it be made.
    claims.addEventHandler({
      delete: (claim) => {
        const name = claim.metadata?.name ?? '';
        for (const set of sets.lister.list(claim.metadata?.namespace)) {
          const mayBe = set.spec?.volumeClaimTemplates?.some((template) =>
            name.startsWith(`${template.metadata?.name ?? ''}-${set.metadata?.name ?? ''}-`),
          );
          if (mayBe) enqueue(set);
        }
      },
    }),
  ];
  return startControllers([controller], registrations);
}
