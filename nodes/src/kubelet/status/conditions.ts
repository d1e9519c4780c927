/** The pod conditions that the kubelet owns. Reasons and messages are upstream's; a list of names is printed as Go prints it. */
import type { ContainerStatus, Pod, PodCondition } from '@typernetes/openapi/types/core/v1';
import { sandboxChanged } from '../kuberuntime/pod-actions.ts';
import { isRestartableInit, specOf } from '../pod/pod.ts';
import type { RuntimePodStatus } from '../pod/runtime-status.ts';
import type { PodPhase } from './phase.ts';

const kubeletConditions: ReadonlySet<string> = new Set([
  'PodReadyToStartContainers',
  'PodScheduled',
  'Ready',
  'Initialized',
  'ContainersReady',
]);

const condition = (type: string, met: boolean, reason?: string, message?: string): PodCondition => ({
  type,
  status: met ? 'True' : 'False',
  ...(reason === undefined ? {} : { reason }),
  ...(message === undefined ? {} : { message }),
});
const list = (names: readonly string[]): string => `[${names.join(' ')}]`;
const sentence = (unknown: readonly string[], named: readonly string[], what: string): string =>
  [
    ...(unknown.length > 0 ? [`containers with unknown status: ${list(unknown)}`] : []),
    ...(named.length > 0 ? [`containers with ${what} status: ${list(named)}`] : []),
  ].join(', ');

export function containersReady(pod: Pod, statuses: readonly ContainerStatus[], phase: PodPhase): PodCondition {
  const spec = specOf(pod);
  const byName = new Map(statuses.map((status) => [status.name, status]));
  const expected = [...(spec.initContainers ?? []).filter(isRestartableInit), ...spec.containers].map(
    ({ name }) => name,
  );
  const unknown = expected.filter((name) => !byName.has(name));
  const unready = expected.filter((name) => byName.get(name)?.ready === false);
  if (phase === 'Succeeded' && unknown.length === 0) return condition('ContainersReady', false, 'PodCompleted');
  if (phase === 'Failed') return condition('ContainersReady', false, 'PodFailed');
  const message = sentence(unknown, unready, 'unready');
  return message === ''
    ? condition('ContainersReady', true)
    : condition('ContainersReady', false, 'ContainersNotReady', message);
}

export function podReady(pod: Pod, containers: PodCondition, conditions: readonly PodCondition[]): PodCondition {
  if (containers.status !== 'True') return { ...containers, type: 'Ready' };
  const messages = (specOf(pod).readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = conditions.find(({ type }) => type === conditionType);
    if (gate === undefined) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    return gate.status === 'True'
      ? []
      : [`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`];
  });
  return messages.length === 0
    ? condition('Ready', true)
    : condition('Ready', false, 'ReadinessGatesNotReady', messages.join(', '));
}

export function initialized(pod: Pod, statuses: readonly ContainerStatus[], phase: PodPhase): PodCondition {
  const spec = specOf(pod);
  const byName = new Map(statuses.map((status) => [status.name, status]));
  const unknown: string[] = [];
  const incomplete: string[] = [];
  for (const container of spec.initContainers ?? []) {
    const status = byName.get(container.name);
    if (status === undefined) unknown.push(container.name);
    else if (!(isRestartableInit(container) ? status.started === true : status.ready)) incomplete.push(container.name);
  }
  if (phase === 'Succeeded' && unknown.length === 0) return condition('Initialized', true, 'PodCompleted');
  const started = spec.containers.some(({ name }) => {
    const status = byName.get(name);
    return (
      status?.state?.running !== undefined ||
      status?.state?.terminated !== undefined ||
      status?.lastState?.terminated !== undefined
    );
  });
  const message = started ? '' : sentence(unknown, incomplete, 'incomplete');
  return message === ''
    ? condition('Initialized', true)
    : condition('Initialized', false, 'ContainersNotInitialized', message);
}

/** All of the kubelet's conditions, after those that others own (they stay as they are in the API object). */
export function podConditions(
  pod: Pod,
  statuses: readonly ContainerStatus[],
  runtime: RuntimePodStatus,
  phase: PodPhase,
): PodCondition[] {
  const others = (pod.status?.conditions ?? []).filter(({ type }) => !kubeletConditions.has(type));
  const ready = containersReady(pod, statuses, phase);
  const generation = pod.metadata?.generation;
  const own = [
    condition('PodReadyToStartContainers', !sandboxChanged(pod, runtime).changed),
    initialized(pod, statuses, phase),
    podReady(pod, ready, others),
    ready,
    condition('PodScheduled', true),
  ].map((made) => (generation === undefined ? made : { ...made, observedGeneration: generation }));
  return [...others, ...own];
}
