/** What a Job's podFailurePolicy says of a failed pod, and its successPolicy of the indexes that succeeded. */
import type {
  PodFailurePolicy,
  PodFailurePolicyOnExitCodesRequirement,
  SuccessPolicy,
} from '@typernetes/openapi/types/batch/v1';
import type { ContainerStatus, Pod } from '@typernetes/openapi/types/core/v1';
import { Indexes } from './indexes.ts';

export interface FailureVerdict {
  /** Counts towards the backoff limit. */
  counts: boolean;
  action?: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count';
  /** Why the whole Job fails. */
  message?: string;
}

/** The first rule that matches decides; a failure that none matches counts. */
export function failureVerdict(policy: Readonly<PodFailurePolicy> | undefined, pod: Readonly<Pod>): FailureVerdict {
  const { namespace = '', name = '' } = pod.metadata ?? {};
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    let because: string | undefined;
    if (rule.onExitCodes) {
      const container = failedContainer(pod, rule.onExitCodes);
      if (container)
        because = `Container ${container.name} for pod ${namespace}/${name} failed with exit code ${container.state?.terminated?.exitCode ?? 0}`;
    } else {
      const condition = pod.status?.conditions?.find((present) =>
        rule.onPodConditions?.some(
          (pattern) => pattern.type === present.type && (pattern.status ?? 'True') === present.status,
        ),
      );
      if (condition) because = `Pod ${namespace}/${name} has condition ${condition.type}`;
    }
    if (because === undefined) continue;
    switch (rule.action) {
      case 'Ignore':
        return { counts: false, action: 'Ignore' };
      case 'FailIndex':
      case 'Count':
        return { counts: true, action: rule.action };
      case 'FailJob':
        return { counts: true, action: 'FailJob', message: `${because} matching FailJob rule at index ${index}` };
      default:
    }
  }
  return { counts: true };
}

function failedContainer(
  pod: Readonly<Pod>,
  requirement: Readonly<PodFailurePolicyOnExitCodesRequirement>,
): ContainerStatus | undefined {
  const matches = ({ name, state }: ContainerStatus): boolean => {
    const exitCode = state?.terminated?.exitCode ?? 0;
    if (exitCode === 0 || (requirement.containerName != null && requirement.containerName !== name)) return false;
    const listed = requirement.values.includes(exitCode);
    return requirement.operator === 'In' ? listed : requirement.operator === 'NotIn' && !listed;
  };
  return pod.status?.containerStatuses?.find(matches) ?? pod.status?.initContainerStatuses?.find(matches);
}

/** Which rule is met, in words; undefined: none. */
export function successMessage(
  policy: Readonly<SuccessPolicy> | undefined,
  completions: number,
  succeeded: Indexes,
): string | undefined {
  if (!policy || succeeded.total === 0) return undefined;
  const index = policy.rules.findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes == null) return succeededCount != null && succeeded.total >= succeededCount;
    const required = Indexes.parse(succeededIndexes, completions);
    if (required.total === 0) return false;
    const common = required.overlap(succeeded);
    return common === required.total || (succeededCount != null && common >= succeededCount);
  });
  return index === -1 ? undefined : `Matched rules at index ${index}`;
}
