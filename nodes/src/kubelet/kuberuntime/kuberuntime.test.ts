import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Pod, PodSpec } from '@typernetes/openapi/types/core/v1';
import { complete } from 'cri-client';
import { qosClass } from '../pod/qos.ts';
import {
  type RuntimeContainer,
  type RuntimePodStatus,
  runtimeContainer,
  runtimePodStatus,
} from '../pod/runtime-status.ts';
import { KeyedBackOff } from './back-off.ts';
import { containerAnnotations, containerLabels } from './labels.ts';
import { computePodActions, type PodActions, type ProbeResult } from './pod-actions.ts';
import { cpuQuota, cpuShares, cpuWeight, oomScoreAdjust, podResources } from './resources.ts';
import { verifyRunAsNonRoot } from './security-context.ts';

const makePod = (spec: Partial<PodSpec>): Pod => ({
  metadata: { name: 'p', namespace: 'd', uid: 'u' },
  spec: { restartPolicy: 'Always', containers: [{ name: 'c', image: 'i' }], ...spec },
});

const sandbox = (over: object = {}) =>
  complete('PodSandboxStatus', {
    id: 's1',
    state: 'SANDBOX_READY',
    metadata: { attempt: 0 },
    network: { ip: '10.0.0.1' },
    createdAt: 1n,
    ...over,
  });

let clock = 1n;
function container(
  spec: Container,
  state: 'CONTAINER_RUNNING' | 'CONTAINER_EXITED' | 'CONTAINER_CREATED',
  exitCode = 0,
  pod = makePod({}),
): RuntimeContainer {
  clock += 1n;
  return runtimeContainer(
    complete('ContainerStatus', {
      id: `${spec.name}-${clock}`,
      metadata: { name: spec.name },
      state,
      exitCode,
      createdAt: clock * 1_000_000n,
      labels: containerLabels(spec, pod),
      annotations: containerAnnotations(spec, pod, 0),
    }),
    '',
  );
}
const report = (containers: RuntimeContainer[], sandboxes = [sandbox()]): RuntimePodStatus =>
  runtimePodStatus('u', sandboxes, containers);
const none: ProbeResult = () => undefined;
const shown = ({
  killPod,
  createSandbox,
  attempt,
  initContainersToStart,
  containersToStart,
  containersToKill,
}: PodActions) => ({
  ...(killPod ? { killPod } : {}),
  ...(createSandbox ? { createSandbox, attempt } : {}),
  ...(initContainersToStart.length > 0 ? { init: initContainersToStart } : {}),
  ...(containersToStart.length > 0 ? { start: containersToStart } : {}),
  ...(containersToKill.length > 0 ? { kill: containersToKill.map(({ message }) => message) } : {}),
});
const c: Container = { name: 'c', image: 'i' };
const init: Container = { name: 'init', image: 'i' };
const init2: Container = { name: 'init2', image: 'i' };
const sidecar: Container = { name: 'side', image: 'i', restartPolicy: 'Always' };

const cases: [why: string, pod: Pod, status: RuntimePodStatus, expected: object, probes?: ProbeResult][] = [
  [
    'nothing there: a sandbox and the containers',
    makePod({}),
    report([], []),
    { killPod: true, createSandbox: true, attempt: 0, start: [0] },
  ],
  [
    'with init containers only the first',
    makePod({ initContainers: [init, init2] }),
    report([], []),
    { killPod: true, createSandbox: true, attempt: 0, init: [0] },
  ],
  [
    'a sandbox without address is made anew',
    makePod({}),
    report([], [sandbox({ network: { ip: '' } })]),
    { killPod: true, createSandbox: true, attempt: 1, start: [0] },
  ],
  [
    'a stopped sandbox is made anew',
    makePod({}),
    report([container(c, 'CONTAINER_EXITED')], [sandbox({ state: 'SANDBOX_NOTREADY' })]),
    { killPod: true, createSandbox: true, attempt: 1, start: [0] },
  ],
  [
    'but not where nothing may run again',
    makePod({ restartPolicy: 'Never' }),
    report([container(c, 'CONTAINER_EXITED')], [sandbox({ state: 'SANDBOX_NOTREADY' })]),
    { killPod: true },
  ],
  ['running: nothing to do', makePod({}), report([container(c, 'CONTAINER_RUNNING')]), {}],
  ['exited, Always: again', makePod({}), report([container(c, 'CONTAINER_EXITED')]), { start: [0] }],
  [
    'exited well, OnFailure: the pod is done',
    makePod({ restartPolicy: 'OnFailure' }),
    report([container(c, 'CONTAINER_EXITED')]),
    { killPod: true },
  ],
  [
    'exited badly, OnFailure: again',
    makePod({ restartPolicy: 'OnFailure' }),
    report([container(c, 'CONTAINER_EXITED', 1)]),
    { start: [0] },
  ],
  [
    'a changed image: killed and restarted',
    makePod({ containers: [{ ...c, image: 'other' }] }),
    report([container(c, 'CONTAINER_RUNNING')]),
    { start: [0], kill: ['Container c definition changed, will be restarted'] },
  ],
  [
    'failed liveness',
    makePod({}),
    report([container(c, 'CONTAINER_RUNNING')]),
    { start: [0], kill: ['Container c failed liveness probe, will be restarted'] },
    (_, probe) => (probe === 'liveness' ? 'failure' : undefined),
  ],
  ['init runs: wait', makePod({ initContainers: [init] }), report([container(init, 'CONTAINER_RUNNING')]), {}],
  [
    'init done: the next one',
    makePod({ initContainers: [init, init2] }),
    report([container(init, 'CONTAINER_EXITED')]),
    { init: [1] },
  ],
  [
    'all init done: the containers',
    makePod({ initContainers: [init, init2] }),
    report([container(init2, 'CONTAINER_EXITED')]),
    { start: [0] },
  ],
  [
    'init failed: again',
    makePod({ initContainers: [init] }),
    report([container(init, 'CONTAINER_EXITED', 1)]),
    { init: [0] },
  ],
  [
    'init failed, Never: the end',
    makePod({ initContainers: [init], restartPolicy: 'Never' }),
    report([container(init, 'CONTAINER_EXITED', 1)]),
    { killPod: true },
  ],
  [
    'a sidecar that runs lets the next start',
    makePod({ initContainers: [sidecar, init] }),
    report([container(sidecar, 'CONTAINER_RUNNING')]),
    { init: [1] },
  ],
  [
    'a sidecar waits for its startup probe',
    makePod({ initContainers: [{ ...sidecar, startupProbe: {} }, init] }),
    report([container(sidecar, 'CONTAINER_RUNNING')]),
    {},
  ],
  [
    'a dead sidecar is restarted beside running containers',
    makePod({ initContainers: [sidecar] }),
    report([container(sidecar, 'CONTAINER_EXITED', 1), container(c, 'CONTAINER_RUNNING')]),
    { init: [0] },
  ],
  [
    'sidecars do not keep a done pod alive',
    makePod({ initContainers: [sidecar], restartPolicy: 'Never' }),
    report([container(sidecar, 'CONTAINER_RUNNING'), container(c, 'CONTAINER_EXITED')]),
    { killPod: true },
  ],
];
for (const [why, pod, status, expected, probes = none] of cases) {
  test(`actions: ${why}`, () => assert.deepEqual(shown(computePodActions(pod, status, probes)), expected));
}

test('back-off doubles from 10 s to 5 min and starts over after a long run', () => {
  const backOff = new KeyedBackOff(10_000, 300_000);
  const delays: number[] = [];
  let now = 0;
  for (let index = 0; index < 7; index++) {
    backOff.next('k', now, now);
    delays.push(backOff.delay('k') / 1000);
    assert.equal(backOff.inBackOffSince('k', now, now + backOff.delay('k') - 1), true);
    now += backOff.delay('k');
    assert.equal(backOff.inBackOffSince('k', now - backOff.delay('k'), now), false);
  }
  assert.deepEqual(delays, [10, 20, 40, 80, 160, 300, 300]);
  now += 700_000;
  assert.equal(backOff.inBackOffSince('k', now, now), false, 'it ran longer than ten minutes');
  backOff.next('k', now, now);
  assert.equal(backOff.delay('k'), 10_000);
});

test('cgroup numbers', () => {
  assert.deepEqual([0, 1, 250, 1000, 1e9].map(cpuShares), [2, 2, 256, 1024, 262_144]);
  assert.deepEqual([0, 1, 500, 2000].map(cpuQuota), [0, 1000, 50_000, 200_000]);
  assert.deepEqual([2, 1024, 262_144].map(cpuWeight), [1, 39, 10_000]);
  const burstable: Container = { name: 'c', resources: { requests: { memory: '1Gi' } } };
  assert.equal(oomScoreAdjust(makePod({ containers: [burstable] }), burstable, 4 * 1024 ** 3), 750);
  assert.equal(oomScoreAdjust(makePod({}), c, 1), 1000);
});

test('QoS classes and the resources of a pod as a whole', () => {
  const limits = { cpu: '1', memory: '1Gi' };
  const guaranteed = makePod({ containers: [{ name: 'c', resources: { limits, requests: limits } }] });
  assert.equal(qosClass(guaranteed), 'Guaranteed');
  assert.equal(qosClass(makePod({ containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] })), 'Burstable');
  assert.equal(qosClass(makePod({})), 'BestEffort');
  assert.deepEqual(podResources(guaranteed), {
    cpuRequestMilli: 1000,
    cpuLimitMilli: 1000,
    memoryRequest: 1024 ** 3,
    memoryLimit: 1024 ** 3,
  });
  const withInit = makePod({
    containers: [{ name: 'c', resources: { requests: { cpu: '100m' } } }],
    initContainers: [
      { ...sidecar, resources: { requests: { cpu: '50m' } } },
      { name: 'i', resources: { requests: { cpu: '500m' } } },
    ],
  });
  assert.equal(podResources(withInit).cpuRequestMilli, 550);
});

test('runAsNonRoot', () => {
  const pod = makePod({ securityContext: { runAsNonRoot: true } });
  assert.throws(() => verifyRunAsNonRoot(pod, c, { uid: 0, username: '' }), /image will run as root/);
  assert.throws(() => verifyRunAsNonRoot(pod, c, { uid: undefined, username: 'nginx' }), /non-numeric user \(nginx\)/);
  assert.throws(
    () => verifyRunAsNonRoot(pod, { ...c, securityContext: { runAsUser: 0 } }, { uid: 5, username: '' }),
    /breaks non-root policy/,
  );
  verifyRunAsNonRoot(pod, { ...c, securityContext: { runAsUser: 7 } }, { uid: 0, username: '' });
  verifyRunAsNonRoot(pod, c, { uid: 5, username: '' });
});
