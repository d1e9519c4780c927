import {
  badRequest,
  conflict,
  forbidden,
  formatTime,
  isConflict,
  type KubernetesObject,
  notFound,
  StatusError,
  selectorFromLabelSelector,
  successStatus,
  timeoutError,
  tooManyRequests,
} from '@typernetes/openapi/meta';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { PodDisruptionBudget } from '@typernetes/openapi/types/policy/v1';
import type { RestContext } from '../../generic/rest.ts';
import { isPodReady, setPodCondition } from '../pod/conditions.ts';
import { isTerminalPhase } from '../pod/phase.ts';

interface Eviction extends KubernetesObject {
  deleteOptions?: {
    dryRun?: string[];
    gracePeriodSeconds?: number;
    preconditions?: { uid?: string; resourceVersion?: string };
  };
}

const PODS = { group: '', resource: 'pods' };
const BUDGETS = { group: 'policy', resource: 'poddisruptionbudgets' };
const ATTEMPTS = 20;
/** A budget that has this many evictions the controller has not seen yet takes no more. */
const MAX_DISRUPTED_PODS = 2000;
const REFUSED = "Cannot evict pod as it would violate the pod's disruption budget.";

/** POST pods/NAME/eviction: a delete that asks the pod's disruption budget first. */
export async function evictPod(
  podName: string,
  object: KubernetesObject,
  context: RestContext,
): Promise<KubernetesObject> {
  // The endpoint decodes the body as an Eviction before it comes here.
  const eviction = object as Eviction;
  if (podName !== (eviction.metadata?.name ?? ''))
    throw badRequest('name in URL does not match name in Eviction object');
  const dryRun = context.dryRun || (eviction.deleteOptions?.dryRun ?? []).includes('All');
  const evicter = new Evicter(podName, eviction, context, dryRun);
  for (let attempt = 1; ; attempt++) {
    try {
      return await evicter.evict();
    } catch (error) {
      const pinned = eviction.deleteOptions?.preconditions?.resourceVersion !== undefined;
      if (!isConflict(error) || pinned || attempt === ATTEMPTS) throw error;
    }
  }
}

class Evicter {
  readonly #name: string;
  readonly #eviction: Eviction;
  readonly #context: RestContext;
  readonly #dryRun: boolean;

  constructor(name: string, eviction: Eviction, context: RestContext, dryRun: boolean) {
    this.#name = name;
    this.#eviction = eviction;
    this.#context = context;
    this.#dryRun = dryRun;
  }

  async evict(): Promise<KubernetesObject> {
    const { registry, namespace } = this.#context;
    const pod = await registry.get<Pod>(PODS, namespace, this.#name);
    if (!pod) throw notFound(PODS, this.#name);
    if (ignoresBudget(pod)) {
      const gone = isTerminalPhase(pod.status?.phase) || pod.metadata?.deletionTimestamp !== undefined;
      return this.#delete(pod, !gone);
    }
    const budgets = await this.#budgetsOf(pod);
    if (budgets.length > 1) {
      throw new StatusError({
        ...successStatus(),
        status: 'Failure',
        message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
        code: 500,
      });
    }
    const budget = budgets[0];
    if (!budget) return this.#delete(pod, false);
    if (isPodUnhealthyAnyway(pod, budget)) {
      try {
        return await this.#delete(pod, true);
      } catch (error) {
        // The pod changed while it was judged unhealthy: the caller is to look again.
        if (isConflict(error)) throw beingProcessed(budget);
        throw error;
      }
    }
    await this.#takeFrom(budget.metadata?.name ?? '');
    return this.#delete(pod, false);
  }

  async #budgetsOf(pod: Pod): Promise<PodDisruptionBudget[]> {
    const budgets = await this.#context.registry.list<PodDisruptionBudget>(BUDGETS, this.#context.namespace);
    const labels = pod.metadata?.labels ?? {};
    return budgets.filter((budget) => {
      try {
        return selectorFromLabelSelector(budget.spec?.selector).matches(labels);
      } catch {
        return false;
      }
    });
  }

  async #takeFrom(budgetName: string): Promise<void> {
    const { registry, namespace, now } = this.#context;
    const take = (budget: PodDisruptionBudget): PodDisruptionBudget => decrement(budget, this.#name, now);
    try {
      await registry.update<PodDisruptionBudget>(BUDGETS, namespace, budgetName, take, {
        subresource: 'status',
        dryRun: this.#dryRun,
      });
    } catch (error) {
      if (!isConflict(error)) throw error;
      throw timeoutError(`couldn't update PodDisruptionBudget ${JSON.stringify(budgetName)} due to conflicts`, 10);
    }
  }

  /** `pinned`: only if the pod is still as it was seen. */
  async #delete(pod: Pod, pinned: boolean): Promise<KubernetesObject> {
    const { registry, namespace, now } = this.#context;
    const { preconditions, gracePeriodSeconds } = this.#eviction.deleteOptions ?? {};
    const version = preconditions?.resourceVersion ?? (pinned ? pod.metadata?.resourceVersion : undefined);
    let expected = version;
    if (!this.#dryRun) {
      const updated = await registry.update<Pod>(
        PODS,
        namespace,
        this.#name,
        (latest) => {
          checkPreconditions(latest, preconditions?.uid, version);
          const reason = { reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' };
          setPodCondition(latest, { type: 'DisruptionTarget', status: 'True', ...reason }, now);
          return latest;
        },
        { subresource: 'status' },
      );
      if (version !== undefined) expected = updated.metadata?.resourceVersion;
    }
    await registry.delete(PODS, namespace, this.#name, {
      dryRun: this.#dryRun,
      ...(preconditions?.uid ? { uid: preconditions.uid } : {}),
      ...(expected ? { resourceVersion: expected } : {}),
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    });
    return successStatus(undefined, 201) as KubernetesObject;
  }
}

function ignoresBudget(pod: Pod): boolean {
  return (
    isTerminalPhase(pod.status?.phase) ||
    pod.status?.phase === 'Pending' ||
    pod.metadata?.deletionTimestamp !== undefined
  );
}

function isPodUnhealthyAnyway(pod: Pod, budget: PodDisruptionBudget): boolean {
  if (isPodReady(pod)) return false;
  if (budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

function checkPreconditions(pod: Pod, uid: string | undefined, resourceVersion: string | undefined): void {
  const name = pod.metadata?.name ?? '';
  const resource = { group: '', resource: 'Pod' };
  if (uid && uid !== pod.metadata?.uid) {
    const record = `the UID in record (${pod.metadata?.uid ?? ''})`;
    const reason = `the UID in the precondition (${uid}) does not match ${record}. The object might have been deleted and then recreated`;
    throw conflict(resource, name, reason);
  }
  if (resourceVersion && resourceVersion !== pod.metadata?.resourceVersion) {
    const record = `the ResourceVersion in record (${pod.metadata?.resourceVersion ?? ''})`;
    const reason = `the ResourceVersion in the precondition (${resourceVersion}) does not match ${record}. The object might have been modified`;
    throw conflict(resource, name, reason);
  }
}

function beingProcessed(budget: PodDisruptionBudget): StatusError {
  return refused(10, `The disruption budget ${budget.metadata?.name ?? ''} is still being processed by the server.`);
}

function refused(retryAfterSeconds: number, message: string): StatusError {
  const error = tooManyRequests(REFUSED, retryAfterSeconds);
  const details = error.status.details ?? {};
  const causes = [...(details.causes ?? []), { reason: 'DisruptionBudget', message }];
  return new StatusError({ ...error.status, details: { ...details, causes } });
}

function decrement(budget: PodDisruptionBudget, podName: string, now: Date): PodDisruptionBudget {
  const name = budget.metadata?.name ?? '';
  const resource = { group: 'policy', resource: 'poddisruptionbudget' };
  const status = budget.status;
  if (!status || (status.observedGeneration ?? 0) < (budget.metadata?.generation ?? 0)) throw beingProcessed(budget);
  const allowed = status.disruptionsAllowed ?? 0;
  if (allowed < 0) throw forbidden(resource, name, 'pdb disruptions allowed is negative');
  if (Object.keys(status.disruptedPods ?? {}).length > MAX_DISRUPTED_PODS) {
    throw forbidden(resource, name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  }
  if (allowed === 0) throw refused(0, whyNone(budget));
  status.disruptionsAllowed = allowed - 1;
  status.disruptedPods = { ...status.disruptedPods, [podName]: formatTime(now) };
  if (status.disruptionsAllowed === 0) setInsufficient(budget, now);
  return budget;
}

function whyNone(budget: PodDisruptionBudget): string {
  const name = budget.metadata?.name ?? '';
  const condition = (budget.status?.conditions ?? []).find(({ type }) => type === 'DisruptionAllowed');
  const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {};
  const explained = condition?.status === 'False' && condition.message !== '' ? condition : undefined;
  if (explained?.reason === 'SyncFailed') {
    return `The disruption budget ${name} does not allow evicting pods currently because it failed sync: ${explained.message}`;
  }
  if (currentHealthy <= desiredHealthy) {
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  }
  if (explained)
    return `The disruption budget ${name} does not allow evicting pods currently (${explained.reason}): ${explained.message}`;
  return `The disruption budget ${name} does not allow evicting pods currently`;
}

function setInsufficient(budget: PodDisruptionBudget, now: Date): void {
  const conditions = (budget.status?.conditions ?? []).filter(({ type }) => type !== 'DisruptionAllowed');
  const old = (budget.status?.conditions ?? []).find(({ type }) => type === 'DisruptionAllowed');
  if (!budget.status) return;
  budget.status.conditions = [
    ...conditions,
    {
      type: 'DisruptionAllowed',
      status: 'False',
      reason: 'InsufficientPods',
      message: '',
      observedGeneration: budget.status.observedGeneration ?? 0,
      lastTransitionTime: old?.status === 'False' ? old.lastTransitionTime : formatTime(now),
    },
  ];
}
