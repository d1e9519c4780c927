/** Objects that a client of one version writes and clients of others read, own and change. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pick, startTestCluster, type TestCluster } from '../admission/testing/cluster.ts';

const devices = (version: string): string => `/apis/resource.k8s.io/${version}/namespaces/default/resourceclaims`;
const autoscalers = (version: string): string =>
  `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
const table = { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } };
const flat = { name: 'gpu', deviceClassName: 'gpu.example.com', allocationMode: 'ExactCount', count: 1 };
const { name, ...exactly } = flat;

const runtimeConfig = [
  'resource.k8s.io/v1beta1=true',
  'resource.k8s.io/v1beta2=true',
  'admissionregistration.k8s.io/v1alpha1=true',
].join();
let cluster: TestCluster;
before(async () => {
  cluster = await startTestCluster({ runtimeConfig });
  const { status } = await cluster.call('POST', devices('v1beta1'), {
    metadata: { name: 'claim' },
    spec: { devices: { requests: [{ name, deviceClassName: 'gpu.example.com' }] } },
  });
  assert.equal(status, 201);
});
after(() => cluster.stop());

test('a claim of v1beta1 is a claim of v1 and v1beta2', async () => {
  const requests = async (version: string): Promise<unknown> =>
    pick((await cluster.call('GET', `${devices(version)}/claim`)).body, 'spec.devices.requests');
  assert.deepEqual(await requests('v1beta1'), [flat]);
  assert.deepEqual(await requests('v1beta2'), [{ name, exactly }]);
  assert.deepEqual(await requests('v1'), [{ name, exactly }]);
});

test('what another version owns is in conflict there too, by its own names', async () => {
  const apply = (version: string, value: string, manager: string, force = false) =>
    cluster.call(
      'PATCH',
      `${devices(version)}/claim?fieldManager=${manager}&force=${force}`,
      {
        apiVersion: `resource.k8s.io/${version}`,
        kind: 'ResourceClaim',
        metadata: { name: 'claim', labels: { own: value } },
      },
      { contentType: 'application/apply-patch+yaml' },
    );
  assert.equal((await apply('v1beta1', 'a', 'one')).status, 200);
  const refused = await apply('v1', 'b', 'two');
  assert.equal(refused.status, 409);
  assert.match(refused.body.message ?? '', /conflict with "one": \.metadata\.labels\.own/);
  const { body } = await apply('v1', 'b', 'two', true);
  const entries = pick(body, 'metadata.managedFields') as { manager: string; apiVersion: string; operation: string }[];
  const owners = entries.map(({ manager, apiVersion, operation }) => `${manager} ${operation} ${apiVersion}`);
  assert.ok(owners.includes('two Apply resource.k8s.io/v1'), owners.join());
  assert.ok(!owners.some((owner) => owner.startsWith('one ')), owners.join());
});

test('a patch may name another version, whose fields then count', async () => {
  const patch = { apiVersion: 'resource.k8s.io/v1', metadata: { labels: { patched: 'yes' } }, spec: null };
  const url = `${devices('v1beta1')}/claim?dryRun=All`;
  const contentType = 'application/merge-patch+json';
  const immutable = await cluster.call('PATCH', url, patch, { contentType });
  assert.equal(immutable.status, 422);
  const spec = { devices: { requests: [{ name, exactly }] } };
  const { status, body } = await cluster.call('PATCH', url, { ...patch, spec }, { contentType });
  assert.equal(status, 200, body.message);
  assert.equal(body['apiVersion'], 'resource.k8s.io/v1beta1');
  assert.deepEqual(pick(body, 'spec.devices.requests'), [flat]);
});

test('a body of another version is refused, after what is unknown in it was told', async () => {
  const { status, body, warnings } = await cluster.call('PUT', `${devices('v1beta1')}/claim`, {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: { name: 'claim' },
    spec: { devices: { requests: [{ name, deviceClassName: 'gpu.example.com' }] } },
  });
  assert.equal(status, 400);
  assert.match(body.message ?? '', /API version in the data \(resource\.k8s\.io\/v1\) does not match/);
  assert.ok(warnings.includes('unknown field "spec.devices.requests[0].deviceClassName"'), warnings.join());
});

test('a Table shows what is stored: cells and metadata without what only v1 of an autoscaler has', async () => {
  const metric = (resource: string, target: object) => ({ type: 'Resource', resource: { name: resource, target } });
  const { status } = await cluster.call('POST', autoscalers('v2'), {
    metadata: { name: 'web' },
    spec: {
      scaleTargetRef: { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' },
      maxReplicas: 3,
      metrics: [
        metric('cpu', { type: 'Utilization', averageUtilization: 70 }),
        metric('memory', { type: 'AverageValue', averageValue: '1Gi' }),
      ],
    },
  });
  assert.equal(status, 201);
  const { body: whole } = await cluster.call('GET', `${autoscalers('v1')}/web`);
  assert.ok(pick(whole, 'metadata.annotations'));
  for (const url of [`${autoscalers('v1')}/web`, autoscalers('v1')]) {
    const { body } = await cluster.call('GET', url, undefined, table);
    assert.equal(pick(body, 'rows.0.cells.2'), 'cpu: <unknown>/70%, memory: <unknown>/1Gi');
    assert.equal(pick(body, 'rows.0.object.metadata.name'), 'web');
    assert.equal(pick(body, 'rows.0.object.metadata.annotations'), undefined);
  }
  const accept = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
  const { body } = await cluster.call('GET', `${autoscalers('v1')}/web`, undefined, { headers: { accept } });
  assert.equal(pick(body, 'metadata.name'), 'web');
  assert.equal(pick(body, 'metadata.annotations'), undefined);
});

test('lists of nothing say something in v1beta1 as well', async () => {
  const claim = (requests: object[]) => ({ metadata: { name: 'none' }, spec: { devices: { requests } } });
  const url = `${devices('v1beta1')}?dryRun=All`;
  const { status, body } = await cluster.call('POST', url, claim([{ name: 'a', selectors: [] }]));
  assert.equal(status, 422);
  assert.match(body.message ?? '', /requests\[0\]\.exactly\.deviceClassName: Required value/);
});

test('a binding of v1alpha1 denies where there are no parameters, unless it says otherwise', async () => {
  const url = (version: string) => `/apis/admissionregistration.k8s.io/${version}/mutatingadmissionpolicybindings`;
  const binding = { metadata: { name: 'one' }, spec: { policyName: 'policy', paramRef: { name: 'parameters' } } };
  const refused = await cluster.call('POST', url('v1'), binding);
  assert.equal(refused.status, 422);
  assert.match(refused.body.message ?? '', /parameterNotFoundAction: Required value/);
  assert.equal((await cluster.call('POST', url('v1alpha1'), binding)).status, 201);
  const { body } = await cluster.call('GET', `${url('v1')}/one`);
  assert.equal(pick(body, 'spec.paramRef.parameterNotFoundAction'), 'Deny');
});

test('kinds behind a feature gate need the gate as well as their version', async () => {
  const url = '/apis/storagemigration.k8s.io/v1beta1/storageversionmigrations';
  const runtime = { runtimeConfig: 'storagemigration.k8s.io/v1beta1=true' };
  for (const [gates, status] of [
    ['', 404],
    ['StorageVersionMigrator=true', 200],
  ] as const) {
    const gated = await startTestCluster({ ...runtime, featureGates: gates });
    try {
      assert.equal((await gated.call('GET', url)).status, status);
      const { body } = await gated.call('GET', '/apis');
      const groups = (body['groups'] as { name: string }[]).map((group) => group.name);
      assert.equal(groups.includes('storagemigration.k8s.io'), status === 200);
    } finally {
      await gated.stop();
    }
  }
});
