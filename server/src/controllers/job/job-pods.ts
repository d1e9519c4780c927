/** What the pods of a Job tell, and what a new one looks like. */
import type { Job } from '@typernetes/openapi/types/batch/v1';
import type { Container, Pod, PodTemplateSpec } from '@typernetes/openapi/types/core/v1';
import { failureVerdict } from './policies.ts';

export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
const completionIndexAnnotation = 'batch.kubernetes.io/job-completion-index';
const failureCountAnnotation = 'batch.kubernetes.io/job-index-failure-count';
const ignoredFailureCountAnnotation = 'batch.kubernetes.io/job-index-ignored-failure-count';
const completionIndexVariable = 'JOB_COMPLETION_INDEX';
const longestGeneratedPrefix = 58;

export function isIndexed(job: Readonly<Job>): boolean {
  return job.spec?.completionMode === 'Indexed';
}

export function isSuspended(job: Readonly<Job>): boolean {
  return job.spec?.suspend === true;
}

/** A pod is replaced when it has ended, not already when it is being deleted. */
export function replacesOnlyFailed(job: Readonly<Job>): boolean {
  return job.spec?.podReplacementPolicy === 'Failed' || job.spec?.podFailurePolicy != null;
}

export function isTracked(pod: Readonly<Pod>): boolean {
  return pod.metadata?.finalizers?.includes(trackingFinalizer) ?? false;
}

/** A pod being deleted counts as failed: it may never come to report so. */
export function isFailed(pod: Readonly<Pod>, job: Readonly<Job>): boolean {
  if (pod.status?.phase === 'Failed') return true;
  return !replacesOnlyFailed(job) && !!pod.metadata?.deletionTimestamp && pod.status?.phase !== 'Succeeded';
}

export function completionIndex(pod: Readonly<Pod>): number | undefined {
  return countOf(pod, completionIndexAnnotation);
}

/** Below the Job's completions. */
export function validIndex(pod: Readonly<Pod>, job: Readonly<Job>): number | undefined {
  const index = completionIndex(pod);
  return index !== undefined && index < (job.spec?.completions ?? 0) ? index : undefined;
}

export function byCompletionIndex(a: Readonly<Pod>, b: Readonly<Pod>): number {
  return (completionIndex(a) ?? -1) - (completionIndex(b) ?? -1);
}

/** Failures of the index before this pod: those that count, and those that the policy ignores. */
function indexFailures(pod: Readonly<Pod>): { counted: number; ignored: number } {
  return {
    counted: countOf(pod, failureCountAnnotation) ?? 0,
    ignored: countOf(pod, ignoredFailureCountAnnotation) ?? 0,
  };
}

export function absoluteIndexFailures(pod: Readonly<Pod>): number {
  const { counted, ignored } = indexFailures(pod);
  return counted + ignored;
}

/** With this pod's failure, the index itself has failed. */
export function failsIndex(pod: Readonly<Pod>, job: Readonly<Job>): boolean {
  if (!isFailed(pod, job)) return false;
  const { counts, action } = failureVerdict(job.spec?.podFailurePolicy, pod);
  if (action === 'FailIndex') return true;
  return counts && indexFailures(pod).counted >= (job.spec?.backoffLimitPerIndex ?? Number.POSITIVE_INFINITY);
}

function countOf(pod: Readonly<Pod>, annotation: string): number | undefined {
  const value = pod.metadata?.annotations?.[annotation] ?? '';
  return /^\+?\d+$/.test(value) ? Number(value) : undefined;
}

/** @param replaces the pod whose failure made room, for Jobs that count failures for each index */
export function podTemplate(
  job: Readonly<Job>,
  index: number | undefined,
  replaces: Readonly<Pod> | undefined,
): { template: PodTemplateSpec; generateName?: string } {
  const template = job.spec?.template ?? {};
  const { finalizers = [], labels, annotations } = template.metadata ?? {};
  const tracked = finalizers.includes(trackingFinalizer) ? finalizers : [...finalizers, trackingFinalizer];
  if (index === undefined)
    return { template: { ...template, metadata: { ...template.metadata, finalizers: tracked } } };
  const name = job.metadata?.name ?? '';
  const mark = { [completionIndexAnnotation]: String(index) };
  return {
    template: {
      metadata: {
        ...template.metadata,
        finalizers: tracked,
        labels: { ...labels, ...mark },
        annotations: { ...annotations, ...mark, ...failureAnnotations(job, replaces) },
      },
      spec: {
        ...template.spec,
        containers: (template.spec?.containers ?? []).map(withIndexVariable),
        ...(template.spec?.initContainers
          ? { initContainers: template.spec.initContainers.map(withIndexVariable) }
          : {}),
        hostname: `${name}-${index}`,
      },
    },
    generateName: `${name.slice(0, longestGeneratedPrefix - `-${index}-`.length)}-${index}-`,
  };
}

function failureAnnotations(job: Readonly<Job>, replaces: Readonly<Pod> | undefined): Record<string, string> {
  if (job.spec?.backoffLimitPerIndex == null) return {};
  let { counted, ignored } = replaces ? indexFailures(replaces) : { counted: 0, ignored: 0 };
  if (replaces) {
    if (failureVerdict(job.spec.podFailurePolicy, replaces).counts) counted++;
    else ignored++;
  }
  return {
    [failureCountAnnotation]: String(counted),
    ...(ignored > 0 ? { [ignoredFailureCountAnnotation]: String(ignored) } : {}),
  };
}

function withIndexVariable(container: Readonly<Container>): Container {
  if (container.env?.some(({ name }) => name === completionIndexVariable)) return container;
  const fieldPath = `metadata.labels['${completionIndexAnnotation}']`;
  return {
    ...container,
    env: [...(container.env ?? []), { name: completionIndexVariable, valueFrom: { fieldRef: { fieldPath } } }],
  };
}
