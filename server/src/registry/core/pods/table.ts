import type { ContainerStatus, Pod, PodStatus } from '@typernetes/openapi/types/core/v1';
import type { TableDefinition } from '../../generic/table.ts';
import { age, ageColumn, nameColumn, since, text } from '../../printing/index.ts';
import { isRestartableInitContainer, isTerminalPhase } from '../pod/phase.ts';

/** The Ready, Status and Restarts cells: one reading of a pod's container states, as `kubectl get pods` shows them. */
export interface PodSummary {
  ready: number;
  total: number;
  status: string;
  restarts: string;
}

export function summarizePod(pod: Pod, now: Date): PodSummary {
  const phase = pod.status?.phase ?? '';
  const initContainers = pod.spec?.initContainers ?? [];
  const restartable = new Set(initContainers.filter(isRestartableInitContainer).map((container) => container.name));
  const total = (pod.spec?.containers ?? []).length + restartable.size;

  let status = pod.status?.reason || phase;
  for (const condition of pod.status?.conditions ?? []) {
    if (condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated') status = 'SchedulingGated';
  }

  const all = new RestartCount();
  const ofRestartable = new RestartCount();
  let ready = 0;
  let initializing = false;
  for (const [index, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    all.add(container);
    const stays = restartable.has(container.name);
    if (stays) ofRestartable.add(container);
    const { terminated } = container.state ?? {};
    if (terminated && terminated.exitCode === 0) continue;
    if (stays && container.started === true) {
      if (container.ready) ready++;
      continue;
    }
    status = initStatus(container, index, initContainers.length);
    initializing = true;
    break;
  }

  let count = all;
  if (!initializing || isConditionTrue(pod.status, 'Initialized')) {
    count = ofRestartable;
    const main = summarizeContainers(pod.status?.containerStatuses ?? [], count, status);
    ready += main.ready;
    status = main.status;
    if (status === 'Completed') {
      if (main.ready > 0 && isConditionTrue(pod.status, 'Ready')) status = 'Running';
      else if (main.errorStatus !== '') status = main.errorStatus;
      else if (main.ready > 0) status = 'NotReady';
    }
  }

  if (pod.metadata?.deletionTimestamp) {
    if (pod.status?.reason === 'NodeLost') status = 'Unknown';
    else if (!isTerminalPhase(phase)) status = 'Terminating';
  }
  return { ready, total, status, restarts: count.text(now) };
}

/** Restarts of some containers and when the last one ended. */
class RestartCount {
  #restarts = 0;
  #last: string | undefined;

  add(container: ContainerStatus): void {
    this.#restarts += container.restartCount ?? 0;
    const finishedAt = container.lastState?.terminated?.finishedAt;
    if (finishedAt && (this.#last === undefined || Date.parse(finishedAt) > Date.parse(this.#last)))
      this.#last = finishedAt;
  }

  text(now: Date): string {
    if (this.#restarts === 0 || this.#last === undefined) return `${this.#restarts}`;
    return `${this.#restarts} (${since(this.#last, now)} ago)`;
  }
}

function initStatus(container: ContainerStatus, index: number, total: number): string {
  const { terminated, waiting } = container.state ?? {};
  if (terminated) return `Init:${terminated.reason || exitText(terminated)}`;
  if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`;
  return `Init:${index}/${total}`;
}

/** The first container in order that has something to say wins, so they are read from the last to the first. */
function summarizeContainers(containers: readonly ContainerStatus[], count: RestartCount, initial: string) {
  let status = initial;
  let errorStatus = '';
  let ready = 0;
  for (const container of containers.toReversed()) {
    count.add(container);
    const { waiting, terminated, running } = container.state ?? {};
    if (waiting?.reason) {
      status = waiting.reason;
    } else if (terminated) {
      status = terminated.reason || exitText(terminated);
      if (terminated.exitCode !== 0) errorStatus = status;
    } else if (container.ready && running) {
      ready++;
    }
  }
  return { status, errorStatus, ready };
}

function exitText(terminated: { exitCode: number; signal?: number }): string {
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

function isConditionTrue(status: PodStatus | undefined, type: string): boolean {
  return (status?.conditions ?? []).find((condition) => condition.type === type)?.status === 'True';
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const met = gates.filter((gate) => isConditionTrue(pod.status, gate.conditionType)).length;
  return `${met}/${gates.length}`;
}

export const podTable: TableDefinition<Pod> = {
  columns: [
    nameColumn,
    text('Ready'),
    text('Status'),
    text('Restarts'),
    ageColumn,
    text('IP', 1),
    text('Node', 1),
    text('Nominated Node', 1),
    text('Readiness Gates', 1),
  ],
  cells(pod, now) {
    const summary = summarizePod(pod, now);
    return [
      pod.metadata?.name ?? '',
      `${summary.ready}/${summary.total}`,
      summary.status,
      summary.restarts,
      age(pod, now),
      pod.status?.podIPs?.[0]?.ip || '<none>',
      pod.spec?.nodeName || '<none>',
      pod.status?.nominatedNodeName || '<none>',
      readinessGates(pod),
    ];
  },
};
