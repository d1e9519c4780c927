import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerState, ContainerStatus, Pod, PodCondition, PodSpec } from '@typernetes/openapi/types/core/v1';
import { runtimePodStatus } from '../pod/runtime-status.ts';
import { containersReady, initialized, podReady } from './conditions.ts';
import { containerStatuses } from './container-statuses.ts';
import { lastStatus } from './last-status.ts';
import { podPhase } from './phase.ts';
import { statusPatch, withTransitionTimes } from './status-patch.ts';

const pod = (spec: Partial<PodSpec> = {}): Pod => ({
  metadata: { name: 'p', namespace: 'd', uid: 'u' },
  spec: { restartPolicy: 'Always', containers: [{ name: 'a' }, { name: 'b' }], ...spec },
});
const states: Record<string, ContainerState> = {
  running: { running: { startedAt: '2026-01-01T00:00:00Z' } },
  ok: { terminated: { exitCode: 0 } },
  bad: { terminated: { exitCode: 1 } },
  waiting: { waiting: { reason: 'ContainerCreating' } },
};
/** `running`, `ok`, `bad`, `waiting`, and `back-off`: waiting after a failure. */
function status(name: string, word: string, over: Partial<ContainerStatus> = {}): ContainerStatus {
  const state = word === 'back-off' ? { waiting: { reason: 'CrashLoopBackOff' } } : states[word];
  return {
    name,
    image: '',
    imageID: '',
    restartCount: 0,
    ready: word === 'running',
    started: word === 'running',
    ...(state && { state }),
    ...(word === 'back-off' ? { lastState: { terminated: { exitCode: 1 } } } : {}),
    ...over,
  };
}

const phases: [words: string[], policy: string, terminal: boolean, phase: string][] = [
  [['waiting', 'waiting'], 'Always', false, 'Pending'],
  [['running', 'waiting'], 'Always', false, 'Pending'],
  [['running', 'running'], 'Always', false, 'Running'],
  [['running', 'ok'], 'Never', false, 'Running'],
  [['ok', 'ok'], 'Always', false, 'Running'],
  [['ok', 'ok'], 'Always', true, 'Succeeded'],
  [['ok', 'ok'], 'OnFailure', false, 'Succeeded'],
  [['ok', 'bad'], 'OnFailure', false, 'Running'],
  [['ok', 'bad'], 'Never', false, 'Failed'],
  [['bad', 'ok'], 'Always', true, 'Failed'],
  [['back-off', 'back-off'], 'Always', false, 'Running'],
  [['running'], 'Always', false, 'Pending'],
];
for (const [words, restartPolicy, terminal, expected] of phases) {
  test(`phase: ${words.join(', ')} with ${restartPolicy}${terminal ? ', at its end' : ''} is ${expected}`, () => {
    const statuses = words.map((word, index) => status(index === 0 ? 'a' : 'b', word));
    assert.equal(podPhase(pod({ restartPolicy }), statuses, terminal, false), expected);
  });
}

test('phase: init containers', () => {
  const withInit = (restartPolicy: string) =>
    pod({ restartPolicy, initContainers: [{ name: 'i' }], containers: [{ name: 'a' }] });
  assert.equal(podPhase(withInit('Always'), [status('i', 'running'), status('a', 'waiting')], false, false), 'Pending');
  assert.equal(podPhase(withInit('Never'), [status('i', 'bad'), status('a', 'waiting')], false, false), 'Failed');
  assert.equal(
    podPhase(withInit('Always'), [status('i', 'back-off'), status('a', 'waiting')], false, false),
    'Pending',
  );
  assert.equal(podPhase(withInit('Always'), [status('i', 'ok'), status('a', 'running')], false, false), 'Running');
});

test('conditions with reasons and messages', () => {
  const ready = containersReady(pod(), [status('a', 'running'), status('b', 'waiting')], 'Pending');
  assert.deepEqual(ready, {
    type: 'ContainersReady',
    status: 'False',
    reason: 'ContainersNotReady',
    message: 'containers with unready status: [b]',
  });
  assert.equal(containersReady(pod(), [], 'Pending').message, 'containers with unknown status: [a b]');
  assert.equal(containersReady(pod(), [status('a', 'ok'), status('b', 'ok')], 'Succeeded').reason, 'PodCompleted');
  const all: PodCondition = { type: 'ContainersReady', status: 'True' };
  const gated = pod({ readinessGates: [{ conditionType: 'x/y' }] });
  assert.equal(podReady(gated, all, []).message, 'corresponding condition of pod readiness gate "x/y" does not exist.');
  assert.equal(podReady(gated, all, [{ type: 'x/y', status: 'True' }]).status, 'True');
  const withInit = pod({ initContainers: [{ name: 'i' }, { name: 'j' }] });
  assert.equal(
    initialized(withInit, [status('i', 'ok', { ready: true }), status('j', 'running', { ready: false })], 'Pending')
      .message,
    'containers with incomplete status: [j]',
  );
});

test('a container that vanished while running counts as stopped, one that never ran waits', () => {
  const sources = {
    pod: pod(),
    runtime: runtimePodStatus('u', [], []),
    runtimeName: 'containerd',
    reasonOf: () => undefined,
  };
  const [a, b] = containerStatuses(sources, pod().spec?.containers ?? [], [status('a', 'running')], false);
  assert.equal(a?.lastState?.terminated?.reason, 'ContainerStatusUnknown');
  assert.equal(a?.restartCount, 1);
  assert.deepEqual(b?.state, { waiting: { reason: 'ContainerCreating' } });
  const failed = containerStatuses(
    { ...sources, reasonOf: () => ({ reason: 'ErrImagePull', message: 'why' }) },
    [{ name: 'a' }],
    [],
    false,
  );
  assert.deepEqual(failed[0]?.state, { waiting: { reason: 'ErrImagePull', message: 'why' } });
});

test('at its end every container is terminated', () => {
  const last = lastStatus(pod(), { containerStatuses: [status('a', 'back-off'), status('b', 'running')] });
  assert.equal(last.containerStatuses?.[0]?.state?.terminated?.exitCode, 1);
  assert.equal(last.containerStatuses?.[1]?.state?.terminated?.reason, 'ContainerStatusUnknown');
});

test('patches hold what changed: conditions by type, nulls for what is gone', () => {
  const before = {
    phase: 'Pending',
    message: 'x',
    conditions: [
      { type: 'Ready', status: 'False', reason: 'R' },
      { type: 'Other', status: 'True' },
    ],
    podIPs: [{ ip: '1' }],
  };
  const after = {
    phase: 'Pending',
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Other', status: 'True' },
    ],
    podIPs: [{ ip: '2' }],
  };
  assert.deepEqual(statusPatch(before, after), {
    message: null,
    conditions: [{ type: 'Ready', status: 'True', reason: null }],
    podIPs: [{ ip: '2' }, { $patch: 'delete', ip: '1' }],
  });
  assert.equal(statusPatch(after, structuredClone(after)), undefined);
});

test('a condition keeps its time while its status stays', () => {
  const before = [{ type: 'Ready', status: 'False', lastTransitionTime: 'then' }];
  assert.equal(
    withTransitionTimes([{ type: 'Ready', status: 'False', reason: 'new' }], before, 'now')[0]?.lastTransitionTime,
    'then',
  );
  assert.equal(withTransitionTimes([{ type: 'Ready', status: 'True' }], before, 'now')[0]?.lastTransitionTime, 'now');
});
