import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerStatus, Pod } from '@typernetes/openapi/types/core/v1';
import { podTable } from './table.ts';

const NOW = new Date('2026-01-01T01:00:00Z');
const MINUTES_AGO = (minutes: number): string => new Date(NOW.getTime() - minutes * 60_000).toISOString();

function status(name: string, state: ContainerStatus['state'], more: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name, image: 'i', imageID: '', ready: false, restartCount: 0, ...(state ? { state } : {}), ...more };
}

const running = { running: { startedAt: MINUTES_AGO(9) } };
const waiting = (reason: string): ContainerStatus['state'] => ({ waiting: { reason } });
const ended = (exitCode: number, reason = '', signal = 0): ContainerStatus['state'] => ({
  terminated: { exitCode, reason, signal },
});

function pod(part: { spec?: Partial<Pod['spec']>; status?: Pod['status']; metadata?: Pod['metadata'] }): Pod {
  return {
    metadata: { name: 'web', creationTimestamp: MINUTES_AGO(60), ...part.metadata },
    spec: { containers: [{ name: 'a' }], ...part.spec },
    status: part.status ?? {},
  };
}

const CASES: readonly [string, Pod, [ready: string, status: string, restarts: string]][] = [
  ['pending', pod({ status: { phase: 'Pending' } }), ['0/1', 'Pending', '0']],
  [
    'gated',
    pod({
      status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
    }),
    ['0/1', 'SchedulingGated', '0'],
  ],
  [
    'running',
    pod({ status: { phase: 'Running', containerStatuses: [status('a', running, { ready: true })] } }),
    ['1/1', 'Running', '0'],
  ],
  [
    'creating',
    pod({ status: { phase: 'Pending', containerStatuses: [status('a', waiting('ContainerCreating'))] } }),
    ['0/1', 'ContainerCreating', '0'],
  ],
  [
    'crash loop with the last end five minutes ago',
    pod({
      status: {
        phase: 'Running',
        containerStatuses: [
          status('a', waiting('CrashLoopBackOff'), {
            restartCount: 3,
            lastState: { terminated: { exitCode: 1, finishedAt: MINUTES_AGO(5) } },
          }),
        ],
      },
    }),
    ['0/1', 'CrashLoopBackOff', '3 (5m ago)'],
  ],
  [
    'first of two init containers runs',
    pod({
      spec: { initContainers: [{ name: 'i' }, { name: 'j' }] },
      status: {
        phase: 'Pending',
        initContainerStatuses: [status('i', running), status('j', waiting('PodInitializing'))],
        containerStatuses: [status('a', waiting('PodInitializing'))],
      },
    }),
    ['0/1', 'Init:0/2', '0'],
  ],
  [
    'init container failed',
    pod({
      spec: { initContainers: [{ name: 'i' }] },
      status: { phase: 'Pending', initContainerStatuses: [status('i', ended(1), { restartCount: 2 })] },
    }),
    ['0/1', 'Init:ExitCode:1', '2'],
  ],
  [
    'init container was killed',
    pod({
      spec: { initContainers: [{ name: 'i' }] },
      status: { phase: 'Pending', initContainerStatuses: [status('i', ended(137, '', 9))] },
    }),
    ['0/1', 'Init:Signal:9', '0'],
  ],
  [
    'a sidecar counts',
    pod({
      spec: { initContainers: [{ name: 'i', restartPolicy: 'Always' }] },
      status: {
        phase: 'Running',
        initContainerStatuses: [status('i', running, { ready: true, started: true })],
        containerStatuses: [status('a', running, { ready: true })],
      },
    }),
    ['2/2', 'Running', '0'],
  ],
  [
    'completed',
    pod({ status: { phase: 'Succeeded', containerStatuses: [status('a', ended(0, 'Completed'))] } }),
    ['0/1', 'Completed', '0'],
  ],
  [
    'one completed, one ready',
    pod({
      spec: { containers: [{ name: 'a' }, { name: 'b' }] },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: [status('a', ended(0, 'Completed')), status('b', running, { ready: true })],
      },
    }),
    ['1/2', 'Running', '0'],
  ],
  [
    'one completed, pod not ready',
    pod({
      spec: { containers: [{ name: 'a' }, { name: 'b' }] },
      status: {
        phase: 'Running',
        containerStatuses: [status('a', ended(0, 'Completed')), status('b', running, { ready: true })],
      },
    }),
    ['1/2', 'NotReady', '0'],
  ],
  [
    'error',
    pod({ status: { phase: 'Failed', containerStatuses: [status('a', ended(1, 'Error'))] } }),
    ['0/1', 'Error', '0'],
  ],
  ['evicted', pod({ status: { phase: 'Failed', reason: 'Evicted' } }), ['0/1', 'Evicted', '0']],
  [
    'terminating',
    pod({
      metadata: { name: 'web', deletionTimestamp: MINUTES_AGO(0) },
      status: { phase: 'Running', containerStatuses: [status('a', running, { ready: true })] },
    }),
    ['1/1', 'Terminating', '0'],
  ],
  [
    'deleted after it ended',
    pod({
      metadata: { name: 'web', deletionTimestamp: MINUTES_AGO(0) },
      status: { phase: 'Succeeded', containerStatuses: [status('a', ended(0, 'Completed'))] },
    }),
    ['0/1', 'Completed', '0'],
  ],
  [
    'deleted on a lost node',
    pod({
      metadata: { name: 'web', deletionTimestamp: MINUTES_AGO(0) },
      status: { phase: 'Running', reason: 'NodeLost' },
    }),
    ['0/1', 'Unknown', '0'],
  ],
];

for (const [name, object, cells] of CASES) {
  test(`pod cells: ${name}`, () => assert.deepEqual(podTable.cells(object, NOW).slice(1, 4), cells));
}

test('wide cells of a pod', () => {
  const object = pod({
    spec: { nodeName: 'n1', readinessGates: [{ conditionType: 'x/y' }, { conditionType: 'x/z' }] },
    status: { podIPs: [{ ip: '10.0.0.1' }], conditions: [{ type: 'x/y', status: 'True' }] },
  });
  assert.deepEqual(podTable.cells(object, NOW), ['web', '0/1', '', '0', '60m', '10.0.0.1', 'n1', '<none>', '1/2']);
  assert.deepEqual(podTable.cells(pod({}), NOW).slice(5), ['<none>', '<none>', '<none>', '<none>']);
  assert.equal(podTable.columns.length, 9);
});
