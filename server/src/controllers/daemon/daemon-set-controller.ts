import { Controller, keyOf, type Running, resources } from '@typernetes/openapi/client';
import { selectorFromLabelSelector } from '@typernetes/openapi/meta';
import type { DaemonSet } from '@typernetes/openapi/types/apps/v1';
import type { Node, Pod } from '@typernetes/openapi/types/core/v1';
import type { ControllerContext } from '../context.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { byController, controllerIndex, controllerOf, ownerOf } from '../ownership/controller-reference.ts';
import { startControllers } from '../running.ts';
import { placement } from './daemon-pods.ts';
import { DaemonSetReconciler } from './daemon-set-reconciler.ts';

export function startDaemonSetController(context: ControllerContext): Running {
  const { clock, logger } = context;
  const client = context.clientFor('daemon-set-controller');
  const daemonSets = context.informers.informer(resources.daemonSets);
  const pods = context.informers.informer(resources.pods);
  const nodes = context.informers.informer(resources.nodes);
  const revisions = context.informers.informer(resources.controllerRevisions);
  pods.addIndex(controllerIndex, byController);
  revisions.addIndex(controllerIndex, byController);
  const reconciler = new DaemonSetReconciler({
    client,
    recorder: context.recorderFor(client, 'daemonset-controller'),
    daemonSets: daemonSets.lister,
    pods: pods.lister,
    nodes: nodes.lister,
    revisions: revisions.lister,
    clock,
  });
  const controller = new Controller({
    name: 'daemonset',
    reconciler,
    synced: [daemonSets.synced, pods.synced, nodes.synced, revisions.synced],
    clock,
    logger,
  });
  const { queue } = controller;
  const ownerKey = (pod: Readonly<Pod>): string | undefined => {
    const owner = ownerOf(pod, 'DaemonSet', daemonSets.lister);
    return owner && keyOf(owner);
  };
  const enqueue = (daemonSet: Readonly<DaemonSet>): void => queue.add(keyOf(daemonSet));
  const enqueueMatching = (pod: Readonly<Pod>): void => {
    for (const daemonSet of daemonSets.lister.list(pod.metadata?.namespace))
      if (selectorFromLabelSelector(daemonSet.spec?.selector).matches(pod.metadata?.labels ?? {})) enqueue(daemonSet);
  };
  const deletionSeen = (pod: Readonly<Pod>): void => {
    const key = ownerKey(pod);
    if (key === undefined) return;
    reconciler.expectations.deletionObserved(key, pod.metadata?.uid ?? '');
    queue.add(key);
  };
  /** Heartbeats change nodes all the time: only what changes where daemons belong counts. */
  const placementChanged = (previous: Readonly<Node>, node: Readonly<Node>): void => {
    const isSame =
      semanticallyEqual(previous.metadata?.labels, node.metadata?.labels) &&
      semanticallyEqual(previous.spec?.taints, node.spec?.taints);
    if (isSame) return;
    for (const daemonSet of daemonSets.lister.list())
      if (!semanticallyEqual(placement(daemonSet, previous), placement(daemonSet, node))) enqueue(daemonSet);
  };
  const registrations = [
    daemonSets.addEventHandler({
      add: enqueue,
      update: (previous, daemonSet) => {
        if (previous.metadata?.uid !== daemonSet.metadata?.uid) reconciler.expectations.delete(keyOf(daemonSet));
        enqueue(daemonSet);
      },
      delete: enqueue,
    }),
    pods.addEventHandler({
      add: (pod) => {
        if (pod.metadata?.deletionTimestamp) return deletionSeen(pod);
        const key = ownerKey(pod);
        if (key !== undefined) {
          reconciler.expectations.creationObserved(key);
          queue.add(key);
        } else if (!controllerOf(pod)) enqueueMatching(pod);
      },
      update: (previous, pod) => {
        if (previous.metadata?.resourceVersion === pod.metadata?.resourceVersion) return;
        if (pod.metadata?.deletionTimestamp) return deletionSeen(pod);
        const before = ownerKey(previous);
        const key = ownerKey(pod);
        if (before !== undefined && before !== key) queue.add(before);
        if (key !== undefined) queue.add(key);
        else if (
          !controllerOf(pod) &&
          (before !== undefined || !semanticallyEqual(previous.metadata?.labels, pod.metadata?.labels))
        )
          enqueueMatching(pod);
      },
      delete: deletionSeen,
    }),
    nodes.addEventHandler({
      add: (node) => {
        for (const daemonSet of daemonSets.lister.list()) if (placement(daemonSet, node).shouldRun) enqueue(daemonSet);
      },
      update: placementChanged,
      delete: (node) => {
        for (const daemonSet of daemonSets.lister.list())
          if (placement(daemonSet, node).shouldContinueRunning) enqueue(daemonSet);
      },
    }),
  ];
  return startControllers([controller], registrations);
}
