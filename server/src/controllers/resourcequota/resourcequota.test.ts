import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { resources } from '@typernetes/openapi/client';
import { type Harness, startHarness } from '../testing/harness.ts';
import { countedResources } from './counted-resources.ts';
import { startResourceQuotaController } from './resource-quota-controller.ts';

describe('ResourceQuota', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await startHarness([startResourceQuotaController]);
  });
  afterEach(() => harness.stop());

  it('counts what is there, and what goes', async () => {
    const { server } = harness;
    const pod = (name: string, cpu: string): unknown =>
      server.put(resources.pods, {
        metadata: { name, namespace: 'default' },
        spec: { containers: [{ name: 'c', resources: { requests: { cpu } } }] },
        status: { phase: 'Running' },
      });
    pod('a', '250m');
    pod('b', '1');
    server.put(resources.services, { metadata: { name: 's', namespace: 'default' }, spec: { type: 'ClusterIP' } });
    server.put(resources.deployments, { metadata: { name: 'd', namespace: 'default' } });
    server.put(resources.resourceQuotas, {
      metadata: { name: 'q', namespace: 'default' },
      spec: {
        hard: { pods: '5', 'requests.cpu': '2', services: '3', 'count/deployments.apps': '4', configmaps: '9' },
      },
    });
    const used = () => server.get(resources.resourceQuotas, 'default', 'q')?.status?.used;
    await server.waitFor(() => used() !== undefined, 'a status');
    assert.deepEqual(used(), {
      pods: '2',
      'requests.cpu': '1250m',
      services: '1',
      'count/deployments.apps': '1',
      configmaps: '0',
    });
    server.remove(resources.pods, 'default', 'a');
    await server.waitFor(() => used()?.['requests.cpu'] === '1', 'less');
    const b = server.get(resources.pods, 'default', 'b') ?? assert.fail();
    server.put(resources.pods, { ...b, status: { phase: 'Succeeded' } });
    await server.waitFor(() => used()?.['pods'] === '0', 'none');
    server.remove(resources.deployments, 'default', 'd');
    await server.waitFor(() => used()?.['count/deployments.apps'] === '0', 'no deployment');
  });

  it('counts anew when an object comes under a quota, or leaves it', async () => {
    const { server } = harness;
    const claim = (spec: object, status: object = {}): unknown =>
      server.put(resources.persistentVolumeClaims, { metadata: { name: 'c', namespace: 'default' }, spec, status });
    const matchExpressions = [{ scopeName: 'VolumeAttributesClass', operator: 'In' as const, values: ['gold'] }];
    server.put(resources.resourceQuotas, {
      metadata: { name: 'q', namespace: 'default' },
      spec: { hard: { persistentvolumeclaims: '5' }, scopeSelector: { matchExpressions } },
    });
    const used = () => server.get(resources.resourceQuotas, 'default', 'q')?.status?.used?.['persistentvolumeclaims'];
    claim({ volumeAttributesClassName: 'gold' });
    await server.waitFor(() => used() === '1', 'one');
    claim({ volumeAttributesClassName: 'silver' });
    await server.waitFor(() => used() === '0', 'none');
    claim({ volumeAttributesClassName: 'silver' }, { currentVolumeAttributesClassName: 'gold' });
    await server.waitFor(() => used() === '1', 'one again');
  });

  it('leaves out what it cannot count', async () => {
    const { server } = harness;
    const hard = {
      'count/widgets.example.com': '1',
      'count/nodes': '1',
      'count/events': '1',
      'example.com/thing': '1',
      secrets: '1',
    };
    server.put(resources.resourceQuotas, { metadata: { name: 'q', namespace: 'default' }, spec: { hard } });
    const status = () => server.get(resources.resourceQuotas, 'default', 'q')?.status;
    await server.waitFor(() => status()?.used !== undefined, 'a status');
    assert.deepEqual(status(), { hard, used: { secrets: '0' } });
  });

  it('counts nothing in a scope that names what no label can be', async () => {
    const { server } = harness;
    server.put(resources.pods, { metadata: { name: 'p', namespace: 'default' }, spec: { containers: [] } });
    const matchExpressions = [{ scopeName: 'PriorityClass', operator: 'NotIn' as const, values: ['a b'] }];
    server.put(resources.resourceQuotas, {
      metadata: { name: 'q', namespace: 'default' },
      spec: { hard: { pods: '5' }, scopeSelector: { matchExpressions } },
    });
    const used = () => server.get(resources.resourceQuotas, 'default', 'q')?.status?.used;
    await server.waitFor(() => used() !== undefined, 'a status');
    assert.deepEqual(used(), { pods: '0' });
  });

  it('counts devices as the extended resource that their class provides', async () => {
    const { server } = harness;
    const type = (resource: string, kind: string, namespaced: boolean) =>
      ({ group: 'resource.k8s.io', version: 'v1', resource, kind, namespaced }) as const;
    const extendedResourceName = 'example.com/gpu';
    server.put(type('deviceclasses', 'DeviceClass', false), {
      metadata: { name: 'gold' },
      spec: { extendedResourceName },
    });
    const exactly = { deviceClassName: 'gold', allocationMode: 'ExactCount', count: 3 };
    server.put(type('resourceclaims', 'ResourceClaim', true), {
      metadata: { name: 'c', namespace: 'default' },
      spec: { devices: { requests: [{ name: 'r', exactly }] } },
    });
    const requests = { 'example.com/gpu': '2' };
    server.put(resources.pods, {
      metadata: { name: 'p', namespace: 'default' },
      spec: { containers: [{ name: 'c', resources: { requests } }] },
    });
    const hard = { 'requests.example.com/gpu': '9', 'requests.other.com/gpu': '9' };
    server.put(resources.resourceQuotas, { metadata: { name: 'q', namespace: 'default' }, spec: { hard } });
    const used = () => server.get(resources.resourceQuotas, 'default', 'q')?.status?.used;
    await server.waitFor(() => used() !== undefined, 'a status');
    assert.deepEqual(used(), { 'requests.example.com/gpu': '5', 'requests.other.com/gpu': '0' });
  });

  it('knows what its names count', () => {
    const hard = {
      'requests.cpu': '1',
      'gold.storageclass.storage.k8s.io/requests.storage': '1',
      'count/jobs.batch': '1',
      'gold.deviceclass.resource.k8s.io/devices': '1',
    };
    assert.deepEqual(
      [...countedResources({ spec: { hard } }).keys()],
      ['pods.', 'persistentvolumeclaims.', 'jobs.batch', 'resourceclaims.resource.k8s.io'],
    );
  });
});
