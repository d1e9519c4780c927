import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Pod, Toleration } from '@typernetes/openapi/types/core/v1';
import { PluginFixture, podOf } from '../testing/plugins.ts';

let fixture: PluginFixture;
beforeEach(() => {
  fixture = new PluginFixture();
});

interface Case {
  defaults?: string;
  whitelist?: string;
  configuration?: object;
  tolerations?: Toleration[];
  resources?: object;
  line?: string;
}
const prefix = 'scheduler.alpha.kubernetes.io/';
const exists = (key: string): Toleration => ({ key, operator: 'Exists', effect: 'NoSchedule' });

async function tolerationsOf({ defaults, whitelist, configuration, tolerations, resources, line }: Case) {
  const annotations = {
    ...(defaults === undefined ? {} : { [`${prefix}defaultTolerations`]: defaults }),
    ...(whitelist === undefined ? {} : { [`${prefix}tolerationsWhitelist`]: whitelist }),
  };
  fixture.objects.put('namespaces', { metadata: { name: 'ns', annotations } });
  const plugin = fixture.plugin('PodTolerationRestriction', configuration && { ...kind, ...configuration });
  const object = podOf({ tolerations, containers: [{ name: 'c', image: 'i', resources }] });
  const outcome = await fixture.run(plugin, { line: line ?? 'create pods', object, oldObject: object });
  return (outcome.object as Pod).spec?.tolerations;
}
const kind = { apiVersion: 'podtolerationrestriction.admission.k8s.io/v1alpha1', kind: 'Configuration' };

test('new pods get the namespace’s tolerations, or else the cluster’s', async () => {
  const configuration = { default: [exists('cluster')] };
  assert.equal(await tolerationsOf({}), undefined);
  assert.deepEqual(await tolerationsOf({ configuration }), [exists('cluster')]);
  assert.deepEqual(await tolerationsOf({ configuration, defaults: JSON.stringify([exists('ns')]) }), [exists('ns')]);
  assert.equal(await tolerationsOf({ configuration, defaults: '' }), undefined);
  assert.equal(await tolerationsOf({ configuration, line: 'update pods' }), undefined);
  const own: Toleration[] = [{ key: 'ns', operator: 'Equal', value: 'x', effect: 'NoSchedule' }];
  assert.deepEqual(await tolerationsOf({ tolerations: own, defaults: JSON.stringify([exists('ns')]) }), [exists('ns')]);
});

test('who asks for resources tolerates that memory runs short', async () => {
  const resources = { requests: { cpu: '1' } };
  assert.deepEqual(await tolerationsOf({ resources }), [exists('node.kubernetes.io/memory-pressure')]);
});

test('no tolerations but those that the namespace, or else the cluster, allows', async () => {
  const refusal = (scope: string) => ({
    message: `pod tolerations (possibly merged with namespace default tolerations) conflict with its ${scope} whitelist`,
  });
  const tolerations = [exists('a')];
  const configuration = { whitelist: [exists('b')] };
  await assert.rejects(tolerationsOf({ tolerations, configuration }), refusal('cluster'));
  await assert.rejects(tolerationsOf({ tolerations, whitelist: JSON.stringify([exists('c')]) }), refusal('namespace'));
  assert.deepEqual(await tolerationsOf({ tolerations, configuration, whitelist: '' }), tolerations);
  const equal: Toleration = { key: 'a', operator: 'Equal', value: 'v' };
  assert.deepEqual(await tolerationsOf({ tolerations: [equal], whitelist: '[{"key":"a","value":"v"}]' }), [equal]);
  const unsaid = { tolerations: [{ key: 'a', value: 'v' }], whitelist: JSON.stringify([equal]) };
  await assert.rejects(tolerationsOf(unsaid), refusal('namespace'));
  assert.deepEqual(await tolerationsOf({ tolerations, whitelist: '[{"operator":"Exists"}]' }), tolerations);
});

test('annotations and configurations that cannot be read', async () => {
  for (const [defaults, message] of [
    ['nonsense', "invalid character 'o' in literal null (expecting 'u')"],
    ['[{"key":1}]', 'json: cannot unmarshal number into Go struct field Toleration.key of type string'],
  ] as const)
    await assert.rejects(tolerationsOf({ defaults }), { message });
  await assert.rejects(
    tolerationsOf({ defaults: '{}' }),
    /cannot unmarshal object into Go value of type \[\]v1.Toleration/,
  );
  await assert.rejects(
    tolerationsOf({ configuration: { default: [{ key: 'a', operator: 'Like' }] } }),
    /^Error: couldn't init admission plugin "PodTolerationRestriction": invalid config: \[podtolerationrestriction.default\[0\].operator: Unsupported value: "Like": supported values: /,
  );
});
