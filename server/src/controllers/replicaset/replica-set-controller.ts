/** Keeps as many pods as a ReplicaSet asks for. */
import {
  type Clock,
  Controller,
  Expectations,
  type KnownResource,
  keyOf,
  type Lister,
  type ReconcileResult,
  type Reconciler,
  type RestClient,
  type Running,
  resources,
  splitKey,
} from '@typernetes/openapi/client';
import { type KubernetesObject, selectorFromLabelSelector } from '@typernetes/openapi/meta';
import type { ReplicaSet, ReplicaSetStatus } from '@typernetes/openapi/types/apps/v1';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { ControllerContext } from '../context.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { claim } from '../ownership/claim.ts';
import {
  byController,
  controlledAndOrphans,
  controllerIndex,
  controllerOf,
  controllerReference,
  ownerOf,
} from '../ownership/controller-reference.ts';
import { isNamespaceTerminating, messageOf, PodControl } from '../pods/pod-control.ts';
import { isPodActive, isPodReady, isPodTerminating, podCondition } from '../pods/pod-state.ts';
import { startControllers } from '../running.ts';
import { millisecondsOf, timestamp } from '../time.ts';
import { podsToDelete } from './deletion-ranking.ts';
import { slowStart } from './slow-start.ts';
import { replicaSetStatus } from './status.ts';

/** At most this many pods are created or deleted in one reconcile. */
const burstReplicas = 500;

/** A kind whose objects work like ReplicaSets: those themselves, and ReplicationControllers. */
export interface ReplicaSetLike<T extends KubernetesObject> {
  /** Of the controller, in logs. */
  readonly name: string;
  /** The ServiceAccount it acts as, and the source of its events. */
  readonly account: string;
  readonly resource: KnownResource<T>;
  /** The same metadata and kind, with the spec and status of a ReplicaSet. */
  asReplicaSet(object: Readonly<T>): Readonly<ReplicaSet>;
  /** The fields of the status that the kind has. */
  statusOf(status: ReplicaSetStatus): NonNullable<ReplicaSetStatus>;
  withStatus(object: Readonly<T>, status: ReplicaSetStatus): T;
}

const replicaSetKind: ReplicaSetLike<ReplicaSet> = {
  name: 'replicaset',
  account: 'replicaset-controller',
  resource: resources.replicaSets,
  asReplicaSet: (replicaSet) => replicaSet,
  statusOf: (status) => status,
  withStatus: (replicaSet, status) => ({ ...replicaSet, status }),
};

class ReplicaSetReconciler<T extends KubernetesObject> implements Reconciler {
  readonly expectations: Expectations;
  readonly #client: RestClient;
  readonly #podControl: PodControl;
  readonly #like: ReplicaSetLike<T>;
  readonly #owners: Lister<T>;
  readonly #pods: Lister<Pod>;
  readonly #clock: Clock;

  constructor(options: {
    client: RestClient;
    podControl: PodControl;
    like: ReplicaSetLike<T>;
    owners: Lister<T>;
    pods: Lister<Pod>;
    clock: Clock;
  }) {
    this.#client = options.client;
    this.#podControl = options.podControl;
    this.#like = options.like;
    this.#owners = options.owners;
    this.#pods = options.pods;
    this.#clock = options.clock;
    this.expectations = new Expectations(options.clock);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { namespace = '', name } = splitKey(key);
    const object = this.#owners.get(namespace, name);
    if (!object) {
      this.expectations.delete(key);
      return undefined;
    }
    const replicaSet = this.#like.asReplicaSet(object);
    const seenAll = this.expectations.satisfied(key);
    const selector = selectorFromLabelSelector(replicaSet.spec?.selector);
    const active = await claim({
      client: this.#client,
      owner: object,
      ownerResource: this.#like.resource,
      resource: resources.pods,
      selector,
      candidates: controlledAndOrphans(this.#pods, replicaSet).filter(isPodActive),
      signal,
    });
    const terminating = this.#pods
      .byIndex(controllerIndex, replicaSet.metadata?.uid ?? '')
      .filter((pod) => isPodTerminating(pod) && selector.matches(pod.metadata?.labels ?? {}));
    let failure: unknown;
    if (seenAll && !replicaSet.metadata?.deletionTimestamp)
      failure = await this.#manageReplicas(key, replicaSet, active, signal);
    const now = this.#clock.now();
    const status = this.#like.statusOf(
      replicaSetStatus(replicaSet, {
        active,
        terminating,
        failure: failure === undefined ? undefined : messageOf(failure),
        now,
        timestamp: timestamp(this.#clock),
      }),
    );
    if (!semanticallyEqual(status, replicaSet.status)) {
      await this.#client.resource(this.#like.resource).updateStatus(this.#like.withStatus(object, status), { signal });
    }
    if (failure !== undefined) throw failure;
    return this.#nextAvailability(replicaSet, active, status.availableReplicas ?? 0, now);
  }

  /** Creates or deletes towards the desired count; the first error, if any. */
  async #manageReplicas(
    key: string,
    replicaSet: Readonly<ReplicaSet>,
    active: readonly Readonly<Pod>[],
    signal: AbortSignal,
  ): Promise<unknown> {
    const missing = (replicaSet.spec?.replicas ?? 1) - active.length;
    if (missing > 0) {
      const count = Math.min(missing, burstReplicas);
      this.expectations.expectCreations(key, count);
      const template = replicaSet.spec?.template ?? {};
      const reference = controllerReference<KubernetesObject>(replicaSet, this.#like.resource);
      const { succeeded, error } = await slowStart(count, () =>
        this.#podControl.create(template, replicaSet, reference, signal),
      );
      // What was not created will never be observed.
      if (succeeded < count) this.expectations.creationObserved(key, count - succeeded);
      return isNamespaceTerminating(error) ? undefined : error;
    }
    if (missing < 0) {
      const count = Math.min(-missing, burstReplicas);
      const chosen = podsToDelete(active, this.#relatedPods(replicaSet), count, this.#clock.now());
      this.expectations.expectDeletions(
        key,
        chosen.map((pod) => pod.metadata?.uid ?? ''),
      );
      const results = await Promise.allSettled(
        chosen.map(async (pod) => {
          try {
            await this.#podControl.delete(pod, replicaSet, signal);
          } catch (error) {
            this.expectations.deletionObserved(key, pod.metadata?.uid ?? '');
            throw error;
          }
        }),
      );
      return results.find((result) => result.status === 'rejected')?.reason as unknown;
    }
    return undefined;
  }

  /** Pods of all ReplicaSets with the same controller: they share nodes with ours for the same reason. */
  #relatedPods(replicaSet: Readonly<ReplicaSet>): Readonly<Pod>[] {
    const controller = controllerOf(replicaSet);
    const siblings = controller ? this.#owners.byIndex(controllerIndex, controller.uid) : [replicaSet];
    return siblings.flatMap((sibling) => this.#pods.byIndex(controllerIndex, sibling.metadata?.uid ?? ''));
  }

  /** When the first ready pod that is not available yet will be. */
  #nextAvailability(
    replicaSet: Readonly<ReplicaSet>,
    active: readonly Readonly<Pod>[],
    available: number,
    now: number,
  ): ReconcileResult | undefined {
    const minReadyMs = (replicaSet.spec?.minReadySeconds ?? 0) * 1000;
    const ready = active.filter(isPodReady);
    if (minReadyMs === 0 || ready.length === available) return undefined;
    const waits = ready
      .map((pod) => millisecondsOf(podCondition(pod, 'Ready')?.lastTransitionTime, now) + minReadyMs - now)
      .filter((wait) => wait > 0);
    return { requeueAfter: waits.length > 0 ? Math.min(...waits) : minReadyMs };
  }
}

/** Status changes of a large ReplicaSet's pods are counted together: each count is a write, and wakes its Deployment. */
function batchMs(replicaSet: Readonly<ReplicaSet> | undefined): number {
  return Math.min(Math.trunc((replicaSet?.spec?.replicas ?? 0) / 4), 250);
}

export function startReplicaSetController(context: ControllerContext): Running {
  return startReplicaSetLikeController(context, replicaSetKind);
}

export function startReplicaSetLikeController<T extends KubernetesObject>(
  context: ControllerContext,
  like: ReplicaSetLike<T>,
): Running {
  const client = context.clientFor(like.account);
  const replicaSetInformer = context.informers.informer(like.resource);
  const podInformer = context.informers.informer(resources.pods);
  replicaSetInformer.addIndex(controllerIndex, byController);
  podInformer.addIndex(controllerIndex, byController);
  const replicaSets = replicaSetInformer.lister;
  const reconciler = new ReplicaSetReconciler({
    client,
    podControl: new PodControl(client, context.recorderFor(client, like.account)),
    like,
    owners: replicaSets,
    pods: podInformer.lister,
    clock: context.clock,
  });
  const controller = new Controller({
    name: like.name,
    reconciler,
    synced: [replicaSetInformer.synced, podInformer.synced],
    clock: context.clock,
    logger: context.logger,
  });
  const { queue } = controller;
  const ownerKey = (pod: Readonly<Pod>): string | undefined => {
    const owner = ownerOf(pod, like.resource.kind, replicaSets);
    return owner && keyOf(owner);
  };
  /** ReplicaSets that might adopt the orphan. */
  const enqueueMatching = (pod: Readonly<Pod>): void => {
    for (const replicaSet of replicaSets.list(pod.metadata?.namespace)) {
      if (selectorFromLabelSelector(like.asReplicaSet(replicaSet).spec?.selector).matches(pod.metadata?.labels ?? {}))
        queue.add(keyOf(replicaSet));
    }
  };
  const deletionSeen = (pod: Readonly<Pod>): void => {
    const key = ownerKey(pod);
    if (key === undefined) return;
    reconciler.expectations.deletionObserved(key, pod.metadata?.uid ?? '');
    queue.add(key);
  };
  const registrations = [
    replicaSetInformer.addEventHandler({
      add: (replicaSet) => queue.add(keyOf(replicaSet)),
      update: (previous, replicaSet) => {
        if (previous.metadata?.uid !== replicaSet.metadata?.uid) reconciler.expectations.delete(keyOf(replicaSet));
        queue.add(keyOf(replicaSet));
      },
      delete: (replicaSet) => {
        reconciler.expectations.delete(keyOf(replicaSet));
        queue.add(keyOf(replicaSet));
      },
    }),
    podInformer.addEventHandler({
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
        if (pod.metadata?.deletionTimestamp) {
          deletionSeen(pod);
          if (!semanticallyEqual(previous.metadata?.labels, pod.metadata.labels)) deletionSeen(previous);
          return;
        }
        const before = ownerKey(previous);
        const key = ownerKey(pod);
        if (before !== undefined && before !== key) queue.add(before);
        if (key !== undefined) {
          const owner = replicaSets.getByKey(key);
          queue.addAfter(key, batchMs(owner && like.asReplicaSet(owner)));
        } else if (
          !controllerOf(pod) &&
          (before !== undefined || !semanticallyEqual(previous.metadata?.labels, pod.metadata?.labels))
        )
          enqueueMatching(pod);
      },
      delete: deletionSeen,
    }),
  ];
  return startControllers([controller], registrations);
}
