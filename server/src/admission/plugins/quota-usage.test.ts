/** What objects count against quotas, where it depends on more than what they ask for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { DeviceClass, ResourceClaim } from '@typernetes/openapi/types/resource/v1';
import { DeviceClasses } from './quota-devices.ts';
import { isCounted, namesAbout } from './quota-names.ts';
import { unstated, usageOf } from './quota-usage.ts';
import { printList } from './resource-list.ts';

const now = new Date('2030-01-01T00:00:00Z');
const pods = { group: '', resource: 'pods' };
const deviceClaims = { group: 'resource.k8s.io', resource: 'resourceclaims' };

const resizing = (reason: string) => ({
  spec: {
    containers: [{ name: 'c', resources: { requests: { cpu: '1' }, limits: { cpu: '1' } } }],
    initContainers: [
      { name: 'once', resources: { requests: { cpu: '100m' } } },
      { name: 'side', restartPolicy: 'Always', resources: { requests: { cpu: '100m' } } },
    ],
  },
  status: {
    conditions: [{ type: 'PodResizePending', reason }],
    containerStatuses: [
      {
        name: 'c',
        allocatedResources: { cpu: '700m' },
        resources: { requests: { cpu: '500m' }, limits: { cpu: '2' } },
      },
    ],
    initContainerStatuses: [
      { name: 'once', resources: { requests: { cpu: '9' } } },
      { name: 'side', resources: { requests: { cpu: '300m' } } },
    ],
  },
});

test('a pod that is being resized counts the most of what it has and asks for', () => {
  assert.equal(
    printList(usageOf(pods, resizing('Deferred') as object, now)),
    'count/pods=1,cpu=1300m,limits.cpu=2,pods=1,requests.cpu=1300m',
  );
  assert.equal(
    printList(usageOf(pods, resizing('Infeasible') as object, now)),
    'count/pods=1,cpu=1,limits.cpu=2,pods=1,requests.cpu=1',
  );
});

test('devices asked for as an extended resource', () => {
  const requests = { [`deviceclass.resource.kubernetes.io/gold`]: '2', 'mykubernetes.io/no': '1', 'a.b/gpu': '3' };
  const pod = { spec: { containers: [{ name: 'c', resources: { requests } }] } };
  assert.equal(
    printList(usageOf(pods, pod as object, now)),
    'count/pods=1,pods=1,requests.a.b/gpu=3,requests.deviceclass.resource.kubernetes.io/gold=2',
  );
});

test('what every container must state, unless the pod states it as a whole', () => {
  const container = { name: 'c', resources: {} };
  const withPod = (resources: object) =>
    unstated({ spec: { containers: [container], resources } } as object, ['limits.cpu', 'pods']);
  assert.equal(withPod({ limits: { memory: '1' } }), undefined);
  assert.equal(withPod({ requests: {} }), 'must specify limits.cpu for: c');
});

const classes: DeviceClass[] = [
  { metadata: { name: 'gold' }, spec: { extendedResourceName: 'example.com/gpu' } },
  { metadata: { name: 'tin' }, spec: {} },
];
const request = { deviceClassName: 'gold', allocationMode: 'ExactCount', count: 3 };
const claim = (name: string, metadata: object = {}): ResourceClaim => ({
  metadata: { name, namespace: 'ns', creationTimestamp: '2029-01-01T00:00:00Z', ...metadata },
  spec: { devices: { requests: [{ name: 'r', exactly: request }] } },
});
const generated = {
  annotations: { 'resource.kubernetes.io/extended-resource-claim': 'true' },
  ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true }],
};
const usageBeside = (of: ResourceClaim, pod?: object, claims: ResourceClaim[] = []) =>
  printList(
    usageOf(deviceClaims, of as KubernetesObject, now, {
      classes: new DeviceClasses(classes),
      pod: (name) => (name === 'p' ? (pod as never) : undefined),
      claims,
    }),
  );

test('a claim of devices counts as the extended resource that its class provides', () => {
  const devices = 'count/resourceclaims.resource.k8s.io=1,gold.deviceclass.resource.k8s.io/devices=3';
  const extended = 'requests.deviceclass.resource.kubernetes.io/gold=3,requests.example.com/gpu=3';
  assert.equal(usageBeside(claim('a')), `${devices},${extended}`);
  const containers = [{ name: 'c', resources: { requests: { 'example.com/gpu': '2' } } }];
  const pod = { metadata: { name: 'p', uid: 'u' }, spec: { containers } };
  const rest = 'requests.deviceclass.resource.kubernetes.io/gold=3,requests.example.com/gpu=1';
  assert.equal(usageBeside(claim('a', generated), pod), `${devices},${rest}`);
  assert.equal(usageBeside(claim('a'), pod), `${devices},${extended}`, 'nobody made it for the pod');
  assert.equal(usageBeside(claim('b', generated), pod, [claim('a', generated)]), `${devices},${extended}`);
  assert.equal(usageBeside(claim('a', generated), { ...pod, metadata: { uid: 'x' } }), `${devices},${extended}`);
  const named = (resourceClaimName: string) => ({
    ...pod,
    status: { extendedResourceClaimStatus: { resourceClaimName } },
  });
  assert.equal(usageBeside(claim('b', generated), named('b'), [claim('a', generated)]), `${devices},${rest}`);
  assert.equal(usageBeside(claim('a', generated), named('b')), `${devices},${extended}`);
});

test('names of quotas', () => {
  const names = [
    'pods',
    'limits.ephemeral-storage',
    'requests.hugepages-2Mi',
    'requests.example.com/gpu',
    'requests.deviceclass.resource.kubernetes.io/tin',
    'limits.example.com/gpu',
    'gold.storageclass.storage.k8s.io/requests.storage',
    'services.nodeports',
    'gold.deviceclass.resource.k8s.io/devices',
  ];
  assert.deepEqual(namesAbout(pods, names), names.slice(0, 5));
  assert.deepEqual(namesAbout(deviceClaims, names), names.slice(8));
  assert.deepEqual(namesAbout(deviceClaims, names, new DeviceClasses(classes)), [...names.slice(3, 5), names[8]]);
  assert.deepEqual(namesAbout({ group: '', resource: 'services' }, names), ['services.nodeports']);
  assert.equal(isCounted({ group: 'events.k8s.io', resource: 'events' }), false);
  assert.equal(isCounted({ group: 'apps', resource: 'deployments' }), true);
});
