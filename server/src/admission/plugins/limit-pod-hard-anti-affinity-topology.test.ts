import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PluginFixture, podOf } from '../testing/plugins.ts';

const fixture = new PluginFixture();
const plugin = fixture.plugin('LimitPodHardAntiAffinityTopology');
const term = (topologyKey: string) => ({ topologyKey, labelSelector: {} });
const run = (podAntiAffinity: object, line = 'create pods') =>
  fixture.run(plugin, { line, object: podOf({ affinity: { podAntiAffinity } }), oldObject: podOf() });

test('others may be kept off the node, by preference also further', async () => {
  await run({ requiredDuringSchedulingIgnoredDuringExecution: [term('kubernetes.io/hostname')] });
  await run({ preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term('zone') }] });
  await fixture.run(plugin, { line: 'create pods', object: podOf() });
});

test('anything wider that is required is refused, subresources are not looked at', async () => {
  const wide = { requiredDuringSchedulingIgnoredDuringExecution: [term('kubernetes.io/hostname'), term('zone')] };
  for (const line of ['create pods', 'update pods'])
    await assert.rejects(run(wide, line), {
      message:
        'pods "p" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed',
    });
  await run(wide, 'update pods/status');
});
