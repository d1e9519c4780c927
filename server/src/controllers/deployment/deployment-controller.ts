/** Rolls a Deployment's template out over ReplicaSets. */
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
import { selectorFromLabelSelector } from '@typernetes/openapi/meta';
import type { Deployment, ReplicaSet } from '@typernetes/openapi/types/apps/v1';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { ControllerContext } from '../context.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { claim } from '../ownership/claim.ts';
import {
  byController,
  controlledAndOrphans,
  controllerIndex,
  controllerOf,
  ownerOf,
} from '../ownership/controller-reference.ts';
import { isPodTerminal } from '../pods/pod-state.ts';
import { startControllers } from '../running.ts';
import { timestamp } from '../time.ts';
import { countAnnotation, desiredReplicasAnnotation, rollbackToAnnotation } from './annotations.ts';
import { findCondition, withCondition } from './conditions.ts';
import { allOf, DeploymentReplicaSets, type Rollout } from './replica-sets.ts';
import { rollBack } from './rollback.ts';
import {
  activeOrLatest,
  compareCreation,
  desiredReplicas,
  isRollingUpdate,
  isSaturated,
  maxScaleDown,
  maxUnavailable,
  newReplicaSetSize,
  proportionalSizes,
  sizeOf,
  sumOf,
} from './sizes.ts';
import { deploymentStatus, isComplete, nextProgressCheckMs, progressDeadlineMs, rolloutStatus } from './status.ts';

const maxRetries = 15;

export interface DeploymentReconcilerOptions {
  client: RestClient;
  recorder: EventRecorder;
  deployments: Lister<Deployment>;
  replicaSets: Lister<ReplicaSet>;
  pods: Lister<Pod>;
  clock: Clock;
}

class DeploymentReconciler implements Reconciler {
  readonly #options: DeploymentReconcilerOptions;
  readonly #replicaSets: DeploymentReplicaSets;

  constructor(options: DeploymentReconcilerOptions) {
    this.#options = options;
    this.#replicaSets = new DeploymentReplicaSets(options.client, options.recorder, options.clock);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { namespace = '', name } = splitKey(key);
    const deployment = this.#options.deployments.get(namespace, name);
    if (!deployment) return undefined;
    const selector = selectorFromLabelSelector(deployment.spec?.selector);
    if (selector.empty()) return this.#refuseSelectAll(deployment, signal);
    const replicaSets = await claim({
      client: this.#options.client,
      owner: deployment,
      ownerResource: resources.deployments,
      resource: resources.replicaSets,
      selector,
      candidates: controlledAndOrphans(this.#options.replicaSets, deployment),
      signal,
    });
    if (deployment.metadata?.deletionTimestamp) {
      const rollout = await this.#replicaSets.sync(deployment, replicaSets, false, signal);
      await this.#updateStatus(rollout, signal);
      return undefined;
    }
    const checked = await this.#syncPaused(deployment, signal);
    if (checked.spec?.paused) return this.#scaleOnly(checked, replicaSets, signal);
    if (checked.metadata?.annotations?.[rollbackToAnnotation] !== undefined) {
      const rollout = await this.#replicaSets.sync(checked, replicaSets, true, signal);
      await rollBack(this.#options.client, this.#options.recorder, rollout.deployment, allOf(rollout), signal);
      return undefined;
    }
    if (this.#wasScaled(checked, replicaSets)) return this.#scaleOnly(checked, replicaSets, signal);
    return isRollingUpdate(checked)
      ? this.#rollingUpdate(checked, replicaSets, signal)
      : this.#recreate(checked, replicaSets, signal);
  }

  async #refuseSelectAll(deployment: Readonly<Deployment>, signal: AbortSignal): Promise<undefined> {
    this.#options.recorder.event(
      deployment,
      'Warning',
      'SelectingAll',
      'This deployment is selecting all pods. A non-empty selector is required.',
    );
    const observedGeneration = deployment.metadata?.generation ?? 0;
    if ((deployment.status?.observedGeneration ?? 0) < observedGeneration) {
      await this.#replicaSets.updateStatus(deployment, { ...deployment.status, observedGeneration }, signal);
    }
  }

  /** Pausing stops the progress deadline: the condition says so, and says when it goes on. */
  async #syncPaused(deployment: Readonly<Deployment>, signal: AbortSignal): Promise<Readonly<Deployment>> {
    if (progressDeadlineMs(deployment) === undefined) return deployment;
    const conditions = deployment.status?.conditions ?? [];
    const current = findCondition(conditions, 'Progressing');
    if (current?.reason === 'ProgressDeadlineExceeded') return deployment;
    const isMarked = current?.reason === 'DeploymentPaused';
    const isPaused = deployment.spec?.paused === true;
    if (isPaused === isMarked) return deployment;
    const condition = isPaused
      ? ({
          type: 'Progressing',
          status: 'Unknown',
          reason: 'DeploymentPaused',
          message: 'Deployment is paused',
        } as const)
      : ({
          type: 'Progressing',
          status: 'Unknown',
          reason: 'DeploymentResumed',
          message: 'Deployment is resumed',
        } as const);
    const status = {
      ...deployment.status,
      conditions: withCondition(conditions, condition, timestamp(this.#options.clock)),
    };
    return this.#replicaSets.updateStatus(deployment, status, signal);
  }

  /** The Deployment's size changed since its active ReplicaSets were last sized. */
  #wasScaled(deployment: Readonly<Deployment>, replicaSets: readonly Readonly<ReplicaSet>[]): boolean {
    return replicaSets.some((replicaSet) => {
      if (sizeOf(replicaSet) === 0) return false;
      const desired = countAnnotation(replicaSet, desiredReplicasAnnotation);
      return desired !== undefined && desired !== desiredReplicas(deployment);
    });
  }

  /** Follows a change of size without going on with the rollout. */
  async #scaleOnly(
    deployment: Readonly<Deployment>,
    replicaSets: readonly Readonly<ReplicaSet>[],
    signal: AbortSignal,
  ): Promise<undefined> {
    const rollout = await this.#replicaSets.sync(deployment, replicaSets, false, signal);
    const resized = await this.#resize(rollout, signal);
    if (deployment.spec?.paused) await this.#replicaSets.cleanUp(resized.deployment, resized.old, signal);
    await this.#updateStatus(resized, signal);
  }

  async #resize(rollout: Rollout, signal: AbortSignal): Promise<Rollout> {
    const { deployment, newReplicaSet, old } = rollout;
    const only = activeOrLatest(newReplicaSet, old);
    if (only) return this.#scaleAll(rollout, new Map([[only, desiredReplicas(deployment)]]), false, signal);
    const active = allOf(rollout).filter((replicaSet) => sizeOf(replicaSet) > 0);
    if (isSaturated(deployment, newReplicaSet)) {
      return this.#scaleAll(
        rollout,
        new Map(active.filter((replicaSet) => replicaSet !== newReplicaSet).map((replicaSet) => [replicaSet, 0])),
        false,
        signal,
      );
    }
    return isRollingUpdate(deployment)
      ? this.#scaleAll(rollout, proportionalSizes(deployment, active), true, signal)
      : rollout;
  }

  async #scaleAll(
    rollout: Rollout,
    sizes: ReadonlyMap<Readonly<ReplicaSet>, number>,
    force: boolean,
    signal: AbortSignal,
  ): Promise<Rollout> {
    const after = new Map<Readonly<ReplicaSet>, Readonly<ReplicaSet>>();
    for (const [replicaSet, size] of sizes) {
      after.set(
        replicaSet,
        (await this.#replicaSets.scale(rollout.deployment, replicaSet, size, signal, force)).replicaSet,
      );
    }
    const current = (replicaSet: Readonly<ReplicaSet>): Readonly<ReplicaSet> => after.get(replicaSet) ?? replicaSet;
    return {
      ...rollout,
      newReplicaSet: rollout.newReplicaSet && current(rollout.newReplicaSet),
      old: rollout.old.map(current),
    };
  }

  async #rollingUpdate(
    deployment: Readonly<Deployment>,
    replicaSets: readonly Readonly<ReplicaSet>[],
    signal: AbortSignal,
  ): Promise<ReconcileResult | undefined> {
    const rollout = await this.#replicaSets.sync(deployment, replicaSets, true, signal);
    const { newReplicaSet } = rollout;
    if (!newReplicaSet) return undefined;
    const desired = desiredReplicas(rollout.deployment);
    const size =
      sizeOf(newReplicaSet) > desired
        ? desired
        : newReplicaSetSize(rollout.deployment, allOf(rollout), sizeOf(newReplicaSet));
    const grown = await this.#replicaSets.scale(rollout.deployment, newReplicaSet, size, signal);
    if (grown.scaled) return this.#updateRolloutStatus({ ...rollout, newReplicaSet: grown.replicaSet }, signal);
    const sizes = this.#shrinkOld(rollout, newReplicaSet);
    if (sizes.size > 0) return this.#updateRolloutStatus(await this.#scaleAll(rollout, sizes, false, signal), signal);
    if (isComplete(rollout.deployment, rollout.deployment.status ?? {}))
      await this.#replicaSets.cleanUp(rollout.deployment, rollout.old, signal);
    return this.#updateRolloutStatus(rollout, signal);
  }

  /** New sizes for old ReplicaSets: first what is unhealthy anyway goes, then what availability allows, oldest first. */
  #shrinkOld({ deployment, old }: Rollout, newReplicaSet: Readonly<ReplicaSet>): Map<Readonly<ReplicaSet>, number> {
    const sizes = new Map<Readonly<ReplicaSet>, number>();
    const active = old.filter((replicaSet) => sizeOf(replicaSet) > 0).sort(compareCreation);
    if (active.length === 0) return sizes;
    const sizeNow = (replicaSet: Readonly<ReplicaSet>): number => sizes.get(replicaSet) ?? sizeOf(replicaSet);
    const available = (replicaSet: Readonly<ReplicaSet>): number => replicaSet.status?.availableReplicas ?? 0;
    let unhealthyBudget = maxScaleDown(deployment, [...old, newReplicaSet], newReplicaSet);
    if (unhealthyBudget <= 0) return sizes;
    for (const replicaSet of active) {
      const count = Math.min(unhealthyBudget, sizeOf(replicaSet) - available(replicaSet));
      if (count <= 0) continue;
      sizes.set(replicaSet, sizeOf(replicaSet) - count);
      unhealthyBudget -= count;
    }
    let budget =
      sumOf([...active, newReplicaSet], available) - (desiredReplicas(deployment) - maxUnavailable(deployment));
    for (const replicaSet of active) {
      const count = Math.min(budget, sizeNow(replicaSet));
      if (count <= 0) continue;
      sizes.set(replicaSet, sizeNow(replicaSet) - count);
      budget -= count;
    }
    return sizes;
  }

  async #recreate(
    deployment: Readonly<Deployment>,
    replicaSets: readonly Readonly<ReplicaSet>[],
    signal: AbortSignal,
  ): Promise<ReconcileResult | undefined> {
    let rollout = await this.#replicaSets.sync(deployment, replicaSets, false, signal);
    const active = rollout.old.filter((replicaSet) => sizeOf(replicaSet) > 0);
    if (active.length > 0) {
      rollout = await this.#scaleAll(rollout, new Map(active.map((replicaSet) => [replicaSet, 0])), false, signal);
      return this.#updateRolloutStatus(rollout, signal);
    }
    if (this.#oldPodsRun(rollout)) return this.#updateRolloutStatus(rollout, signal);
    if (!rollout.newReplicaSet) rollout = await this.#replicaSets.sync(rollout.deployment, replicaSets, true, signal);
    const { newReplicaSet } = rollout;
    if (newReplicaSet) {
      const { replicaSet } = await this.#replicaSets.scale(
        rollout.deployment,
        newReplicaSet,
        desiredReplicas(rollout.deployment),
        signal,
      );
      rollout = { ...rollout, newReplicaSet: replicaSet };
    }
    if (isComplete(rollout.deployment, rollout.deployment.status ?? {}))
      await this.#replicaSets.cleanUp(rollout.deployment, rollout.old, signal);
    return this.#updateRolloutStatus(rollout, signal);
  }

  #oldPodsRun({ old }: Rollout): boolean {
    return old.some(
      (replicaSet) =>
        (replicaSet.status?.replicas ?? 0) > 0 ||
        this.#options.pods.byIndex(controllerIndex, replicaSet.metadata?.uid ?? '').some((pod) => !isPodTerminal(pod)),
    );
  }

  async #updateStatus(rollout: Rollout, signal: AbortSignal): Promise<void> {
    const status = deploymentStatus(
      rollout.deployment,
      allOf(rollout),
      rollout.newReplicaSet,
      timestamp(this.#options.clock),
    );
    await this.#replicaSets.updateStatus(rollout.deployment, status, signal);
  }

  async #updateRolloutStatus(rollout: Rollout, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { deployment, newReplicaSet } = rollout;
    const { clock } = this.#options;
    const status = rolloutStatus(deployment, allOf(rollout), newReplicaSet, clock.now(), timestamp(clock));
    await this.#replicaSets.updateStatus(deployment, status, signal);
    const requeueAfter = nextProgressCheckMs(deployment, status, clock.now());
    return requeueAfter === undefined ? undefined : { requeueAfter };
  }
}

export function startDeploymentController(context: ControllerContext): Running {
  const client = context.clientFor('deployment-controller');
  const deploymentInformer = context.informers.informer(resources.deployments);
  const replicaSetInformer = context.informers.informer(resources.replicaSets);
  const podInformer = context.informers.informer(resources.pods);
  for (const informer of [replicaSetInformer, podInformer]) informer.addIndex(controllerIndex, byController);
  const deployments = deploymentInformer.lister;
  const replicaSets = replicaSetInformer.lister;
  const pods = podInformer.lister;
  const recorder = context.recorderFor(client, 'deployment-controller');
  const controller = new Controller({
    name: 'deployment',
    reconciler: new DeploymentReconciler({ client, recorder, deployments, replicaSets, pods, clock: context.clock }),
    maxRetries,
    synced: [deploymentInformer.synced, replicaSetInformer.synced, podInformer.synced],
    clock: context.clock,
    logger: context.logger,
  });
  const { queue } = controller;
  const ownerKey = (replicaSet: Readonly<ReplicaSet>): string | undefined => {
    const owner = ownerOf(replicaSet, 'Deployment', deployments);
    return owner && keyOf(owner);
  };
  const enqueueMatching = (replicaSet: Readonly<ReplicaSet>): void => {
    for (const deployment of deployments.list(replicaSet.metadata?.namespace)) {
      const selector = selectorFromLabelSelector(deployment.spec?.selector);
      if (!selector.empty() && selector.matches(replicaSet.metadata?.labels)) queue.add(keyOf(deployment));
    }
  };
  const changed = (replicaSet: Readonly<ReplicaSet>): void => {
    const key = ownerKey(replicaSet);
    if (key !== undefined) queue.add(key);
    else if (!controllerOf(replicaSet) && !replicaSet.metadata?.deletionTimestamp) enqueueMatching(replicaSet);
  };
  const registrations = [
    deploymentInformer.addEventHandler({
      add: (deployment) => queue.add(keyOf(deployment)),
      update: (_, deployment) => queue.add(keyOf(deployment)),
      delete: (deployment) => queue.add(keyOf(deployment)),
    }),
    replicaSetInformer.addEventHandler({
      add: changed,
      update: (previous, replicaSet) => {
        if (previous.metadata?.resourceVersion === replicaSet.metadata?.resourceVersion) return;
        const before = ownerKey(previous);
        const after = ownerKey(replicaSet);
        if (before !== undefined && before !== after) queue.add(before);
        if (after !== undefined) queue.add(after);
        else if (before !== undefined || !semanticallyEqual(previous.metadata?.labels, replicaSet.metadata?.labels))
          changed(replicaSet);
      },
      delete: (replicaSet) => {
        const key = ownerKey(replicaSet);
        if (key !== undefined) queue.add(key);
      },
    }),
    // Recreate waits for the last old pod to go.
    podInformer.addEventHandler({
      delete: (pod) => {
        const reference = controllerOf(pod);
        const replicaSet =
          reference?.kind === 'ReplicaSet' ? replicaSets.get(pod.metadata?.namespace, reference.name) : undefined;
        const key = replicaSet && ownerKey(replicaSet);
        if (key !== undefined && deployments.getByKey(key)?.spec?.strategy?.type === 'Recreate') queue.add(key);
      },
    }),
  ];
  return startControllers([controller], registrations);
}
