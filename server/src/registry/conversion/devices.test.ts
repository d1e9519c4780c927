import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubernetesObject } from '@typernetes/openapi/meta';
import { sharedStorageOf } from './index.ts';

const v1beta1 = 'resource.k8s.io/v1beta1';
const selectors = [{ cel: { expression: 'true' } }];

interface Converted extends KubernetesObject {
  spec: Record<string, unknown> & { devices: { requests?: unknown[] } & unknown[]; spec: Converted['spec'] };
}

function stored(resource: string, spec: object, apiVersion = v1beta1): Converted {
  const object = { apiVersion, kind: 'Any', metadata: { name: 'one' }, spec };
  return sharedStorageOf(apiVersion, resource)!.toStorage(object) as Converted;
}

function shown(resource: string, spec: object, apiVersion = v1beta1): Converted {
  const object = { apiVersion: 'resource.k8s.io/v1', kind: 'Any', metadata: { name: 'one' }, spec };
  return sharedStorageOf(v1beta1, resource)!.fromStorage(object, apiVersion) as Converted;
}

function defaulted(resource: string, spec: object): Converted {
  const object = { apiVersion: v1beta1, kind: 'Any', spec };
  sharedStorageOf(v1beta1, resource)!.defaults![v1beta1]!(object);
  return object as Converted;
}

const claim = (...requests: object[]) => ({ devices: { requests, config: [{ requests: ['a'] }] } });

describe('requests for devices in v1beta1', () => {
  test('what they say of devices is under `exactly` in v1, and comes back', () => {
    const flat = { name: 'a', deviceClassName: 'gpu', count: 2, adminAccess: false, selectors };
    const { name, ...exactly } = flat;
    assert.deepEqual(stored('resourceclaims', claim(flat)).spec, claim({ name, exactly }));
    assert.equal(stored('resourceclaims', claim(flat)).apiVersion, 'resource.k8s.io/v1');
    assert.deepEqual(shown('resourceclaims', claim({ name, exactly })).spec, claim(flat));
  });

  test('alternatives stay as they are, and a request of nothing asks for nothing', () => {
    const alternatives = { name: 'a', firstAvailable: [{ name: 'b', deviceClassName: 'gpu' }] };
    assert.deepEqual(stored('resourceclaims', claim(alternatives)).spec, claim(alternatives));
    assert.deepEqual(shown('resourceclaims', claim(alternatives)).spec, claim(alternatives));
    assert.deepEqual(stored('resourceclaims', claim({ name: 'a', count: 0 })).spec, claim({ name: 'a' }));
  });

  test('templates have them one level deeper', () => {
    const given = { metadata: { labels: { a: 'b' } }, spec: claim({ name: 'a', deviceClassName: 'gpu' }) };
    const { spec } = stored('resourceclaimtemplates', given);
    assert.deepEqual(spec, { ...given, spec: claim({ name: 'a', exactly: { deviceClassName: 'gpu' } }) });
    assert.deepEqual(shown('resourceclaimtemplates', spec).spec, given);
  });

  test('v1beta2 is v1 by another name', () => {
    const spec = claim({ name: 'a', exactly: { deviceClassName: 'gpu' } });
    assert.deepEqual(stored('resourceclaims', spec, 'resource.k8s.io/v1beta2').spec, spec);
    assert.equal(shown('resourceclaims', spec, 'resource.k8s.io/v1beta2').apiVersion, 'resource.k8s.io/v1beta2');
  });

  test('one device is the default where there is a class, and for every alternative', () => {
    const one = { allocationMode: 'ExactCount', count: 1 };
    const alternative = { name: 'b', tolerations: [{ key: 'k' }] };
    const requests = [
      { name: 'a', deviceClassName: 'gpu' },
      { name: 'b', firstAvailable: [alternative] },
      { name: 'c', deviceClassName: 'gpu', allocationMode: 'All', tolerations: [{ key: 'k' }] },
    ];
    const { spec } = defaulted('resourceclaims', claim(...structuredClone(requests)));
    const tolerations = [{ key: 'k', operator: 'Equal' }];
    assert.deepEqual(spec.devices.requests, [
      { ...requests[0], ...one },
      { name: 'b', firstAvailable: [{ ...alternative, ...one, tolerations }] },
      { ...requests[2], tolerations },
    ]);
  });

  test('tolerations of what is allocated have their default', () => {
    const results = [{ tolerations: [{ key: 'k' }] }];
    const object = { apiVersion: v1beta1, kind: 'ResourceClaim', status: { allocation: { devices: { results } } } };
    sharedStorageOf(v1beta1, 'resourceclaims')!.defaults![v1beta1]!(object);
    assert.deepEqual(results, [{ tolerations: [{ key: 'k', operator: 'Equal' }] }]);
  });
});

describe('slices in v1beta1', () => {
  const device = { attributes: { model: { string: 'a' } }, bindsToNode: true };

  test('what is under `basic` is a device itself in v1', () => {
    const flat = { devices: [{ name: 'a', basic: device }] };
    assert.deepEqual(stored('resourceslices', flat).spec, { devices: [{ name: 'a', ...device }] });
    assert.deepEqual(shown('resourceslices', { devices: [{ name: 'a', ...device }] }).spec, flat);
  });

  test('a device of nothing has an empty `basic`, and empty maps are none', () => {
    assert.deepEqual(shown('resourceslices', { devices: [{ name: 'a' }] }).spec.devices, [{ name: 'a', basic: {} }]);
    const { spec } = stored('resourceslices', { devices: [{ name: 'a', basic: { attributes: {}, taints: [] } }] });
    assert.deepEqual(spec.devices, [{ name: 'a' }]);
  });

  test('an empty node and "not all nodes" are left out', () => {
    assert.deepEqual(stored('resourceslices', { nodeName: '', allNodes: false, devices: [] }).spec, { devices: [] });
    assert.deepEqual(shown('resourceslices', { nodeName: '', allNodes: false }).spec, {});
    assert.deepEqual(stored('resourceslices', { nodeName: 'n', allNodes: true }).spec, {
      nodeName: 'n',
      allNodes: true,
    });
  });

  test('a taint counts from now on', () => {
    const { spec } = defaulted('resourceslices', { devices: [{ name: 'a', basic: { taints: [{ key: 'k' }] } }] });
    const [found] = spec.devices as unknown as [{ basic: { taints: [{ timeAdded: string }] } }];
    assert.ok(Math.abs(Date.parse(found.basic.taints[0].timeAdded) - Date.now()) < 600_000);
  });
});
