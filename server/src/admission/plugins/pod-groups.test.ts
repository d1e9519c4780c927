/** PodGroupProtection, PodGroupWorkloadExists and JobValidation, which feature gate GenericWorkload turns on. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { parseFeatureGates } from '../../apiserver/feature-gates.ts';
import { pick, startTestCluster } from '../testing/cluster.ts';
import { PluginFixture } from '../testing/plugins.ts';

let fixture: PluginFixture;
beforeEach(() => {
  fixture = new PluginFixture();
  fixture.more = { featureGates: parseFeatureGates('GenericWorkload=true') };
});

const line = 'create podgroups.scheduling.k8s.io';
const protection = 'scheduling.k8s.io/podgroup-protection';

test('a PodGroup is protected, once', async () => {
  const plugin = fixture.plugin('PodGroupProtection');
  const finalizersOf = async (finalizers?: string[]) =>
    (await fixture.run(plugin, { line, object: { metadata: { name: 'g', finalizers } } })).object?.metadata?.finalizers;
  assert.deepEqual(await finalizersOf(), [protection]);
  assert.deepEqual(await finalizersOf(['a/b']), ['a/b', protection]);
  assert.deepEqual(await finalizersOf([protection]), [protection]);
});

test('a PodGroup names a Workload’s template that is there', async () => {
  const plugin = fixture.plugin('PodGroupWorkloadExists');
  const workload = { workloadName: 'w', podGroupTemplateName: 't' };
  const create = (podGroupTemplateRef?: object) =>
    fixture.run(plugin, { line, object: { metadata: { name: 'g' }, spec: { podGroupTemplateRef } } });
  const put = (metadata: object, ...templates: string[]) =>
    fixture.objects.put('workloads.scheduling.k8s.io', {
      metadata: { namespace: 'ns', name: 'w', ...metadata },
      spec: { podGroupTemplates: templates.map((name) => ({ name })) },
    } as object);
  const refusal = (reason: string) => ({
    message: `podgroups.scheduling.k8s.io "g" is forbidden: PodGroup rejected: ${reason}`,
  });
  await create();
  await assert.rejects(create({ workload }), refusal('Workload "w" not found'));
  put({}, 'other');
  await assert.rejects(create({ workload }), refusal('PodGroupTemplate "t" not found in Workload "w"'));
  put({}, 'other', 't');
  await create({ workload });
  put({ deletionTimestamp: '2030-01-01T00:00:00Z' }, 't');
  await assert.rejects(create({ workload }), refusal('Workload "w" is being deleted'));
});

test('a Job whose pods start together keeps its parallelism', async () => {
  const plugin = fixture.plugin('JobValidation');
  const job = (parallelism: number, schedulingGroup?: object) => ({
    metadata: { namespace: 'ns', name: 'j', uid: 'u' },
    spec: { parallelism, template: { spec: { schedulingGroup } } },
  });
  const put = (name: string, policy: object, ...ownerReferences: object[]) =>
    fixture.objects.put('podgroups.scheduling.k8s.io', {
      metadata: { namespace: 'ns', name, ownerReferences },
      spec: { schedulingPolicy: policy },
    } as object);
  const scale = (named?: object) =>
    fixture.run(plugin, { line: 'update jobs.batch', object: job(2, named), oldObject: job(1, named) });
  const refusal = (group: string) => ({
    message: `jobs.batch "j" is forbidden: cannot change parallelism for a Job referencing gang-scheduled PodGroup "${group}"`,
  });
  await scale();
  put('foreign', { gang: { minCount: 1 } }, { uid: 'u', controller: false });
  await scale();
  put('own', { basic: {} }, { uid: 'u', controller: true });
  await scale();
  put('own', { gang: { minCount: 1 } }, { uid: 'u', controller: true });
  await assert.rejects(scale(), refusal('own'));
  await assert.rejects(scale({ podGroupName: 'foreign' }), refusal('foreign'));
  await scale({ podGroupName: 'none' });
  const same = { object: job(1), oldObject: job(1) };
  await fixture.run(plugin, { line: 'update jobs.batch', ...same });
});

test('they are off by default', () => {
  fixture.more = {};
  for (const name of ['PodGroupProtection', 'PodGroupWorkloadExists', 'JobValidation'])
    assert.throws(() => fixture.plugin(name), /does not run/);
});

test('a server runs them where its feature gate says so', async () => {
  const cluster = await startTestCluster({
    featureGates: 'GenericWorkload=true',
    runtimeConfig: 'scheduling.k8s.io/v1alpha2=true',
  });
  try {
    const { status, body } = await cluster.call(
      'POST',
      '/apis/scheduling.k8s.io/v1alpha2/namespaces/default/podgroups',
      {
        metadata: { name: 'g' },
        spec: { schedulingPolicy: { basic: {} } },
      },
    );
    assert.equal(status, 201, body.message);
    assert.deepEqual(pick(body, 'metadata.finalizers'), [protection]);
  } finally {
    await cluster.stop();
  }
});
