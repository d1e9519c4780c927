import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ManagedFieldsEntry } from '@typernetes/openapi/meta';
import { type ServedTestApi, serveTestApi } from './testing/api.ts';

let api: ServedTestApi;
before(async () => {
  api = await serveTestApi();
});
after(() => api.close());

interface Answer {
  message?: string;
  apiVersion: string;
  metadata: { resourceVersion: string; labels?: object; managedFields?: ManagedFieldsEntry[] };
  data?: object;
  spec?: Record<string, unknown>;
}

async function call(method: string, path: string, body: object | string, type = 'application/json') {
  const response = await fetch(api.origin + path, {
    method,
    headers: { authorization: 'Bearer admin', 'content-type': type, 'user-agent': 'tester/1' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return {
    status: response.status,
    warning: response.headers.get('warning'),
    body: (await response.json()) as Answer,
  };
}

const apply = (path: string, body: object | string, manager = 'applier', query = '') =>
  call('PATCH', `${path}?fieldManager=${manager}${query}`, body, 'application/apply-patch+yaml');

const managers = ({ metadata }: Answer): string[] =>
  (metadata.managedFields ?? []).map(
    ({ manager, operation, apiVersion, subresource }) =>
      `${manager} ${operation} ${apiVersion}${subresource === undefined ? '' : ` ${subresource}`}`,
  );

const configMaps = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, data: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

test('an update that changes nothing keeps the resourceVersion and the times', async () => {
  const created = await call('POST', configMaps, configMap('same', { a: '1' }));
  assert.deepEqual(managers(created.body), ['tester Update v1']);
  const again = await call('PUT', `${configMaps}/same`, configMap('same', { a: '1' }));
  assert.deepEqual(again.body, created.body);
});

test('YAML is applied, and repeated keys are refused in strict validation only', async () => {
  const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: twice}\ndata:\n  a: one\n  a: two\n';
  const warned = await apply(`${configMaps}/twice`, text);
  assert.equal(warned.status, 201);
  assert.deepEqual(warned.body.data, { a: 'two' });
  assert.match(warned.warning ?? '', /line 6: key \\"a\\" already set in map/);
  const refused = await apply(`${configMaps}/twice`, text, 'applier', '&fieldValidation=Strict');
  assert.equal(refused.status, 400);
  assert.match(refused.body.message ?? '', /^error strict decoding YAML: /);
});

test('names must match, and a uid of nothing is a conflict', async () => {
  const other = await apply(`${configMaps}/named`, configMap('other', {}));
  assert.equal(other.status, 400);
  const lost = { ...configMap('lost', {}), metadata: { name: 'lost', uid: 'b7f8d5c0-0000-0000-0000-000000000000' } };
  const refused = await apply(`${configMaps}/lost`, lost);
  assert.equal(refused.status, 409);
  assert.match(refused.body.message ?? '', /uid mismatch: the provided object specified uid b7f8d5c0/);
});

test('nothing is created through a subresource', async () => {
  const path = '/apis/apps/v1/namespaces/default/deployments/absent';
  const status = await apply(`${path}/status`, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'absent' },
  });
  assert.equal(status.status, 404);
});

test('what the server resets nobody owns: status of the spec, and the spec of status', async () => {
  const quotas = '/api/v1/namespaces/default/resourcequotas';
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'quota' } };
  const hard = { 'count/secrets': '1' };
  const created = await apply(`${quotas}/quota`, { ...quota, spec: { hard }, status: { hard } });
  assert.deepEqual(Object.keys(created.body.metadata.managedFields?.[0]?.fieldsV1 ?? {}), ['f:spec']);
  const status = await apply(
    `${quotas}/quota/status`,
    { ...quota, spec: { hard }, status: { hard } },
    'status-applier',
  );
  const entry = status.body.metadata.managedFields?.find(({ manager }) => manager === 'status-applier');
  assert.equal(entry?.subresource, 'status');
  assert.deepEqual(Object.keys(entry?.fieldsV1 ?? {}), ['f:status']);
});

test('managers of two versions of one kind meet', async () => {
  const path = '/namespaces/default/horizontalpodautoscalers/scaler';
  const autoscaler = (apiVersion: string, spec: object) => ({
    apiVersion,
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'scaler' },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, ...spec },
  });
  const created = await apply(
    `/apis/autoscaling/v1${path}`,
    autoscaler('autoscaling/v1', { maxReplicas: 3, targetCPUUtilizationPercentage: 50 }),
  );
  assert.equal(created.status, 201, created.body.message ?? '');
  const refused = await apply(`/apis/autoscaling/v2${path}`, autoscaler('autoscaling/v2', { maxReplicas: 5 }), 'other');
  assert.equal(refused.status, 409);
  assert.match(refused.body.message ?? '', /conflict with "applier": \.spec\.maxReplicas$/);
  const agreed = await apply(`/apis/autoscaling/v2${path}`, autoscaler('autoscaling/v2', { maxReplicas: 3 }), 'other');
  assert.equal(agreed.status, 200, agreed.body.message ?? '');
  assert.deepEqual(managers(agreed.body).sort(), ['applier Apply autoscaling/v1', 'other Apply autoscaling/v2']);
  assert.ok(Array.isArray(agreed.body.spec?.['metrics']));
});

test('clients may write managedFields themselves, but not through a subresource', async () => {
  await call('POST', configMaps, configMap('written', { a: '1' }));
  const entry = {
    manager: 'someone',
    operation: 'Update',
    apiVersion: 'v1',
    time: '2020-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:data': { 'f:a': {} } },
  };
  const merge = 'application/merge-patch+json';
  const written = await call('PATCH', `${configMaps}/written`, { metadata: { managedFields: [entry] } }, merge);
  assert.deepEqual(written.body.metadata.managedFields, [entry]);
  const reset = await call('PATCH', `${configMaps}/written`, { metadata: { managedFields: [] } }, merge);
  assert.equal(reset.body.metadata.managedFields, undefined);
});
