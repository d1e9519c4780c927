/** Whether a toleration meets a taint, and how long a pod may stay on a node with NoExecute taints. Pure. */
import type { Taint, Toleration } from '@typernetes/openapi/types/core/v1';

export function tolerates(toleration: Readonly<Toleration>, taint: Readonly<Taint>): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator ?? '') {
    case '':
    case 'Equal':
      return (toleration.value ?? '') === (taint.value ?? '');
    case 'Exists':
      return true;
    default:
      return false;
  }
}

/** Milliseconds the pod may stay from when the taints were seen: 0 at once, Infinity for ever. */
export function toleratedMs(taints: readonly Readonly<Taint>[], tolerations: readonly Readonly<Toleration>[]): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const matching = tolerations.filter((toleration) => tolerates(toleration, taint));
    if (matching.length === 0) return 0;
    for (const { tolerationSeconds } of matching) {
      if (tolerationSeconds != null) shortest = Math.min(shortest, Math.max(0, tolerationSeconds) * 1000);
    }
  }
  return shortest;
}
