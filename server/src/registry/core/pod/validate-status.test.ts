import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldErrorMessage } from '@typernetes/openapi/meta';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { validatePodStatusUpdate } from './validate-status.ts';

const pod = (status: object, spec: object = {}, metadata: object = {}): Pod =>
  ({ metadata, spec: { containers: [{ name: 'main', ...spec }], restartPolicy: 'Always', ...spec }, status }) as Pod;
const told = (status: object, old: object = {}, spec: object = {}): string[] =>
  validatePodStatusUpdate(pod(status, spec), pod(old, spec)).map((error) =>
    fieldErrorMessage(error).replace(/^status\./, ''),
  );

const ended = (exitCode: number): object => ({ name: 'main', state: { terminated: { exitCode } } });
const runs = { name: 'main', state: { running: {} } };

test('what has ended runs again only where it may', () => {
  const again = (exitCode: number, spec: object): boolean =>
    told({ containerStatuses: [runs] }, { containerStatuses: [ended(exitCode)] }, spec).length === 0;
  assert.ok(again(0, {}));
  assert.ok(again(1, { restartPolicy: 'OnFailure' }));
  assert.ok(!again(0, { restartPolicy: 'OnFailure' }));
  assert.ok(!again(1, { restartPolicy: 'Never' }));
  const container = (part: object): object => ({ restartPolicy: 'Always', containers: [{ name: 'main', ...part }] });
  assert.ok(!again(1, container({ restartPolicy: 'Never' })));
  const rule = (action: string): object => ({
    restartPolicy: 'Never',
    restartPolicyRules: [{ action, exitCodes: { operator: 'In', values: [42] } }],
  });
  assert.ok(again(42, container(rule('Restart'))));
  assert.ok(!again(1, container(rule('Restart'))));
  assert.ok(again(1, container(rule('RestartAllContainers'))));
  assert.ok(!again(1, { containers: [{ name: 'other' }] }));
  assert.deepEqual(told({ ephemeralContainerStatuses: [runs] }, { ephemeralContainerStatuses: [ended(0)] }), [
    'ephemeralContainerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state',
  ]);
});

test('addresses', () => {
  const of = (...ips: string[]): object => ({ hostIP: ips[0], hostIPs: ips.map((ip) => ({ ip })) });
  assert.deepEqual(told(of('10.0.0.1', 'fd00::1')), []);
  assert.match(
    told(of('10.0.0.1', '10.0.0.2'))[0] ?? '',
    /^hostIPs: Invalid value: .*no more than one IP for each IP family/,
  );
  assert.deepEqual(told({ ...of('10.0.0.1'), hostIP: '10.0.0.2' }), [
    'hostIPs[0].ip: Invalid value: "10.0.0.1": must be equal to `hostIP`',
  ]);
});

test('claims', () => {
  const spec = { resourceClaims: [{ name: 'gpu' }] };
  assert.deepEqual(told({ resourceClaimStatuses: [{ name: 'gpu', resourceClaimName: 'one' }] }, {}, spec), []);
  assert.deepEqual(told({ resourceClaimStatuses: [{ name: 'x' }, { name: 'x', resourceClaimName: 'A' }] }).length, 4);
  const container = { name: 'main', resources: { requests: { 'example.com/gpu': '1' } } };
  const claim = (resourceName: string): object => ({
    extendedResourceClaimStatus: {
      resourceClaimName: 'one',
      requestMappings: [{ containerName: 'main', resourceName, requestName: 'r' }],
    },
  });
  assert.deepEqual(told(claim('example.com/gpu'), {}, { containers: [container] }), []);
  assert.match(told(claim('cpu'), {}, { containers: [container] })[0] ?? '', /resourceName: Invalid value: "cpu"/);
});

test('users and devices of containers', () => {
  const of = (part: object, spec: object = {}): string[] =>
    told({ containerStatuses: [{ ...runs, ...part }] }, {}, spec).map((text) =>
      text.replace('containerStatuses[0].', ''),
    );
  assert.deepEqual(of({ user: { linux: { uid: -1, gid: 0, supplementalGroups: [2147483648] } } }), [
    'user.linux.uid: Invalid value: -1: must be between 0 and 2147483647, inclusive',
    'user.linux.supplementalGroups[0]: Invalid value: 2147483648: must be between 0 and 2147483647, inclusive',
  ]);
  assert.deepEqual(of({ user: { linux: { uid: 0, gid: 0 } } }, { os: { name: 'windows' } }), [
    'user.linux: Forbidden: cannot be set for a windows pod',
  ]);
  const resource = { name: 'example.com/gpu', resources: [{ resourceID: 'a', health: 'Healthy' }] };
  assert.deepEqual(of({ allocatedResourcesStatus: [resource] }), [
    'allocatedResourcesStatus[0].name: Invalid value: "example.com/gpu": must match one of the container\'s resource requests',
  ]);
  const twice = { ...resource, resources: [...resource.resources, { resourceID: 'a', health: 'Ill' }] };
  const containers = [{ name: 'main', resources: { requests: { 'example.com/gpu': '1' } } }];
  assert.deepEqual(of({ allocatedResourcesStatus: [twice] }, { containers }), [
    'allocatedResourcesStatus[0].resources[1].health: Unsupported value: "Ill": supported values: "Healthy", "Unhealthy", "Unknown"',
    'allocatedResourcesStatus[0].resources[1].resourceID: Duplicate value: "a"',
  ]);
});

test('a pod does not become a mirror pod through its status', () => {
  const annotations = { 'kubernetes.io/config.mirror': 'x' };
  assert.deepEqual(
    validatePodStatusUpdate(pod({}, {}, { annotations }), pod({})).map(({ type }) => type),
    ['FieldValueForbidden', 'FieldValueInvalid'],
  );
});
