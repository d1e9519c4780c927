/** Keeps a StatefulSet's pods: each ordinal one pod, in order unless the set allows them all at once. */
import {
  type Clock,
  type EventRecorder,
  type Lister,
  type ReconcileResult,
  type Reconciler,
  type RestClient,
  resources,
  splitKey,
} from '@typernetes/openapi/client';
import { selectorFromLabelSelector } from '@typernetes/openapi/meta';
import type { ControllerRevision, StatefulSet, StatefulSetStatus } from '@typernetes/openapi/types/apps/v1';
import type { PersistentVolumeClaim, Pod } from '@typernetes/openapi/types/core/v1';
import { scaledValue } from '../deployment/sizes.ts';
import {
  claimRevisions,
  createRevision,
  isRevisionOf,
  nextRevisionNumber,
  renumber,
  templateOf,
  truncateHistory,
} from '../history/revisions.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { withoutZeros } from '../objects/zeros.ts';
import { claim } from '../ownership/claim.ts';
import { controlledAndOrphans } from '../ownership/controller-reference.ts';
import { WrittenVersions } from '../ownership/written-versions.ts';
import { isPodAvailable, isPodReady, isPodTerminal } from '../pods/pod-state.ts';
import { slowStart } from '../replicaset/slow-start.ts';
import { firstOrdinal, isInRange, newPod, ordinalOf, replicasOf, revisionOfPod } from './identity.ts';
import { StatefulPodControl } from './stateful-pod-control.ts';

const hashLabel = 'controller.kubernetes.io/hash';

/** What a step says: `stop` ends the reconcile, because the next pod has to wait for this one. */
type Step = 'stop' | 'next';

interface Revisions {
  current: Readonly<ControllerRevision>;
  update: Readonly<ControllerRevision>;
  collisionCount: number;
}

export class StatefulSetReconciler implements Reconciler {
  readonly #client: RestClient;
  readonly #control: StatefulPodControl;
  readonly #sets: Lister<StatefulSet>;
  readonly #pods: Lister<Pod>;
  readonly #revisions: Lister<ControllerRevision>;
  readonly #clock: Clock;
  readonly #written = new WrittenVersions();

  constructor(options: {
    client: RestClient;
    recorder: EventRecorder;
    sets: Lister<StatefulSet>;
    pods: Lister<Pod>;
    claims: Lister<PersistentVolumeClaim>;
    revisions: Lister<ControllerRevision>;
    clock: Clock;
  }) {
    this.#client = options.client;
    this.#control = new StatefulPodControl(options.client, options.recorder, options.claims);
    this.#sets = options.sets;
    this.#pods = options.pods;
    this.#revisions = options.revisions;
    this.#clock = options.clock;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { namespace, name } = splitKey(key);
    const set = this.#sets.get(namespace, name);
    if (!set) {
      this.#written.delete(key);
      return undefined;
    }
    if (!this.#written.seen(key, set)) return undefined;
    const all = await claimRevisions(this.#client, set, resources.statefulSets, this.#revisions, signal);
    const pods = (await this.#ownPods(set, signal)).filter((pod) => ordinalOf(set, pod) !== undefined);
    const revisions = await this.#revise(set, all, signal);
    let failure: unknown;
    try {
      await this.#update(set, pods, revisions, signal);
    } catch (error) {
      failure = error;
    }
    const status = this.#status(set, pods, revisions);
    if (!semanticallyEqual(status, set.status)) {
      const updated = await this.#client.resource(resources.statefulSets).updateStatus({ ...set, status }, { signal });
      this.#written.wrote(key, updated);
    }
    const live = new Set([
      revisions.current.metadata?.name,
      revisions.update.metadata?.name,
      ...pods.map(revisionOfPod),
    ]);
    const isLive = ({ metadata }: Readonly<ControllerRevision>): boolean => live.has(metadata?.name ?? '');
    await truncateHistory(this.#client, all, isLive, set.spec?.revisionHistoryLimit ?? 10, signal);
    if (failure !== undefined) throw failure;
    const minReadyMs = (set.spec?.minReadySeconds ?? 0) * 1000;
    const isWaiting = minReadyMs > 0 && (status.readyReplicas ?? 0) !== (status.availableReplicas ?? 0);
    return isWaiting ? { requeueAfter: minReadyMs } : undefined;
  }

  #ownPods(set: Readonly<StatefulSet>, signal: AbortSignal): Promise<Readonly<Pod>[]> {
    return claim({
      client: this.#client,
      owner: set,
      ownerResource: resources.statefulSets,
      resource: resources.pods,
      selector: selectorFromLabelSelector(set.spec?.selector),
      candidates: controlledAndOrphans(this.#pods, set).filter((pod) => ordinalOf(set, pod) !== undefined),
      signal,
    });
  }

  /** The revision that the pods have, and the one that they are to get. */
  async #revise(
    set: Readonly<StatefulSet>,
    sorted: readonly Readonly<ControllerRevision>[],
    signal: AbortSignal,
  ): Promise<Revisions> {
    const equal = sorted.findLast((revision) => isRevisionOf(revision, set));
    let update: Readonly<ControllerRevision>;
    let collisionCount = set.status?.collisionCount ?? 0;
    if (equal && equal === sorted.at(-1)) update = equal;
    else if (equal) update = await renumber(this.#client, equal, nextRevisionNumber(sorted), signal);
    else {
      const revision = nextRevisionNumber(sorted);
      const options = { revision, collisionCount, hashLabel, signal };
      const created = await createRevision(this.#client, set, resources.statefulSets, options);
      ({ revision: update, collisionCount } = created);
    }
    const current = sorted.find(({ metadata }) => metadata?.name === set.status?.currentRevision) ?? update;
    return { current, update, collisionCount };
  }

  async #update(
    set: Readonly<StatefulSet>,
    pods: readonly Readonly<Pod>[],
    revisions: Revisions,
    signal: AbortSignal,
  ): Promise<void> {
    if (set.metadata?.deletionTimestamp) return;
    const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod) ?? -1, pod]));
    const first = firstOrdinal(set);
    const replicas = Array.from({ length: replicasOf(set) }, (_, index): Readonly<Pod> => {
      const ordinal = first + index;
      return byOrdinal.get(ordinal) ?? this.#newPod(set, revisions, ordinal);
    });
    const condemned = pods
      .filter((pod) => !isInRange(set, ordinalOf(set, pod) ?? -1))
      .sort((a, b) => (ordinalOf(set, b) ?? 0) - (ordinalOf(set, a) ?? 0));
    const inOrder = set.spec?.podManagementPolicy !== 'Parallel';
    const firstUnavailable =
      replicas.find((pod) => this.#isUnavailable(set, pod)) ??
      condemned.findLast((pod) => this.#isUnavailable(set, pod));
    const each = (list: readonly Readonly<Pod>[], step: (pod: Readonly<Pod>) => Promise<Step>): Promise<Step> =>
      forEachPod(list, inOrder, step);
    if ((await each(replicas, (pod) => this.#processReplica(set, pod, inOrder, signal))) === 'stop') return;
    await each(condemned, async (pod) => {
      await this.#control.correctClaims(set, pod, signal);
      return 'next';
    });
    const condemn = async (pod: Readonly<Pod>): Promise<Step> => {
      if (pod.metadata?.deletionTimestamp) return inOrder ? 'stop' : 'next';
      if (inOrder && !this.#isAvailable(set, pod) && pod !== firstUnavailable) return 'stop';
      await this.#control.delete(set, pod, signal);
      return 'stop';
    };
    if ((await each(condemned, condemn)) === 'stop') return;
    if (set.spec?.updateStrategy?.type !== 'OnDelete')
      await this.#rollOut(set, replicas, revisions.update.metadata?.name ?? '', signal);
  }

  #newPod(set: Readonly<StatefulSet>, { current, update }: Revisions, ordinal: number): Pod {
    const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
    const old = rollingUpdate
      ? ordinal < firstOrdinal(set) + (rollingUpdate.partition ?? 0)
      : type === 'RollingUpdate' && ordinal < firstOrdinal(set) + (set.status?.currentReplicas ?? 0);
    const revision = old ? current : update;
    return newPod(set, templateOf(revision) ?? set.spec?.template ?? {}, revision.metadata?.name ?? '', ordinal);
  }

  async #processReplica(
    set: Readonly<StatefulSet>,
    pod: Readonly<Pod>,
    inOrder: boolean,
    signal: AbortSignal,
  ): Promise<Step> {
    if (isPodTerminal(pod)) {
      if (!pod.metadata?.deletionTimestamp) await this.#control.delete(set, pod, signal);
      return 'stop';
    }
    if (!isCreated(pod)) {
      if (this.#control.hasStaleClaim(set, pod)) return 'stop';
      await this.#control.create(set, pod, signal);
      return inOrder ? 'stop' : 'next';
    }
    if (pod.status?.phase === 'Pending') {
      await this.#control.createClaims(set, pod, signal);
      await this.#control.correctClaims(set, pod, signal);
    }
    if (inOrder && (pod.metadata?.deletionTimestamp || !this.#isAvailable(set, pod))) return 'stop';
    await this.#control.correct(set, pod, signal);
    return 'next';
  }

  /** Deletes pods of another revision, from the last, as far as the set bears it; they come back with the new one. */
  async #rollOut(
    set: Readonly<StatefulSet>,
    replicas: readonly Readonly<Pod>[],
    revision: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { partition = 0, maxUnavailable = 1 } = set.spec?.updateStrategy?.rollingUpdate ?? {};
    const bearable = Math.max(1, scaledValue(maxUnavailable, replicasOf(set), false));
    let room = bearable - replicas.filter((pod) => this.#isUnavailable(set, pod)).length;
    for (const pod of replicas.slice(partition).reverse()) {
      if (room <= 0) return;
      if (revisionOfPod(pod) === revision || pod.metadata?.deletionTimestamp) continue;
      await this.#control.delete(set, pod, signal);
      room--;
    }
  }

  #isAvailable(set: Readonly<StatefulSet>, pod: Readonly<Pod>): boolean {
    return isRunningAndReady(pod) && isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, this.#clock.now());
  }

  #isUnavailable(set: Readonly<StatefulSet>, pod: Readonly<Pod>): boolean {
    return !!pod.metadata?.deletionTimestamp || !isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, this.#clock.now());
  }

  #status(
    set: Readonly<StatefulSet>,
    pods: readonly Readonly<Pod>[],
    { current, update, collisionCount }: Revisions,
  ): StatefulSetStatus {
    const created = pods.filter(isCreated);
    const staying = created.filter(({ metadata }) => !metadata?.deletionTimestamp);
    const ofRevision = (name: string): number => staying.filter((pod) => revisionOfPod(pod) === name).length;
    const updateRevision = update.metadata?.name ?? '';
    let currentRevision = current.metadata?.name ?? '';
    const readyReplicas = created.filter(isRunningAndReady).length;
    const updatedReplicas = ofRevision(updateRevision);
    let currentReplicas = ofRevision(currentRevision);
    const wanted = replicasOf(set);
    const isComplete =
      set.spec?.updateStrategy?.type === 'RollingUpdate' &&
      [updatedReplicas, readyReplicas, created.length].every((count) => count === wanted);
    if (isComplete) {
      currentRevision = updateRevision;
      currentReplicas = updatedReplicas;
    }
    const conditions = set.status?.conditions;
    return {
      ...withoutZeros({
        observedGeneration: set.metadata?.generation ?? 0,
        readyReplicas,
        currentReplicas,
        updatedReplicas,
      }),
      replicas: created.length,
      availableReplicas: created.filter((pod) => this.#isAvailable(set, pod)).length,
      currentRevision,
      updateRevision,
      collisionCount,
      ...(conditions ? { conditions } : {}),
    };
  }
}

/** The API server gives every pod a phase. */
function isCreated(pod: Readonly<Pod>): boolean {
  return pod.metadata?.uid !== undefined;
}

function isRunningAndReady(pod: Readonly<Pod>): boolean {
  return pod.status?.phase === 'Running' && isPodReady(pod);
}

/** In order, up to the first that has to be waited for; or all at once, none of which is. */
async function forEachPod(
  pods: readonly Readonly<Pod>[],
  inOrder: boolean,
  step: (pod: Readonly<Pod>) => Promise<Step>,
): Promise<Step> {
  if (inOrder) {
    for (const pod of pods) if ((await step(pod)) === 'stop') return 'stop';
    return 'next';
  }
  let next = 0;
  const { error } = await slowStart(pods.length, async () => {
    const pod = pods[next++];
    if (pod) await step(pod);
  });
  if (error !== undefined) throw error;
  return 'next';
}
