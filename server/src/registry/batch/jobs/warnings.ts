/** What is allowed in the spec of a Job, or of a CronJob's template, and may go wrong. */
import type { JobSpec } from '@typernetes/openapi/types/batch/v1';
import { templateWarnings } from '../../core/pod/warnings.ts';
import type { Path } from '../../validation/index.ts';

export function jobSpecWarnings(spec: JobSpec | undefined, at: Path): string[] {
  const { completionMode, completions = 0, parallelism = 0 } = spec ?? {};
  const untracked =
    'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail';
  return [
    ...(completionMode === 'Indexed' && completions > 100_000 && parallelism > 10_000
      ? [`${at.toString()}: ${untracked}`]
      : []),
    ...templateWarnings(spec?.template, at.child('template')),
  ];
}
