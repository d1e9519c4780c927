/** Keeps one pod of a DaemonSet on every node it belongs on. */
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
import { isNotFound, selectorFromLabelSelector } from '@typernetes/openapi/meta';
import type { ControllerRevision, DaemonSet, DaemonSetStatus } from '@typernetes/openapi/types/apps/v1';
import type { Node, Pod } from '@typernetes/openapi/types/core/v1';
import {
  claimRevisions,
  createRevision,
  isRevisionOf,
  nextRevisionNumber,
  renumber,
  truncateHistory,
} from '../history/revisions.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { withoutZeros } from '../objects/zeros.ts';
import { claim } from '../ownership/claim.ts';
import { controlledAndOrphans, controllerReference } from '../ownership/controller-reference.ts';
import { WrittenVersions } from '../ownership/written-versions.ts';
import { isNamespaceTerminating, PodControl } from '../pods/pod-control.ts';
import { isPodAvailable, isPodReady } from '../pods/pod-state.ts';
import { slowStart } from '../replicaset/slow-start.ts';
import {
  bySeniority,
  isUpdated,
  maxSurge,
  type Placement,
  placement,
  revisionLabel,
  targetNode,
  templateFor,
} from './daemon-pods.ts';
import { type Changes, rollOut } from './rollout.ts';

const burstReplicas = 250;
const initialBackoffMs = 1000;
const maximumBackoffMs = 15 * 60_000;

interface Sync {
  key: string;
  daemonSet: Readonly<DaemonSet>;
  hash: string;
  placements: ReadonlyMap<string, Placement>;
  podsByNode: ReadonlyMap<string, readonly Readonly<Pod>[]>;
  /** When the next failed pod may be replaced. */
  retryAfter: number;
}

export class DaemonSetReconciler implements Reconciler {
  readonly expectations: Expectations;
  readonly #client: RestClient;
  readonly #recorder: EventRecorder;
  readonly #podControl: PodControl;
  readonly #daemonSets: Lister<DaemonSet>;
  readonly #pods: Lister<Pod>;
  readonly #nodes: Lister<Node>;
  readonly #revisions: Lister<ControllerRevision>;
  readonly #clock: Clock;
  readonly #written = new WrittenVersions();
  /** By DaemonSet, generation and node: failed pods are not replaced in a tight loop. */
  readonly #backoffs = new Map<string, { at: number; delay: number }>();

  constructor(options: {
    client: RestClient;
    recorder: EventRecorder;
    daemonSets: Lister<DaemonSet>;
    pods: Lister<Pod>;
    nodes: Lister<Node>;
    revisions: Lister<ControllerRevision>;
    clock: Clock;
  }) {
    this.#client = options.client;
    this.#recorder = options.recorder;
    this.#podControl = new PodControl(options.client, options.recorder);
    this.#daemonSets = options.daemonSets;
    this.#pods = options.pods;
    this.#nodes = options.nodes;
    this.#revisions = options.revisions;
    this.#clock = options.clock;
    this.expectations = new Expectations(options.clock);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { namespace, name } = splitKey(key);
    const daemonSet = this.#daemonSets.get(namespace, name);
    if (!daemonSet) {
      this.expectations.delete(key);
      this.#written.delete(key);
      return undefined;
    }
    if (daemonSet.metadata?.deletionTimestamp || !this.#written.seen(key, daemonSet)) return undefined;
    if (semanticallyEqual(daemonSet.spec?.selector, {})) {
      const message = 'This daemon set is selecting all pods. A non-empty selector is required.';
      this.#recorder.event(daemonSet, 'Warning', 'SelectingAll', message);
      return undefined;
    }
    const pods = await this.#claimPods(daemonSet, signal);
    const revisions = await claimRevisions(this.#client, daemonSet, resources.daemonSets, this.#revisions, signal);
    const { current, collisionCount } = await this.#revise(daemonSet, revisions, signal);
    const hash = current.metadata?.labels?.[revisionLabel] ?? '';
    const sync: Sync = {
      key,
      daemonSet,
      hash,
      placements: new Map(this.#nodes.list().map((node) => [node.metadata?.name ?? '', placement(daemonSet, node)])),
      podsByNode: groupByNode(pods),
      retryAfter: Number.POSITIVE_INFINITY,
    };
    const seenAll = this.expectations.satisfied(key);
    let failure: unknown;
    if (seenAll) {
      failure = await this.#apply(sync, this.#needed(sync), signal);
      if (failure === undefined && this.expectations.satisfied(key)) {
        if (daemonSet.spec?.updateStrategy?.type === 'RollingUpdate')
          failure = await this.#apply(sync, this.#rollOut(sync), signal);
      }
      if (failure === undefined) {
        const live = new Set(pods.map((pod) => pod.metadata?.labels?.[revisionLabel]));
        const isLive = (revision: Readonly<ControllerRevision>): boolean =>
          revision.metadata?.name === current.metadata?.name || live.has(revision.metadata?.labels?.[revisionLabel]);
        await truncateHistory(this.#client, revisions, isLive, daemonSet.spec?.revisionHistoryLimit ?? 10, signal);
      }
    }
    const status = this.#status(sync, collisionCount, seenAll);
    if (!semanticallyEqual(status, daemonSet.status)) {
      const updated = await this.#client
        .resource(resources.daemonSets)
        .updateStatus({ ...daemonSet, status }, { signal });
      this.#written.wrote(key, updated);
    }
    if (failure !== undefined) throw failure;
    const minReadyMs = (daemonSet.spec?.minReadySeconds ?? 0) * 1000;
    const isWaiting = minReadyMs > 0 && status.numberReady !== (status.numberAvailable ?? 0);
    const wait = Math.min(sync.retryAfter, isWaiting ? minReadyMs : Number.POSITIVE_INFINITY);
    return Number.isFinite(wait) ? { requeueAfter: wait } : undefined;
  }

  #claimPods(daemonSet: Readonly<DaemonSet>, signal: AbortSignal): Promise<Readonly<Pod>[]> {
    return claim({
      client: this.#client,
      owner: daemonSet,
      ownerResource: resources.daemonSets,
      resource: resources.pods,
      selector: selectorFromLabelSelector(daemonSet.spec?.selector),
      candidates: controlledAndOrphans(this.#pods, daemonSet),
      signal,
    });
  }

  async #revise(
    daemonSet: Readonly<DaemonSet>,
    sorted: readonly Readonly<ControllerRevision>[],
    signal: AbortSignal,
  ): Promise<{ current: Readonly<ControllerRevision>; collisionCount: number | undefined }> {
    const before = daemonSet.status?.collisionCount;
    const equal = sorted.findLast((revision) => isRevisionOf(revision, daemonSet));
    const number = nextRevisionNumber(sorted);
    if (equal) {
      const current = equal === sorted.at(-1) ? equal : await renumber(this.#client, equal, number, signal);
      return { current, collisionCount: before };
    }
    const options = { revision: number, collisionCount: before ?? 0, hashLabel: revisionLabel, signal };
    const created = await createRevision(this.#client, daemonSet, resources.daemonSets, options);
    const isUnchanged = created.collisionCount === (before ?? 0);
    return { current: created.revision, collisionCount: isUnchanged ? before : created.collisionCount };
  }

  #needed(sync: Sync): Changes {
    const remove: Readonly<Pod>[] = [];
    const create: string[] = [];
    for (const [node, where] of sync.placements) {
      const pods = sync.podsByNode.get(node) ?? [];
      if (where.shouldRun && pods.length === 0) create.push(node);
      else if (where.shouldContinueRunning) this.#keepOne(sync, node, where, pods, { remove, create });
      else remove.push(...pods.filter((pod) => !pod.metadata?.deletionTimestamp));
    }
    // Pods that wait for a node that is gone; those bound to one are the pod garbage collector's.
    for (const [node, pods] of sync.podsByNode)
      if (!sync.placements.has(node)) remove.push(...pods.filter((pod) => !pod.spec?.nodeName));
    return { remove, create };
  }

  #keepOne(
    sync: Sync,
    node: string,
    where: Placement,
    pods: readonly Readonly<Pod>[],
    { remove, create }: Changes,
  ): void {
    const { daemonSet, hash } = sync;
    const running: Readonly<Pod>[] = [];
    for (const pod of pods) {
      if (pod.metadata?.deletionTimestamp) continue;
      const place = `daemon pod ${pod.metadata?.namespace ?? ''}/${pod.metadata?.name ?? ''} on node ${node}`;
      switch (pod.status?.phase) {
        case 'Failed': {
          const wait = this.#backoff(sync, node);
          if (wait > 0) {
            sync.retryAfter = Math.min(sync.retryAfter, wait);
            break;
          }
          const message = `Found failed ${place}, will try to kill it`;
          this.#recorder.event(daemonSet, 'Warning', 'FailedDaemonPod', message);
          remove.push(pod);
          break;
        }
        case 'Succeeded': {
          const message = `Found succeeded ${place}, will try to delete it`;
          this.#recorder.event(daemonSet, 'Normal', 'SucceededDaemonPod', message);
          remove.push(pod);
          break;
        }
        default:
          running.push(pod);
      }
    }
    running.sort(bySeniority);
    if (maxSurge(daemonSet, 1) === 0) {
      remove.push(...running.slice(1));
      return;
    }
    if (running.length === 0) {
      if (where.shouldRun) create.push(node);
      return;
    }
    const [fresh, ...moreFresh] = running.filter((pod) => pod.metadata?.labels?.[revisionLabel] === hash);
    const [old, ...moreOld] = running.filter((pod) => pod.metadata?.labels?.[revisionLabel] !== hash);
    remove.push(...moreFresh, ...moreOld);
    if (!fresh || !old) return;
    const { minReadySeconds = 0 } = daemonSet.spec ?? {};
    if (!isPodReady(old) || isPodAvailable(fresh, minReadySeconds, this.#clock.now())) remove.push(old);
  }

  /** Milliseconds to wait; 0 starts the next, longer wait. */
  #backoff({ daemonSet }: Sync, node: string): number {
    const { metadata, status } = daemonSet;
    const key = `${metadata?.uid ?? ''}/${status?.observedGeneration ?? 0}/${node}`;
    const now = this.#clock.now();
    const last = this.#backoffs.get(key);
    if (last && now - last.at < last.delay) return last.delay - (now - last.at);
    const isFresh = !last || now - last.at > 2 * maximumBackoffMs;
    const delay = isFresh ? initialBackoffMs : Math.min(last.delay * 2, maximumBackoffMs);
    for (const [other, { at }] of this.#backoffs) if (now - at > 2 * maximumBackoffMs) this.#backoffs.delete(other);
    this.#backoffs.set(key, { at: now, delay });
    return 0;
  }

  #rollOut(sync: Sync): Changes {
    const shouldRun = (node: string): boolean => sync.placements.get(node)?.shouldRun ?? false;
    return rollOut({
      daemonSet: sync.daemonSet,
      hash: sync.hash,
      podsByNode: sync.podsByNode,
      shouldRun,
      desired: [...sync.placements.keys()].filter(shouldRun),
      now: this.#clock.now(),
    });
  }

  /** The first error, if any. */
  async #apply({ key, daemonSet, hash }: Sync, changes: Changes, signal: AbortSignal): Promise<unknown> {
    const create = changes.create.slice(0, burstReplicas);
    const remove = changes.remove.slice(0, burstReplicas);
    if (create.length + remove.length === 0) return undefined;
    this.expectations.expect(
      key,
      create.length,
      remove.map(({ metadata }) => metadata?.uid ?? ''),
    );
    const reference = controllerReference(daemonSet, resources.daemonSets);
    let next = 0;
    const { succeeded, error } = await slowStart(create.length, () =>
      this.#podControl.create(templateFor(daemonSet, hash, create[next++] ?? ''), daemonSet, reference, signal),
    );
    // What was not created will never be observed.
    if (succeeded < create.length) this.expectations.creationObserved(key, create.length - succeeded);
    const results = await Promise.allSettled(
      remove.map(async (pod) => {
        try {
          await this.#podControl.delete(pod, daemonSet, signal);
        } catch (deletion) {
          this.expectations.deletionObserved(key, pod.metadata?.uid ?? '');
          if (!isNotFound(deletion)) throw deletion;
        }
      }),
    );
    if (error !== undefined && !isNamespaceTerminating(error)) return error;
    return results.find((result) => result.status === 'rejected')?.reason as unknown;
  }

  #status(sync: Sync, collisionCount: number | undefined, observed: boolean): DaemonSetStatus {
    const { daemonSet, hash } = sync;
    const { minReadySeconds = 0 } = daemonSet.spec ?? {};
    const now = this.#clock.now();
    const counts = { desired: 0, current: 0, misscheduled: 0, ready: 0, updated: 0, available: 0 };
    for (const [node, { shouldRun }] of sync.placements) {
      const [pod] = [...(sync.podsByNode.get(node) ?? [])].sort(bySeniority);
      if (!shouldRun) {
        if (pod) counts.misscheduled++;
        continue;
      }
      counts.desired++;
      if (!pod) continue;
      counts.current++;
      if (isPodReady(pod)) counts.ready++;
      if (isPodAvailable(pod, minReadySeconds, now)) counts.available++;
      if (isUpdated(daemonSet, pod, hash)) counts.updated++;
    }
    const conditions = daemonSet.status?.conditions;
    return {
      currentNumberScheduled: counts.current,
      numberMisscheduled: counts.misscheduled,
      desiredNumberScheduled: counts.desired,
      numberReady: counts.ready,
      ...withoutZeros({
        observedGeneration: observed ? daemonSet.metadata?.generation : daemonSet.status?.observedGeneration,
        updatedNumberScheduled: counts.updated,
        numberAvailable: counts.available,
        numberUnavailable: counts.desired - counts.available,
      }),
      ...(collisionCount === undefined ? {} : { collisionCount }),
      ...(conditions ? { conditions } : {}),
    };
  }
}

function groupByNode(pods: readonly Readonly<Pod>[]): Map<string, Readonly<Pod>[]> {
  const byNode = new Map<string, Readonly<Pod>[]>();
  for (const pod of pods) {
    const node = targetNode(pod);
    if (node === undefined) continue;
    const present = byNode.get(node);
    if (present) present.push(pod);
    else byNode.set(node, [pod]);
  }
  return byNode;
}
