/** Keeps cache and queue up with what the API server says, and wakes pods that a change may help. */
import type { HandlerRegistration, SharedInformer } from '@typernetes/openapi/client';
import type { Node, Pod } from '@typernetes/openapi/types/core/v1';
import type { SchedulerCache } from './cache/cache.ts';
import type { ClusterEvent } from './framework/framework.ts';
import { type PodInfo, podInfo } from './framework/pod-info.ts';
import type { SchedulingQueue } from './queue/scheduling-queue.ts';

export interface EventTargets {
  cache: SchedulerCache;
  queue: SchedulingQueue;
  schedulerName: string;
  /** The pod was bound, or is gone. */
  settled: (uid: string) => void;
}

export function addEventHandlers(
  pods: SharedInformer<Pod>,
  nodes: SharedInformer<Node>,
  targets: EventTargets,
): HandlerRegistration[] {
  const { cache, queue, schedulerName, settled } = targets;
  const assigned = (pod: Readonly<Pod>): boolean => !!pod.spec?.nodeName && !isTerminal(pod);
  const ours = (pod: Readonly<Pod>): boolean =>
    !pod.spec?.nodeName && !isTerminal(pod) && pod.spec?.schedulerName === schedulerName;

  const place = (pod: Readonly<Pod>, isNew: boolean): void => {
    const info = podInfo(pod);
    queue.delete(info.uid);
    settled(info.uid);
    cache.putPod(info);
    queue.move({ resource: 'Pod', action: isNew ? 'add' : 'update' }, { pod: info });
  };
  const leave = (pod: Readonly<Pod>): void => {
    const info = podInfo(pod);
    settled(info.uid);
    cache.deletePod(info.uid);
    queue.move({ resource: 'Pod', action: 'delete' }, { pod: info });
  };

  return [
    nodes.addEventHandler({
      add: (node) => queue.move({ resource: 'Node', action: 'add' }, { node: cache.putNode(node) }),
      update: (previous, node) => {
        const info = cache.putNode(node);
        for (const action of nodeChanges(previous, node)) queue.move({ resource: 'Node', action }, { node: info });
      },
      delete: (node) => cache.deleteNode(node.metadata?.name ?? ''),
    }),
    pods.addEventHandler({
      add: (pod) => {
        if (assigned(pod)) place(pod, true);
        else if (ours(pod)) queue.put(podInfo(pod));
      },
      update: (previous, pod) => {
        if (previous.metadata?.uid !== pod.metadata?.uid) removed(previous);
        if (assigned(pod)) {
          // Most updates of running pods are of their status: nothing that scheduling depends on.
          const isNew = !assigned(previous) || cache.isAssumed(pod.metadata?.uid ?? '');
          if (isNew || schedulingChanged(previous, pod)) place(pod, isNew);
        } else if (ours(pod)) {
          if (!cache.isAssumed(pod.metadata?.uid ?? '')) queue.put(podInfo(pod));
        } else removed(previous);
      },
      delete: (pod) => removed(pod),
    }),
  ];

  function removed(pod: Readonly<Pod>): void {
    if (assigned(pod)) leave(pod);
    else {
      const uid = pod.metadata?.uid ?? '';
      queue.delete(uid);
      settled(uid);
      if (cache.isAssumed(uid)) leave(pod);
    }
  }
}

export function infoOf(pods: SharedInformer<Pod>, info: PodInfo): PodInfo | undefined {
  const current = pods.lister.getByKey(info.key);
  if (!current || current.metadata?.uid !== info.uid) return undefined;
  return current === info.pod ? info : podInfo(current);
}

function isTerminal(pod: Readonly<Pod>): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

function schedulingChanged(previous: Readonly<Pod>, pod: Readonly<Pod>): boolean {
  return (
    JSON.stringify(previous.metadata?.labels) !== JSON.stringify(pod.metadata?.labels) ||
    JSON.stringify(previous.spec) !== JSON.stringify(pod.spec) ||
    previous.metadata?.deletionTimestamp !== pod.metadata?.deletionTimestamp
  );
}

function nodeChanges(previous: Readonly<Node>, node: Readonly<Node>): ClusterEvent['action'][] {
  const differs = (of: (node: Readonly<Node>) => unknown): boolean =>
    JSON.stringify(of(previous)) !== JSON.stringify(of(node));
  const changes: ClusterEvent['action'][] = [];
  if (differs((entry) => entry.status?.allocatable)) changes.push('updateAllocatable');
  if (differs((entry) => entry.metadata?.labels)) changes.push('updateLabels');
  if (differs((entry) => [entry.spec?.taints, entry.spec?.unschedulable])) changes.push('updateTaints');
  if (differs((entry) => entry.status?.conditions?.map((condition) => [condition.type, condition.status])))
    changes.push('updateConditions');
  return changes;
}
