import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldErrorMessage } from '@typernetes/openapi/meta';
import type { Pod, PodSpec } from '@typernetes/openapi/types/core/v1';
import { pods } from '../pods/index.ts';
import { validateResize } from './validate-resize.ts';

const resources = { requests: { cpu: '1', memory: '1Gi' } };
const spec: PodSpec = {
  containers: [
    { name: 'main', image: 'x', resources, resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }] },
  ],
  initContainers: [{ name: 'init', image: 'x', resources }],
};

/** What is said to a pod's /resize. */
function told(change: (spec: PodSpec) => void, before: Partial<Pod> = {}): string[] {
  const old: Pod = {
    metadata: { name: 'one' },
    spec: structuredClone(spec),
    status: { qosClass: 'Burstable' },
    ...before,
  };
  const view = structuredClone(old);
  if (view.spec) change(view.spec);
  const pod = structuredClone(old);
  pods.subresources?.resize?.apply?.(view, pod);
  return validateResize(pod, old).map(fieldErrorMessage);
}

const main = (change: object) => (spec: PodSpec) => void Object.assign(spec.containers[0] ?? {}, change);
const init = (change: object) => (spec: PodSpec) => void Object.assign(spec.initContainers?.[0] ?? {}, change);
const more = { resources: { requests: { cpu: '2', memory: '1Gi' } } };

test('cpu and memory change', () => {
  assert.deepEqual(told(main(more)), []);
  assert.deepEqual(told(init(more)), []);
  assert.deepEqual(told(main({ image: 'y' })), []);
});

test('nothing else does', () => {
  const disk = { resources: { requests: { ...resources.requests, 'ephemeral-storage': '1Gi' } } };
  assert.deepEqual(told(main(disk)), ['spec: Forbidden: only cpu and memory resources are mutable']);
  assert.deepEqual(told(init(disk)), [
    'spec.initContainers[0]: Forbidden: only cpu and memory resources for init or sidecar containers are mutable',
  ]);
  assert.deepEqual(told(main({ resizePolicy: undefined })), [
    'spec: Forbidden: only cpu and memory resources are mutable',
  ]);
  assert.deepEqual(told(main({ resources: { requests: { cpu: '2' } } })), [
    'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
  ]);
});

test('containers stay as they are', () => {
  assert.deepEqual(told(main({ name: 'other' })), [
    'spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize',
  ]);
  assert.deepEqual(
    told((spec) => void delete spec.initContainers),
    ['spec.initContainers: Forbidden: initContainers may not be added or removed on resize'],
  );
});

test('the resources of the pod', () => {
  const whole = { ...spec, resources };
  assert.deepEqual(
    told((spec) => void (spec.resources = more.resources), { spec: whole }),
    [],
  );
  assert.deepEqual(
    told((spec) => void delete spec.resources, { spec: whole }),
    ['spec.resources: Forbidden: pod-level resources cannot be removed'],
  );
  assert.deepEqual(
    told((spec) => void (spec.resources = { requests: { cpu: '1' } }), { spec: whole }),
    ['spec.resources.requests: Forbidden: pod-level resource requests cannot be removed'],
  );
});

test('a node that does not tell of resources cannot change them', () => {
  const running = { name: 'main', state: { running: {} }, image: 'x', imageID: 'x', ready: true, restartCount: 0 };
  const status = { qosClass: 'Burstable', containerStatuses: [running] };
  assert.deepEqual(told(main(more), { status }), ['spec: Forbidden: Pod running on node without support for resize']);
  const telling = { ...status, containerStatuses: [{ ...running, resources }] };
  assert.deepEqual(told(main(more), { status: telling }), []);
});
