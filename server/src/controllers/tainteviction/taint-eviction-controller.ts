/** Deletes pods from nodes whose NoExecute taints they do not tolerate, or no longer. */
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
  resources,
  splitKey,
} from '@typernetes/openapi/client';
import { isNotFound } from '@typernetes/openapi/meta';
import type { Node, Pod } from '@typernetes/openapi/types/core/v1';
import type { ControllerContext } from '../context.ts';
import { podsByNodeIndex } from '../nodelifecycle/node-health.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { isPodTerminal } from '../pods/pod-state.ts';
import { startControllers } from '../running.ts';
import { timestamp } from '../time.ts';
import { toleratedMs } from './tolerations.ts';

export interface TaintEvictionOptions {
  client: RestClient;
  recorder: EventRecorder;
  pods: Lister<Pod>;
  nodes: Lister<Node>;
  clock: Clock;
}

class TaintEvictionReconciler implements Reconciler {
  readonly #options: TaintEvictionOptions;
  /** Since when pods have been under taints that they tolerate for a while; the uid tells a pod from its successor. */
  readonly #waiting = new Map<string, { uid: string; since: number }>();

  constructor(options: TaintEvictionOptions) {
    this.#options = options;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { namespace, name } = splitKey(key);
    const { pods, nodes, clock, recorder } = this.#options;
    const pod = pods.get(namespace, name);
    const node = nodes.get(undefined, pod?.spec?.nodeName ?? '');
    const taints = node?.spec?.taints?.filter((taint) => taint.effect === 'NoExecute') ?? [];
    const uid = pod?.metadata?.uid ?? '';
    const waiting = this.#waiting.get(key);
    const tolerated =
      pod && !pod.metadata?.deletionTimestamp && !isPodTerminal(pod)
        ? toleratedMs(taints, pod.spec?.tolerations ?? [])
        : Number.POSITIVE_INFINITY;
    if (!pod || !Number.isFinite(tolerated)) {
      this.#waiting.delete(key);
      if (pod && waiting?.uid === uid && !pod.metadata?.deletionTimestamp) {
        recorder.event(pod, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`);
      }
      return undefined;
    }
    const since = waiting?.uid === uid ? waiting.since : clock.now();
    this.#waiting.set(key, { uid, since });
    const left = since + tolerated - clock.now();
    if (left > 0) return { requeueAfter: left };
    recorder.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`);
    await this.#evict(pod, signal);
    this.#waiting.delete(key);
    return undefined;
  }

  async #evict(pod: Readonly<Pod>, signal: AbortSignal): Promise<void> {
    const { namespace, name = '', uid, resourceVersion } = pod.metadata ?? {};
    const resource = this.#options.client.resource(resources.pods);
    const others = pod.status?.conditions?.filter((condition) => condition.type !== 'DisruptionTarget') ?? [];
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      lastTransitionTime: timestamp(this.#options.clock),
    };
    try {
      const patch = { metadata: { uid, resourceVersion }, status: { conditions: [...others, condition] } };
      await resource.patch(namespace, name, patch, { type: 'merge', subresource: 'status', signal });
      await resource.delete(namespace, name, { preconditions: { uid }, signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

export function startTaintEvictionController(context: ControllerContext): Running {
  const client = context.clientFor('node-controller');
  const podInformer = context.informers.informer(resources.pods);
  const nodeInformer = context.informers.informer(resources.nodes);
  podInformer.addIndex(podsByNodeIndex, (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []));
  const pods = podInformer.lister;
  const nodes = nodeInformer.lister;
  const controller = new Controller({
    name: 'taint-eviction',
    reconciler: new TaintEvictionReconciler({
      client,
      recorder: context.recorderFor(client, 'taint-eviction-controller'),
      pods,
      nodes,
      clock: context.clock,
    }),
    synced: [podInformer.synced, nodeInformer.synced],
    clock: context.clock,
    logger: context.logger,
    maxRetries: 5,
    baseDelayMs: 10,
  });
  const isTainted = (node: Readonly<Node> | undefined): boolean =>
    node?.spec?.taints?.some((taint) => taint.effect === 'NoExecute') ?? false;
  const enqueue = (pod: Readonly<Pod>): void => {
    if (isTainted(nodes.get(undefined, pod.spec?.nodeName ?? ''))) controller.queue.add(keyOf(pod));
  };
  const enqueueAll = (node: Readonly<Node>): void => {
    for (const pod of pods.byIndex(podsByNodeIndex, node.metadata?.name ?? '')) controller.queue.add(keyOf(pod));
  };
  const registrations = [
    podInformer.addEventHandler({
      add: enqueue,
      update: (previous, pod) => {
        const matters =
          previous.spec?.nodeName !== pod.spec?.nodeName ||
          !semanticallyEqual(previous.spec?.tolerations, pod.spec?.tolerations);
        if (matters) enqueue(pod);
      },
      delete: (pod) => controller.queue.add(keyOf(pod)),
    }),
    nodeInformer.addEventHandler({
      add: (node) => {
        if (isTainted(node)) enqueueAll(node);
      },
      update: (previous, node) => {
        if (!semanticallyEqual(previous.spec?.taints, node.spec?.taints)) enqueueAll(node);
      },
    }),
  ];
  return startControllers([controller], registrations);
}
