import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { parseFeatureGates } from '../../apiserver/feature-gates.ts';
import { admissionPlugins } from '../plugins/index.ts';
import { PluginFixture, podOf } from '../testing/plugins.ts';

let fixture: PluginFixture;
beforeEach(() => {
  fixture = new PluginFixture();
});

const name = 'NodeDeclaredFeatureValidator';
const cpu = (amount: string) => ({ requests: { cpu: amount } });
const bound = (spec: object, generation = 1) => podOf({ nodeName: 'n', ...spec }, { generation });
const declare = (...declaredFeatures: string[]) =>
  fixture.objects.put('nodes', { metadata: { name: 'n' }, status: { declaredFeatures } } as object);
const resize = (oldObject: object, object: object, line = 'update pods/resize') =>
  fixture.run(fixture.plugin(name), { line, object, oldObject });
const init = (amount: string, more: object = {}) => ({
  initContainers: [{ name: 'i', image: 'i', resources: cpu(amount), ...more }],
});

test('resources of the pod as a whole, and of init containers, need a node that can change them', async () => {
  const before = bound({ resources: cpu('1'), ...init('1') });
  const both = bound({ resources: cpu('2'), ...init('2') }, 2);
  const refusal = (features: string) => ({
    message: `pods "p" is forbidden: pod update requires features ${features} which are not available on node "n"`,
  });
  await assert.rejects(resize(before, both), { message: 'pods "p" is forbidden: node "n" not found' });
  declare();
  await assert.rejects(
    resize(before, both),
    refusal('InPlacePodLevelResourcesVerticalScaling, InPlacePodVerticalScalingInitContainers'),
  );
  declare('InPlacePodLevelResourcesVerticalScaling', 'SomethingElse');
  await assert.rejects(resize(before, both), refusal('InPlacePodVerticalScalingInitContainers'));
  declare('InPlacePodLevelResourcesVerticalScaling', 'InPlacePodVerticalScalingInitContainers');
  await resize(before, both);
});

test('nothing else does', async () => {
  declare();
  const before = bound({ ...init('1', { restartPolicy: 'Always' }) });
  await resize(before, bound({ ...init('2', { restartPolicy: 'Always' }) }, 2));
  await resize(before, bound({ ...init('1', { restartPolicy: 'Always' }), tolerations: [] }, 2), 'update pods');
  await resize(bound({ resources: cpu('1') }), bound({ resources: cpu('2') }), 'update pods');
  await resize(bound({ resources: cpu('1') }), bound({ resources: cpu('2') }, 2), 'update pods/status');
  await resize(podOf({ resources: cpu('1') }), podOf({ resources: cpu('2') }, { generation: 2 }));
});

test('it is there by default, and goes with its feature gate', () => {
  const names = (gates: string) =>
    admissionPlugins({
      registry: fixture.objects,
      authorizer: { authorize: () => Promise.resolve({ decision: 'deny', reason: '' }) },
      featureGates: parseFeatureGates(gates),
    }).map((plugin) => plugin.name);
  assert.ok(names('').includes(name));
  assert.ok(!names('NodeDeclaredFeatures=false').includes(name));
  assert.ok(names('NodeDeclaredFeatures=false').includes('PodTopologyLabels'));
  assert.ok(!names('PodTopologyLabelsAdmission=false').includes('PodTopologyLabels'));
});
