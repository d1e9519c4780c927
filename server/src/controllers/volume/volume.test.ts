import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { resources } from '@typernetes/openapi/client';
import type { PersistentVolume, PersistentVolumeClaim } from '@typernetes/openapi/types/core/v1';
import { type Harness, startHarness } from '../testing/harness.ts';
import { startVolumeBinder } from './binder.ts';
import { startAttributesClassProtection, startClaimProtection, startVolumeProtection } from './protection.ts';

describe('persistent volumes', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await startHarness([
      startVolumeBinder,
      startClaimProtection,
      startVolumeProtection,
      startAttributesClassProtection,
    ]);
  });
  afterEach(() => harness.stop());

  const volume = (name: string, storage: string, spec: PersistentVolume['spec'] = {}): PersistentVolume =>
    harness.server.put(resources.persistentVolumes, {
      metadata: { name },
      spec: { accessModes: ['ReadWriteOnce'], capacity: { storage }, ...spec },
    });
  const claim = (name: string, spec: PersistentVolumeClaim['spec'] = {}) =>
    harness.server
      .client()
      .resource(resources.persistentVolumeClaims)
      .create('default', {
        metadata: { name },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
      });
  const getClaim = (name: string) => harness.server.get(resources.persistentVolumeClaims, 'default', name);
  const getVolume = (name: string) => harness.server.get(resources.persistentVolumes, undefined, name);

  it('lets a VolumeAttributesClass go when the last claim that names it has gone', async () => {
    const { server } = harness;
    const getClass = () => server.get(resources.volumeAttributesClasses, undefined, 'gold');
    server.put(resources.volumeAttributesClasses, { metadata: { name: 'gold' }, driverName: 'example.com' });
    await server.waitFor(() => getClass()?.metadata?.finalizers?.length, 'the finalizer');
    await claim('using', { volumeAttributesClassName: 'gold' });
    const { metadata, ...rest } = getClass() ?? assert.fail('no class');
    server.put(resources.volumeAttributesClasses, {
      ...rest,
      metadata: { ...metadata, deletionTimestamp: new Date().toISOString() },
    });
    const using = await server.waitFor(() => getClaim('using'), 'the claim');
    assert.deepEqual(getClass()?.metadata?.finalizers, ['kubernetes.io/vac-protection']);
    server.put(resources.persistentVolumeClaims, {
      ...using,
      spec: { ...using.spec, volumeAttributesClassName: undefined },
    } as PersistentVolumeClaim);
    await server.waitFor(() => (getClass()?.metadata?.finalizers ?? []).length === 0, 'no finalizer');
  });

  it('binds the smallest that suits, in both directions, and releases it', async () => {
    const { server } = harness;
    volume('small', '500Mi');
    volume('large', '10Gi');
    volume('right', '2Gi');
    await server.waitFor(() => getVolume('right')?.status?.phase === 'Available', 'available volumes');
    await claim('data');
    await server.waitFor(() => getClaim('data')?.status?.phase === 'Bound', 'a bound claim');
    assert.equal(getClaim('data')?.spec?.volumeName, 'right');
    assert.deepEqual(getClaim('data')?.status?.capacity, { storage: '2Gi' });
    assert.equal(getClaim('data')?.metadata?.annotations?.['pv.kubernetes.io/bind-completed'], 'yes');
    assert.equal(getVolume('right')?.spec?.claimRef?.uid, getClaim('data')?.metadata?.uid);
    assert.equal(getVolume('right')?.status?.phase, 'Bound');
    await server.waitFor(
      () => getClaim('data')?.metadata?.finalizers?.includes('kubernetes.io/pvc-protection'),
      'a protected claim',
    );
    await server.client().resource(resources.persistentVolumeClaims).delete('default', 'data', {});
    await server.waitFor(() => getVolume('right')?.status?.phase === 'Released', 'a released volume');
    assert.equal(getClaim('data'), undefined);
  });

  it('binds late volumes, and those kept for the claim', async () => {
    await claim('data', { storageClassName: 'manual' });
    await harness.server.waitFor(() => getClaim('data')?.status?.phase === 'Pending', 'a pending claim');
    await harness.server.waitFor(
      () => harness.events().some(({ message }) => message === 'storageclass.storage.k8s.io "manual" not found'),
      'an event',
    );
    volume('other', '5Gi');
    volume('kept', '5Gi', { storageClassName: 'manual', claimRef: { namespace: 'default', name: 'data' } });
    await harness.server.waitFor(() => getClaim('data')?.spec?.volumeName === 'kept', 'the bond');
  });

  it('asks the external provisioner', async () => {
    harness.server.put(resources.storageClasses, { metadata: { name: 'fast' }, provisioner: 'example.com/disk' });
    await claim('data', { storageClassName: 'fast' });
    await harness.server.waitFor(
      () =>
        getClaim('data')?.metadata?.annotations?.['volume.kubernetes.io/storage-provisioner'] === 'example.com/disk',
      'the annotation',
    );
  });

  it('keeps a claim while a pod uses it', async () => {
    const { server } = harness;
    server.put(resources.pods, {
      metadata: { name: 'user', namespace: 'default' },
      spec: {
        nodeName: 'n',
        containers: [],
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
      },
    });
    await claim('data');
    await server.waitFor(() => getClaim('data')?.metadata?.finalizers?.length === 1, 'a protected claim');
    await server.client().resource(resources.persistentVolumeClaims).delete('default', 'data', {});
    await server.waitFor(() => getClaim('data')?.metadata?.deletionTimestamp, 'the deletion');
    server.remove(resources.pods, 'default', 'user');
    await server.waitFor(() => getClaim('data') === undefined, 'it goes');
  });
});
