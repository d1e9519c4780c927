/** Where a DaemonSet's pods belong, and what they look like. */
import type { DaemonSet } from '@typernetes/openapi/types/apps/v1';
import type { Affinity, Node, Pod, PodTemplateSpec, Toleration } from '@typernetes/openapi/types/core/v1';
import { NodeInfo } from '../../scheduler/framework/node-info.ts';
import { requiredNodeAffinityMatches } from '../../scheduler/plugins/node-affinity.ts';
import { scaledValue } from '../deployment/sizes.ts';
import { tolerates } from '../tainteviction/tolerations.ts';
import { millisecondsOf } from '../time.ts';

export const revisionLabel = 'controller-revision-hash';
const generationLabel = 'pod-template-generation';
const generationAnnotation = 'deprecated.daemonset.template.generation';
const nodeNameField = 'metadata.name';

/** Daemons stay on nodes that others leave. */
function tolerationsOf(template: Readonly<PodTemplateSpec>): Toleration[] {
  const own = template.spec?.tolerations ?? [];
  const added: [key: string, effect: string][] = [
    ['not-ready', 'NoExecute'],
    ['unreachable', 'NoExecute'],
    ['disk-pressure', 'NoSchedule'],
    ['memory-pressure', 'NoSchedule'],
    ['pid-pressure', 'NoSchedule'],
    ['unschedulable', 'NoSchedule'],
    ...(template.spec?.hostNetwork ? [['network-unavailable', 'NoSchedule'] as [string, string]] : []),
  ];
  const tolerations = added.map(([key, effect]) => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect,
  }));
  const isReplaced = (toleration: Toleration): boolean =>
    tolerations.some(({ key, effect }) => key === toleration.key && effect === toleration.effect);
  return [...own.filter((toleration) => !isReplaced(toleration)), ...tolerations];
}

export interface Placement {
  shouldRun: boolean;
  shouldContinueRunning: boolean;
}

export function placement(daemonSet: Readonly<DaemonSet>, node: Readonly<Node>): Placement {
  const template = daemonSet.spec?.template ?? {};
  const name = node.metadata?.name ?? '';
  const wanted = template.spec?.nodeName;
  if (wanted && wanted !== name) return { shouldRun: false, shouldContinueRunning: false };
  const pod: Pod = template.spec ? { spec: template.spec } : {};
  if (!requiredNodeAffinityMatches(pod, new NodeInfo(name, node)))
    return { shouldRun: false, shouldContinueRunning: false };
  const tolerations = tolerationsOf(template);
  const untolerated = (node.spec?.taints ?? []).filter(
    (taint) => !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
  const has = (effect: string): boolean => untolerated.some((taint) => taint.effect === effect);
  return { shouldRun: !has('NoExecute') && !has('NoSchedule'), shouldContinueRunning: !has('NoExecute') };
}

function generationOf(daemonSet: Readonly<DaemonSet>): string | undefined {
  const value = daemonSet.metadata?.annotations?.[generationAnnotation];
  return value !== undefined && /^-?\d+$/.test(value) ? value : undefined;
}

/** A template bound to the node by affinity, so that the scheduler still has its say. */
export function templateFor(daemonSet: Readonly<DaemonSet>, hash: string, nodeName: string): PodTemplateSpec {
  const template = daemonSet.spec?.template ?? {};
  const generation = generationOf(daemonSet);
  return {
    metadata: {
      ...template.metadata,
      labels: {
        ...template.metadata?.labels,
        ...(generation === undefined ? {} : { [generationLabel]: generation }),
        [revisionLabel]: hash,
      },
    },
    spec: {
      containers: [],
      ...template.spec,
      tolerations: tolerationsOf(template),
      affinity: boundTo(template.spec?.affinity, nodeName),
    },
  };
}

function boundTo(affinity: Readonly<Affinity> | undefined, nodeName: string): Affinity {
  return {
    ...affinity,
    nodeAffinity: {
      ...affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: nodeNameField, operator: 'In', values: [nodeName] }] }],
      },
    },
  };
}

/** The node it is on, or waits for. */
export function targetNode(pod: Readonly<Pod>): string | undefined {
  if (pod.spec?.nodeName) return pod.spec.nodeName;
  const terms =
    pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return terms
    .flatMap(({ matchFields = [] }) => matchFields)
    .find(({ key, operator, values }) => key === nodeNameField && operator === 'In' && values?.length === 1)
    ?.values?.[0];
}

export function isUpdated(daemonSet: Readonly<DaemonSet>, pod: Readonly<Pod>, hash: string): boolean {
  const generation = generationOf(daemonSet);
  const labels = pod.metadata?.labels ?? {};
  return labels[revisionLabel] === hash || (generation !== undefined && labels[generationLabel] === generation);
}

/** Scheduled first, then the oldest. */
export function bySeniority(a: Readonly<Pod>, b: Readonly<Pod>): number {
  return (
    Number(!a.spec?.nodeName) - Number(!b.spec?.nodeName) ||
    millisecondsOf(a.metadata?.creationTimestamp) - millisecondsOf(b.metadata?.creationTimestamp) ||
    ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1)
  );
}

export function maxSurge(daemonSet: Readonly<DaemonSet>, desired: number): number {
  const { type, rollingUpdate } = daemonSet.spec?.updateStrategy ?? {};
  return type === 'RollingUpdate' ? scaledValue(rollingUpdate?.maxSurge, desired, true) : 0;
}

export function maxUnavailable(daemonSet: Readonly<DaemonSet>, desired: number): number {
  const { type, rollingUpdate } = daemonSet.spec?.updateStrategy ?? {};
  return type === 'RollingUpdate' ? scaledValue(rollingUpdate?.maxUnavailable, desired, true) : 0;
}
