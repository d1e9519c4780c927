/** The conditions that tell how far the deletion of a namespace is. Pure. */
import type { NamespaceCondition } from '@typernetes/openapi/types/core/v1';

export interface DeletionProgress {
  discoveryError: string | undefined;
  contentErrors: readonly string[];
  /** Objects left, by `resource.group`; pods have an empty group and end in a dot, as upstream prints them. */
  remaining: ReadonlyMap<string, number>;
  /** Objects left, by the finalizer they wait for. */
  finalizers: ReadonlyMap<string, number>;
}

const kinds = [
  ['NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'],
  ['NamespaceDeletionGroupVersionParsingFailure', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'],
  [
    'NamespaceDeletionContentFailure',
    'ContentDeleted',
    'All content successfully deleted, may be waiting on finalization',
  ],
  ['NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'],
  ['NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
] as const;

export function namespaceConditions(
  current: readonly NamespaceCondition[],
  progress: DeletionProgress,
  timestamp: string,
): NamespaceCondition[] {
  const problems = new Map(problemsOf(progress).map((problem) => [problem.type, problem]));
  const others = current.filter((condition) => !kinds.some(([type]) => type === condition.type));
  const own = kinds.map(([type, okReason, okMessage]) => {
    const { reason, message } = problems.get(type) ?? { reason: okReason, message: okMessage };
    const status = problems.has(type) ? 'True' : 'False';
    const previous = current.find((condition) => condition.type === type);
    return {
      type,
      status,
      reason,
      message,
      lastTransitionTime: (previous?.status === status && previous.lastTransitionTime) || timestamp,
    };
  });
  return [...others, ...own];
}

function problemsOf({
  discoveryError,
  contentErrors,
  remaining,
  finalizers,
}: DeletionProgress): { type: string; reason: string; message: string }[] {
  const problems: { type: string; reason: string; message: string }[] = [];
  if (discoveryError !== undefined)
    problems.push({ type: 'NamespaceDeletionDiscoveryFailure', reason: 'DiscoveryFailed', message: discoveryError });
  if (contentErrors.length > 0) {
    const message = `Failed to delete all resource types, ${contentErrors.length} remaining: ${[...contentErrors].sort().join(', ')}`;
    problems.push({ type: 'NamespaceDeletionContentFailure', reason: 'ContentDeletionFailed', message });
  }
  if (remaining.size > 0) {
    const list = [...remaining].map(([resource, count]) => `${resource} has ${count} resource instances`).sort();
    problems.push({
      type: 'NamespaceContentRemaining',
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${list.join(', ')}`,
    });
  }
  if (finalizers.size > 0) {
    const list = [...finalizers].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).sort();
    const message = `Some content in the namespace has finalizers remaining: ${list.join(', ')}`;
    problems.push({ type: 'NamespaceFinalizersRemaining', reason: 'SomeFinalizersRemain', message });
  }
  return problems;
}
