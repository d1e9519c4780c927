/** Keeps the status of PodDisruptionBudgets, by which evictions are allowed. */
import { Controller, keyOf, type ReconcileResult, type Running, resources, splitKey } from '@typernetes/openapi/client';
import { isConflict, isNotFound, type LabelSelectorObject, selectorFromLabelSelector } from '@typernetes/openapi/meta';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { PodDisruptionBudget } from '@typernetes/openapi/types/policy/v1';
import type { ControllerContext } from '../context.ts';
import { scaledValue } from '../deployment/sizes.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { messageOf } from '../pods/pod-control.ts';
import { isPodReady, isPodTerminal, podCondition } from '../pods/pod-state.ts';
import { startControllers } from '../running.ts';
import { millisecondsOf, timestamp } from '../time.ts';
import { ExpectedPods, type ExpectedScale, type ScaleSource, scaledResources } from './expected-pods.ts';

/** What was evicted and is still there then, was not evicted after all. */
const deletionTimeoutMs = 2 * 60_000;
const staleConditionMs = 2 * 60_000;

type Budget = Readonly<PodDisruptionBudget>;
type Status = NonNullable<PodDisruptionBudget['status']>;

export interface Counts {
  currentHealthy: number;
  desiredHealthy: number;
  expectedPods: number;
}

/** The rest of the status follows from the counts. */
function statusFrom(
  budget: Budget,
  { currentHealthy, desiredHealthy, expectedPods }: Counts,
  disruptedPods: Record<string, string>,
  now: string,
): Status {
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const isAllowed = disruptionsAllowed > 0;
  return {
    ...budget.status,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed,
    ...(Object.keys(disruptedPods).length > 0 ? { disruptedPods } : { disruptedPods: {} }),
    ...(budget.metadata?.generation === undefined ? {} : { observedGeneration: budget.metadata.generation }),
    conditions: withCondition(
      budget,
      isAllowed ? 'True' : 'False',
      isAllowed ? 'SufficientPods' : 'InsufficientPods',
      '',
      now,
    ),
  };
}

function withCondition(
  budget: Budget,
  status: 'True' | 'False',
  reason: string,
  message: string,
  now: string,
): NonNullable<Status['conditions']> {
  const conditions = budget.status?.conditions ?? [];
  const current = conditions.find(({ type }) => type === 'DisruptionAllowed');
  const { generation } = budget.metadata ?? {};
  return [
    ...conditions.filter((condition) => condition !== current),
    {
      type: 'DisruptionAllowed',
      status,
      reason,
      message,
      lastTransitionTime: current?.status === status ? current.lastTransitionTime : now,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    },
  ];
}

export function selects(budget: Budget, pod: Readonly<Pod>): boolean {
  return (
    budget.metadata?.namespace === pod.metadata?.namespace &&
    selectorFromLabelSelector(budget.spec?.selector).matches(pod.metadata?.labels ?? {})
  );
}

export function startDisruptionController(context: ControllerContext): Running {
  const { clock, logger } = context;
  const client = context.clientFor('disruption-controller');
  const recorder = context.recorderFor(client, 'controllermanager');
  const budgets = context.informers.informer(resources.podDisruptionBudgets);
  const pods = context.informers.informer(resources.pods);
  const replicaSets = context.informers.informer(resources.replicaSets);
  const sources = new Map<string, ScaleSource>();
  const sourceInformers = scaledResources.map((resource) => {
    const informer = context.informers.informer<{ metadata?: { uid?: string }; spec?: { replicas?: number } }>(
      resource,
    );
    sources.set(`${resource.group}/${resource.kind}`, {
      get: (namespace, name) => {
        const object = informer.lister.get(namespace, name);
        return object && { uid: object.metadata?.uid, replicas: object.spec?.replicas ?? 1 };
      },
    });
    return informer;
  });
  const expectedPods = new ExpectedPods(client, replicaSets.lister, sources);

  const count = async (
    budget: Budget,
    matching: readonly Readonly<Pod>[],
    signal: AbortSignal,
  ): Promise<{ expected: number; desired: number; unmanaged: string[] }> => {
    const { maxUnavailable, minAvailable } = budget.spec ?? {};
    const scale = (): Promise<ExpectedScale> => expectedPods.scaleOf(matching, signal);
    if (maxUnavailable != null) {
      const { expected, unmanaged } = await scale();
      return { expected, desired: Math.max(0, expected - scaledValue(maxUnavailable, expected, true)), unmanaged };
    }
    if (typeof minAvailable === 'number') return { expected: matching.length, desired: minAvailable, unmanaged: [] };
    if (minAvailable == null) return { expected: 0, desired: 0, unmanaged: [] };
    const { expected, unmanaged } = await scale();
    return { expected, desired: scaledValue(minAvailable, expected, true), unmanaged };
  };

  /** Pods whose eviction was granted and that are not gone yet. */
  const disrupted = (
    budget: Budget,
    matching: readonly Readonly<Pod>[],
    now: number,
  ): { pods: Record<string, string>; recheckMs: number | undefined } => {
    const still: Record<string, string> = {};
    let recheckMs: number | undefined;
    for (const pod of matching) {
      const name = pod.metadata?.name ?? '';
      const at = budget.status?.disruptedPods?.[name];
      if (!at || pod.metadata?.deletionTimestamp) continue;
      const left = millisecondsOf(at) + deletionTimeoutMs - now;
      if (left < 0) {
        const message = `Pod was expected by PDB ${budget.metadata?.namespace ?? ''}/${budget.metadata?.name ?? ''} to be deleted but it wasn't`;
        recorder.event(pod, 'Warning', 'NotDeleted', message);
        continue;
      }
      still[name] = at;
      recheckMs = Math.min(recheckMs ?? left, left);
    }
    return { pods: still, recheckMs };
  };

  const write = async (budget: Budget, status: Status, signal: AbortSignal): Promise<void> => {
    if (semanticallyEqual(status, budget.status)) return;
    await client.resource(resources.podDisruptionBudgets).updateStatus({ ...budget, status }, { signal });
  };

  const sync = async (budget: Budget, signal: AbortSignal): Promise<ReconcileResult | undefined> => {
    const matching = pods.lister.list(budget.metadata?.namespace, selectorFromLabelSelector(budget.spec?.selector));
    if (matching.length === 0) recorder.event(budget, 'Normal', 'NoPods', 'No matching pods found');
    let counted: Awaited<ReturnType<typeof count>>;
    try {
      counted = await count(budget, matching, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const message = `Failed to calculate the number of expected pods: ${messageOf(error)}`;
      recorder.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', message);
      throw error;
    }
    if (counted.unmanaged.length > 0) {
      const message = `Pods selected by this PodDisruptionBudget (selector: ${printSelector(budget.spec?.selector)}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`;
      recorder.event(budget, 'Warning', 'UnmanagedPods', message);
    }
    const now = clock.now();
    const { pods: disruptedPods, recheckMs } = disrupted(budget, matching, now);
    const currentHealthy = matching.filter(
      (pod) =>
        !pod.metadata?.deletionTimestamp &&
        !(pod.metadata?.name && pod.metadata.name in disruptedPods) &&
        isPodReady(pod),
    ).length;
    const counts = { currentHealthy, desiredHealthy: counted.desired, expectedPods: counted.expected };
    await write(budget, statusFrom(budget, counts, disruptedPods, timestamp(clock)), signal);
    return recheckMs === undefined ? undefined : { requeueAfter: recheckMs };
  };

  const controller = new Controller({
    name: 'disruption',
    synced: [budgets.synced, pods.synced, replicaSets.synced, ...sourceInformers.map(({ synced }) => synced)],
    clock,
    logger,
    reconciler: {
      async reconcile(key, signal) {
        const { namespace, name } = splitKey(key);
        const budget = budgets.lister.get(namespace, name);
        if (!budget) return undefined;
        try {
          return await sync(budget, signal);
        } catch (error) {
          // In doubt nothing may be evicted.
          if (!signal.aborted && !isConflict(error) && !isNotFound(error)) {
            const conditions = withCondition(budget, 'False', 'SyncFailed', messageOf(error), timestamp(clock));
            const counts = { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, ...budget.status };
            await write(budget, { ...counts, disruptionsAllowed: 0, conditions }, signal);
          }
          throw error;
        }
      },
    },
  });
  /** A pod that was to be disrupted and lives on is no target any more. */
  const stale = new Controller({
    name: 'stale_pod_disruption',
    synced: [pods.synced],
    clock,
    logger,
    reconciler: {
      async reconcile(key, signal) {
        const pod = pods.lister.getByKey(key);
        const condition = pod && staleCondition(pod);
        if (!condition) return undefined;
        const left = millisecondsOf(condition.lastTransitionTime) + staleConditionMs - clock.now();
        if (left > 0) return { requeueAfter: left };
        const conditions = pod.status?.conditions?.map((present) =>
          present === condition ? { ...present, status: 'False', lastTransitionTime: timestamp(clock) } : present,
        );
        const { namespace, name = '', uid, resourceVersion } = pod.metadata ?? {};
        await client
          .resource(resources.pods)
          .patch(
            namespace,
            name,
            { metadata: { uid, resourceVersion }, status: { conditions } },
            { type: 'merge', subresource: 'status', signal },
          );
        return undefined;
      },
    },
  });
  const enqueueFor = (pod: Readonly<Pod>): void => {
    for (const budget of budgets.lister.list(pod.metadata?.namespace))
      if (selects(budget, pod)) controller.queue.add(keyOf(budget));
    if (staleCondition(pod)) stale.queue.add(keyOf(pod));
  };
  const registrations = [
    budgets.addEventHandler({
      add: (budget) => controller.queue.add(keyOf(budget)),
      update: (_, budget) => controller.queue.add(keyOf(budget)),
      delete: (budget) => controller.queue.add(keyOf(budget)),
    }),
    pods.addEventHandler({
      add: enqueueFor,
      update: (previous, pod) => {
        if (!semanticallyEqual(previous.metadata?.labels, pod.metadata?.labels)) enqueueFor(previous);
        enqueueFor(pod);
      },
      delete: enqueueFor,
    }),
  ];
  return startControllers([controller, stale], registrations);
}

function staleCondition(pod: Readonly<Pod>): ReturnType<typeof podCondition> {
  if (pod.metadata?.deletionTimestamp || isPodTerminal(pod)) return undefined;
  const condition = podCondition(pod, 'DisruptionTarget');
  return condition?.status === 'True' ? condition : undefined;
}

/** As upstream prints the structure. */
function printSelector(selector: Readonly<LabelSelectorObject> | undefined): string {
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}: ${value},`);
  const expressions = (selector?.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) => `{${key} ${operator} [${values.join(' ')}]}`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}
