/** ResourceQuota's configuration: what is used only under a quota. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { StatusError } from '@typernetes/openapi/meta';
import type { AdmissionPlugin } from '../admission.ts';
import { PluginFixture, podOf } from '../testing/plugins.ts';

let fixture: PluginFixture;
beforeEach(() => {
  fixture = new PluginFixture();
});

const limited = (...limitedResources: object[]) =>
  fixture.plugin('ResourceQuota', {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'ResourceQuotaConfiguration',
    limitedResources,
  });
const put = (hard: object, spec: object = {}) =>
  fixture.objects.put('resourcequotas', {
    metadata: { namespace: 'ns', name: 'q' },
    spec: { hard, ...spec },
    status: { hard, used: Object.fromEntries(Object.keys(hard).map((name) => [name, '0'])) },
  } as object);
const claim = (gigabytes: number) => ({
  metadata: { name: 'c' },
  spec: { storageClassName: 'gold', resources: { requests: { storage: `${gigabytes}Gi` } } },
});
const write = (plugin: AdmissionPlugin, line: string, object: object, oldObject?: object) =>
  fixture.run(plugin, { line, object, ...(oldObject === undefined ? {} : { oldObject }) });

test('what is limited is refused until a quota speaks of it', async () => {
  const plugin = limited({ resource: 'persistentvolumeclaims', matchContains: ['gold.storageclass', 'nothing'] });
  const refusal = {
    message:
      'persistentvolumeclaims "c" is forbidden: insufficient quota to consume: gold.storageclass.storage.k8s.io/persistentvolumeclaims,gold.storageclass.storage.k8s.io/requests.storage',
  };
  await assert.rejects(write(plugin, 'create persistentvolumeclaims', claim(1)), refusal);
  put({ 'gold.storageclass.storage.k8s.io/requests.storage': '5Gi' });
  await assert.rejects(write(plugin, 'create persistentvolumeclaims', claim(1)), {
    message: refusal.message.replace(/,.*/, ''),
  });
  put({
    'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
    'gold.storageclass.storage.k8s.io/requests.storage': '5Gi',
  });
  await write(plugin, 'create persistentvolumeclaims', claim(1));
  await write(plugin, 'create pods', podOf());
});

test('what was there before may stay, but not grow', async () => {
  const plugin = limited({ resource: 'persistentvolumeclaims', matchContains: ['requests.storage'] });
  await write(plugin, 'update persistentvolumeclaims', claim(2), claim(2));
  await write(plugin, 'update persistentvolumeclaims', claim(1), claim(2));
  await assert.rejects(
    write(plugin, 'update persistentvolumeclaims', claim(3), claim(2)),
    /insufficient quota to consume/,
  );
});

test('a scope that is limited needs a quota of that scope', async () => {
  const requirement = { scopeName: 'PriorityClass', operator: 'In', values: ['high', 'higher'] };
  const plugin = limited({ resource: 'pods', matchScopes: [requirement] });
  await write(plugin, 'create pods', podOf({ priorityClassName: 'low' }));
  const important = podOf({ priorityClassName: 'high' });
  await assert.rejects(write(plugin, 'create pods', important), (error) => {
    assert.ok(error instanceof StatusError);
    assert.equal(error.status.code, 500);
    assert.equal(error.message, 'insufficient quota to match these scopes: [{PriorityClass In [high higher]}]');
    return true;
  });
  put({ pods: '1' }, { scopeSelector: { matchExpressions: [{ ...requirement, values: ['high'] }] } });
  await write(plugin, 'create pods', important);
  await assert.rejects(write(plugin, 'create pods', important), /exceeded quota/);
});

test('configurations that are none, and their older form', async () => {
  assert.throws(
    () => limited({ matchContains: ['x'] }),
    /couldn't init admission plugin "ResourceQuota": limitedResources\[0\].resource: Required value/,
  );
  assert.throws(() => limited({ resource: 'pods', contains: [] }), /strict decoding error: unknown field/);
  const older = fixture.plugin('ResourceQuota', {
    apiVersion: 'resourcequota.admission.k8s.io/v1beta1',
    kind: 'Configuration',
    limitedResources: [{ resource: 'pods', matchContains: ['pods'] }],
  });
  await assert.rejects(write(older, 'create pods', podOf()), /insufficient quota to consume: count\/pods,pods$/);
});

test('growth that no quota covers is looked at', async () => {
  const plugin = limited({ resource: 'persistentvolumeclaims', matchContains: ['requests.storage'] });
  put({ persistentvolumeclaims: '5' });
  await assert.rejects(
    write(plugin, 'update persistentvolumeclaims', claim(2), claim(1)),
    /insufficient quota to consume: gold.storageclass.storage.k8s.io\/requests.storage,requests.storage$/,
  );
  await write(plugin, 'update persistentvolumeclaims', claim(2), claim(2));
});
