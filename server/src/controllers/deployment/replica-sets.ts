/**
 * The ReplicaSets of a Deployment: finding, creating, resizing and clearing away. Every method returns the state after
 * the write, so that one reconcile can go on with it.
 */
import { type Clock, type EventRecorder, type RestClient, resources } from '@typernetes/openapi/client';
import { isAlreadyExists, isNotFound } from '@typernetes/openapi/meta';
import type { Deployment, DeploymentStatus, ReplicaSet } from '@typernetes/openapi/types/apps/v1';
import type { PodTemplateSpec } from '@typernetes/openapi/types/core/v1';
import { semanticallyEqual } from '../objects/equality.ts';
import { templateHash } from '../objects/template-hash.ts';
import { controllerOf, controllerReference } from '../ownership/controller-reference.ts';
import { isNamespaceTerminating, messageOf } from '../pods/pod-control.ts';
import { timestamp } from '../time.ts';
import {
  maxRevision,
  newReplicaSetAnnotations,
  revisionAnnotation,
  revisionOf,
  sizeAnnotations,
} from './annotations.ts';
import { findCondition, withCondition } from './conditions.ts';
import { compareCreation, desiredReplicas, maxSurge, newReplicaSetSize, sizeOf } from './sizes.ts';
import { progressDeadlineMs } from './status.ts';

export const templateHashLabel = 'pod-template-hash';
const noLimit = 0x7fffffff;

/** The Deployment as of the last write, its current ReplicaSet (if there is one), and the others. */
export interface Rollout {
  deployment: Readonly<Deployment>;
  newReplicaSet: Readonly<ReplicaSet> | undefined;
  old: readonly Readonly<ReplicaSet>[];
}

export function allOf(rollout: Rollout): Readonly<ReplicaSet>[] {
  return rollout.newReplicaSet ? [...rollout.old, rollout.newReplicaSet] : [...rollout.old];
}

/** The same template but for the hash label. */
export function sameTemplate(
  a: Readonly<PodTemplateSpec> | undefined,
  b: Readonly<PodTemplateSpec> | undefined,
): boolean {
  return semanticallyEqual(withoutHash(a), withoutHash(b));
}

function withoutHash(template: Readonly<PodTemplateSpec> | undefined): unknown {
  const { [templateHashLabel]: _, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } };
}

export class DeploymentReplicaSets {
  readonly #client: RestClient;
  readonly #recorder: EventRecorder;
  readonly #clock: Clock;

  constructor(client: RestClient, recorder: EventRecorder, clock: Clock) {
    this.#client = client;
    this.#recorder = recorder;
    this.#clock = clock;
  }

  /** Finds the current ReplicaSet, creates it if asked to, and keeps revisions up to date on both. */
  async sync(
    deployment: Readonly<Deployment>,
    replicaSets: readonly Readonly<ReplicaSet>[],
    create: boolean,
    signal: AbortSignal,
  ): Promise<Rollout> {
    const sorted = [...replicaSets].sort(compareCreation);
    const current = sorted.find((replicaSet) => sameTemplate(replicaSet.spec?.template, deployment.spec?.template));
    const old = sorted.filter((replicaSet) => replicaSet !== current);
    const revision = maxRevision(old) + 1;
    if (current) return { ...(await this.#syncExisting(deployment, current, revision, signal)), old };
    if (!create) return { deployment, newReplicaSet: undefined, old };
    return { ...(await this.#create(deployment, old, revision, signal)), old };
  }

  async #syncExisting(
    deployment: Readonly<Deployment>,
    current: Readonly<ReplicaSet>,
    revision: number,
    signal: AbortSignal,
  ): Promise<Omit<Rollout, 'old'>> {
    const annotations = newReplicaSetAnnotations(deployment, current.metadata?.annotations, revision);
    const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
    let newReplicaSet = current;
    if (
      !semanticallyEqual(annotations, current.metadata?.annotations) ||
      (current.spec?.minReadySeconds ?? 0) !== minReadySeconds
    ) {
      const changed: ReplicaSet = {
        ...current,
        metadata: { ...current.metadata, annotations },
        ...(current.spec ? { spec: { ...current.spec, minReadySeconds } } : {}),
      };
      newReplicaSet = await this.#client.resource(resources.replicaSets).update(changed, { signal });
    }
    let updated = await this.#syncRevision(
      deployment,
      newReplicaSet.metadata?.annotations?.[revisionAnnotation],
      signal,
    );
    if (progressDeadlineMs(updated) !== undefined && !findCondition(updated.status?.conditions, 'Progressing')) {
      const message = `Found new replica set "${newReplicaSet.metadata?.name ?? ''}"`;
      updated = await this.#progress(updated, 'True', 'FoundNewReplicaSet', message, signal);
    }
    return { deployment: updated, newReplicaSet };
  }

  async #create(
    deployment: Readonly<Deployment>,
    old: readonly Readonly<ReplicaSet>[],
    revision: number,
    signal: AbortSignal,
  ): Promise<Omit<Rollout, 'old'>> {
    const desired = this.#newReplicaSet(deployment, old, revision);
    const { namespace, name = '' } = desired.metadata ?? {};
    const resource = this.#client.resource(resources.replicaSets);
    let created: ReplicaSet;
    try {
      created = await resource.create(namespace, desired, { signal });
    } catch (error) {
      if (isAlreadyExists(error)) {
        // Ours after all (the cache was late), or another template with the same hash.
        const present = await resource.get(namespace, name, { signal });
        if (
          controllerOf(present)?.uid === deployment.metadata?.uid &&
          sameTemplate(present.spec?.template, deployment.spec?.template)
        ) {
          return { deployment: await this.#syncRevision(deployment, String(revision), signal), newReplicaSet: present };
        }
        const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
        await this.#client
          .resource(resources.deployments)
          .updateStatus({ ...deployment, status: { ...deployment.status, collisionCount } }, { signal });
        throw error;
      }
      if (isNamespaceTerminating(error) || signal.aborted) throw error;
      const message = `Failed to create new replica set "${name}": ${messageOf(error)}`;
      if (progressDeadlineMs(deployment) !== undefined) {
        await this.#progress(deployment, 'False', 'ReplicaSetCreateError', message, signal).catch(() => undefined);
      }
      this.#recorder.event(deployment, 'Warning', 'ReplicaSetCreateError', message);
      throw error;
    }
    if (sizeOf(created) > 0) {
      this.#recorder.event(
        deployment,
        'Normal',
        'ScalingReplicaSet',
        `Scaled up replica set ${name} from 0 to ${sizeOf(created)}`,
      );
    }
    let updated = await this.#syncRevision(deployment, String(revision), signal);
    if (progressDeadlineMs(updated) !== undefined) {
      updated = await this.#progress(
        updated,
        'True',
        'NewReplicaSetCreated',
        `Created new replica set "${name}"`,
        signal,
      );
    }
    return { deployment: updated, newReplicaSet: created };
  }

  #newReplicaSet(deployment: Readonly<Deployment>, old: readonly Readonly<ReplicaSet>[], revision: number): ReplicaSet {
    const { name = '', namespace } = deployment.metadata ?? {};
    const template = deployment.spec?.template;
    const hash = templateHash(withoutHash(template), deployment.status?.collisionCount);
    const labels = { ...template?.metadata?.labels, [templateHashLabel]: hash };
    const selector = deployment.spec?.selector;
    const desired = desiredReplicas(deployment);
    const minReadySeconds = deployment.spec?.minReadySeconds;
    return {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        // Deterministic, so that creating it twice fails instead of making two.
        name: `${name}-${hash}`.slice(-253),
        ...(namespace ? { namespace } : {}),
        ownerReferences: [controllerReference(deployment, resources.deployments)],
        labels,
        annotations: {
          ...newReplicaSetAnnotations(deployment, undefined, revision),
          ...sizeAnnotations(desired, desired + maxSurge(deployment)),
        },
      },
      spec: {
        replicas: newReplicaSetSize(deployment, old, 0),
        ...(minReadySeconds ? { minReadySeconds } : {}),
        selector: { ...selector, matchLabels: { ...selector?.matchLabels, [templateHashLabel]: hash } },
        template: { ...template, metadata: { ...template?.metadata, labels } },
      },
    };
  }

  /** The Deployment carries the revision of its current ReplicaSet. */
  async #syncRevision(
    deployment: Readonly<Deployment>,
    revision: string | undefined,
    signal: AbortSignal,
  ): Promise<Readonly<Deployment>> {
    const annotations = deployment.metadata?.annotations;
    if (revision === undefined || annotations?.[revisionAnnotation] === revision) return deployment;
    const changed = {
      ...deployment,
      metadata: { ...deployment.metadata, annotations: { ...annotations, [revisionAnnotation]: revision } },
    };
    return this.#client.resource(resources.deployments).update(changed, { signal });
  }

  async #progress(
    deployment: Readonly<Deployment>,
    status: 'True' | 'False',
    reason: string,
    message: string,
    signal: AbortSignal,
  ): Promise<Readonly<Deployment>> {
    const condition = { type: 'Progressing', status, reason, message } as const;
    const conditions = withCondition(deployment.status?.conditions ?? [], condition, timestamp(this.#clock));
    return this.updateStatus(deployment, { ...deployment.status, conditions }, signal);
  }

  async updateStatus(
    deployment: Readonly<Deployment>,
    status: DeploymentStatus,
    signal: AbortSignal,
  ): Promise<Readonly<Deployment>> {
    if (semanticallyEqual(status, deployment.status)) return deployment;
    return this.#client.resource(resources.deployments).updateStatus({ ...deployment, status }, { signal });
  }

  /**
   * Resizes unless it has that size already; `force` also brings the size annotations up to date.
   * @returns whether the size changed, and the state after
   */
  async scale(
    deployment: Readonly<Deployment>,
    replicaSet: Readonly<ReplicaSet>,
    size: number,
    signal: AbortSignal,
    force = false,
  ): Promise<{ scaled: boolean; replicaSet: Readonly<ReplicaSet> }> {
    const before = sizeOf(replicaSet);
    if (!force && before === size) return { scaled: false, replicaSet };
    const desired = desiredReplicas(deployment);
    const annotations = {
      ...replicaSet.metadata?.annotations,
      ...sizeAnnotations(desired, desired + maxSurge(deployment)),
    };
    if (before === size && semanticallyEqual(annotations, replicaSet.metadata?.annotations))
      return { scaled: false, replicaSet };
    const changed: ReplicaSet = {
      ...replicaSet,
      metadata: { ...replicaSet.metadata, annotations },
      ...(replicaSet.spec ? { spec: { ...replicaSet.spec, replicas: size } } : {}),
    };
    const updated = await this.#client.resource(resources.replicaSets).update(changed, { signal });
    if (before !== size) {
      const message = `Scaled ${before < size ? 'up' : 'down'} replica set ${replicaSet.metadata?.name ?? ''} from ${before} to ${size}`;
      this.#recorder.event(deployment, 'Normal', 'ScalingReplicaSet', message);
    }
    return { scaled: before !== size, replicaSet: updated };
  }

  /** Deletes the oldest revisions beyond the history limit that have no pods left. */
  async cleanUp(
    deployment: Readonly<Deployment>,
    old: readonly Readonly<ReplicaSet>[],
    signal: AbortSignal,
  ): Promise<void> {
    const limit = deployment.spec?.revisionHistoryLimit;
    if (limit == null || limit === noLimit) return;
    const alive = old.filter((replicaSet) => !replicaSet.metadata?.deletionTimestamp);
    alive.sort((a, b) => (revisionOf(a) ?? 0) - (revisionOf(b) ?? 0) || compareCreation(a, b));
    for (const replicaSet of alive.slice(0, Math.max(0, alive.length - limit))) {
      const { namespace, name = '', generation = 0 } = replicaSet.metadata ?? {};
      const inUse =
        sizeOf(replicaSet) !== 0 ||
        (replicaSet.status?.replicas ?? 0) !== 0 ||
        generation > (replicaSet.status?.observedGeneration ?? 0);
      if (inUse) continue;
      try {
        await this.#client.resource(resources.replicaSets).delete(namespace, name, { signal });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  }
}
