/** APIServices: who serves each group version, and what extension API servers are told. */
import assert from 'node:assert/strict';
import { definitionOf, definitions, establish, until, versionOf } from '../src/definitions.ts';
import { area } from '../src/promise.ts';

const promise = area('API services');
const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices';

interface ApiService {
  metadata: { name: string; labels?: Record<string, string> };
  spec: { group?: string; version: string; service?: object; groupPriorityMinimum: number; versionPriority: number };
  status: { conditions: { type: string; status: string; reason: string; message: string }[] };
}

const managed = 'kube-aggregator.kubernetes.io/automanaged';

promise('every built-in group version has a local APIService, which is available', async (context) => {
  const { items } = (await context.http.request('GET', apiServices)).json<{ items: ApiService[] }>();
  const byName = new Map(items.map((item) => [item.metadata.name, item]));
  for (const name of ['v1.', 'v1.apps', 'v1.batch', 'v2.autoscaling', 'v1.rbac.authorization.k8s.io']) {
    const item = byName.get(name);
    assert.ok(item, name);
    assert.equal(item.spec.service, undefined);
    assert.equal(item.metadata.labels?.[managed], 'onstart');
    const available = item.status.conditions.find(({ type }) => type === 'Available');
    assert.deepEqual(
      [available?.status, available?.reason, available?.message],
      ['True', 'Local', 'Local APIServices are always available'],
    );
  }
  const { spec } = byName.get('v1.apps')!;
  assert.deepEqual([spec.groupPriorityMinimum, spec.versionPriority], [17_800, 15]);
});

promise('/apis lists groups by the priorities of their APIServices', async (context) => {
  const { groups } = (await context.http.request('GET', '/apis')).json<{ groups: { name: string }[] }>();
  const names = groups.map(({ name }) => name);
  assert.equal(names[0], 'apiregistration.k8s.io');
  const order = ['apps', 'events.k8s.io', 'autoscaling', 'batch', 'policy', 'storage.k8s.io', 'discovery.k8s.io'];
  assert.deepEqual(
    names.filter((name) => order.includes(name)),
    order,
  );
});

promise('a CustomResourceDefinition has an APIService for as long as it is there', async (context) => {
  const version = versionOf('v1', { type: 'object', 'x-kubernetes-preserve-unknown-fields': true });
  const { group, name } = await establish(context, definitionOf(context, { plural: 'parts', kind: 'Part' }, [version]));
  const url = `${apiServices}/v1.${group}`;
  await until(context, async () => (await context.http.request('GET', url)).status === 200);
  const made = (await context.http.request('GET', url)).json<ApiService>();
  assert.equal(made.metadata.labels?.[managed], 'true');
  assert.deepEqual(made.spec, { group, version: 'v1', groupPriorityMinimum: 1000, versionPriority: 100 });
  await context.http.request('DELETE', `${definitions}/${name}`);
  await until(context, async () => (await context.http.request('GET', url)).status === 404);
});

promise('an APIService must be named after its group version', async (context) => {
  const group = `${context.namespace}.example.com`;
  const response = await context.http.request('POST', apiServices, {
    body: {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `v2.${group}` },
      spec: { group, version: 'v1', groupPriorityMinimum: 0, versionPriority: 2000, caBundle: 'AQID' },
    },
  });
  assert.equal(response.status, 422);
  const { details } = response.json<{ details: { causes: { field: string; message: string }[] } }>();
  assert.deepEqual(
    details.causes.map(({ field, message }) => `${field}: ${message}`),
    [
      `metadata.name: Invalid value: "v2.${group}": must be \`spec.version+"."+spec.group\`: "v1.${group}"`,
      'spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000',
      'spec.versionPriority: Invalid value: 2000: must be positive and less than 1000',
      'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
    ],
  );
});

promise('extension API servers find whom to trust, and a Role that lets them read it', async (context) => {
  const { data } = (
    await context.http.request('GET', '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication')
  ).json<{ data: Record<string, string> }>();
  assert.match(data['client-ca-file'] ?? '', /^-----BEGIN CERTIFICATE-----/);
  const role = await context.http.request(
    'GET',
    '/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/roles/extension-apiserver-authentication-reader',
  );
  assert.deepEqual(role.json<{ rules: object[] }>().rules, [
    {
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: ['extension-apiserver-authentication'],
      verbs: ['get', 'list', 'watch'],
    },
  ]);
});

promise(
  'kubectl get apiservices shows who serves each group version',
  async (context) => {
    const output = await context.kubectl.run(['get', 'apiservices', 'v1.apps']);
    assert.match(output, /^NAME +SERVICE +AVAILABLE +AGE\nv1\.apps +Local +True +\S+\n$/);
  },
  { needs: ['kubectl'] },
);
