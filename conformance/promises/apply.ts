/** Server-side apply and managedFields, through kubectl as its users have it and raw HTTP for what kubectl does not show. */
import assert from 'node:assert/strict';
import type { PromiseContext } from '../src/context.ts';
import { area, type PromiseOptions } from '../src/promise.ts';

const promise = area('apply');
const needs: PromiseOptions = { needs: ['kubectl'] };

interface Entry {
  manager: string;
  operation: string;
  apiVersion: string;
  time?: string;
  fieldsType: string;
  fieldsV1: Record<string, unknown>;
  subresource?: string;
}

interface Managed {
  metadata: {
    resourceVersion: string;
    uid: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    managedFields?: Entry[];
  };
  data?: Record<string, string>;
  spec?: { replicas?: number };
}

interface StatusBody {
  reason?: string;
  message: string;
  details?: { causes?: { reason: string; message: string; field: string }[] };
}

const configMap = (name: string, data: Record<string, string>): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

const deployment = (name: string, replicas?: number): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'main', image: 'example.invalid/one' }] },
      },
    },
  });

/** Without its time, which upstream leaves out where a manager comes in without a change, or through a scale. */
function entryOf(object: Managed, manager: string, subresource?: string): Omit<Entry, 'time'> | undefined {
  const found = object.metadata.managedFields?.find(
    (entry) => entry.manager === manager && entry.subresource === subresource,
  );
  if (found === undefined) return undefined;
  const { time, ...rest } = found;
  if (time !== undefined) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  return rest;
}

const owned = (manager: string, operation: string, fieldsV1: object, apiVersion = 'v1'): object => ({
  manager,
  operation,
  apiVersion,
  fieldsType: 'FieldsV1',
  fieldsV1,
});

const getConfigMap = (context: PromiseContext, name: string): Promise<Managed> =>
  context.get<Managed>('v1', 'configmaps', name);

function apply(context: PromiseContext, name: string, manager: string, body: string, query = '') {
  return context.http.request(
    'PATCH',
    `${context.path('v1', 'configmaps', name)}?fieldManager=${manager}${query === '' ? '' : `&${query}`}`,
    { body, headers: { 'content-type': 'application/apply-patch+yaml' } },
  );
}

const serverSide = ['apply', '--server-side', '-f', '-'];

promise(
  'kubectl apply --server-side creates, changes and keeps what is the same',
  async (context) => {
    const created = await context.kubectl.run(serverSide, configMap('applied', { a: '1', b: '2' }));
    assert.equal(created, 'configmap/applied serverside-applied\n');
    const first = await getConfigMap(context, 'applied');
    assert.deepEqual(entryOf(first, 'kubectl'), owned('kubectl', 'Apply', { 'f:data': { 'f:a': {}, 'f:b': {} } }));
    await context.kubectl.run(serverSide, configMap('applied', { a: '1', b: '2' }));
    assert.equal((await getConfigMap(context, 'applied')).metadata.resourceVersion, first.metadata.resourceVersion);
    await context.kubectl.run(serverSide, configMap('applied', { a: '1', b: '3' }));
    assert.deepEqual((await getConfigMap(context, 'applied')).data, { a: '1', b: '3' });
  },
  needs,
);

promise(
  'a field left out of the next apply is removed, unless another manager has it too',
  async (context) => {
    await context.kubectl.run(serverSide, configMap('shrinking', { mine: '1', shared: '2', gone: '3' }));
    await context.kubectl.run([...serverSide, '--field-manager=other'], configMap('shrinking', { shared: '2' }));
    await context.kubectl.run(serverSide, configMap('shrinking', { mine: '1' }));
    const object = await getConfigMap(context, 'shrinking');
    assert.deepEqual(object.data, { mine: '1', shared: '2' });
    assert.deepEqual(entryOf(object, 'kubectl'), owned('kubectl', 'Apply', { 'f:data': { 'f:mine': {} } }));
  },
  needs,
);

promise(
  'a field of another manager is a conflict: exit code 1, the field named, nothing changed; --force-conflicts takes it',
  async (context) => {
    await context.kubectl.run([...serverSide, '--field-manager=first'], configMap('contested', { key: 'first' }));
    const before = await getConfigMap(context, 'contested');
    const second = [...serverSide, '--field-manager=second'];
    const refused = await context.kubectl.result(second, configMap('contested', { key: 'second' }));
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /Apply failed with 1 conflict: conflict with "first": \.data\.key/);
    assert.deepEqual(await getConfigMap(context, 'contested'), before);
    await context.kubectl.run([...second, '--force-conflicts'], configMap('contested', { key: 'second' }));
    const after = await getConfigMap(context, 'contested');
    assert.deepEqual(after.data, { key: 'second' });
    assert.equal(entryOf(after, 'first'), undefined);
    assert.deepEqual(entryOf(after, 'second'), owned('second', 'Apply', { 'f:data': { 'f:key': {} } }));
  },
  needs,
);

promise('a conflict is 409 with a cause for each field', async (context) => {
  const created = await apply(context, 'causes', 'first', configMap('causes', { a: '1', b: '1' }));
  assert.equal(created.status, 201, created.text());
  const refused = await apply(context, 'causes', 'second', configMap('causes', { a: '2', b: '2', c: '2' }));
  assert.equal(refused.status, 409);
  const status = refused.json<StatusBody>();
  assert.equal(status.reason, 'Conflict');
  assert.equal(status.message, 'Apply failed with 2 conflicts: conflicts with "first":\n- .data.a\n- .data.b');
  assert.deepEqual(
    status.details?.causes,
    ['.data.a', '.data.b'].map((field) => ({
      reason: 'FieldManagerConflict',
      message: 'conflict with "first"',
      field,
    })),
  );
});

promise('an apply that gives the same value shares the field', async (context) => {
  await apply(context, 'shared', 'first', configMap('shared', { key: 'same' }));
  const response = await apply(context, 'shared', 'second', configMap('shared', { key: 'same' }));
  assert.equal(response.status, 200, response.text());
  const object = response.json<Managed>();
  for (const manager of ['first', 'second'])
    assert.deepEqual(entryOf(object, manager), owned(manager, 'Apply', { 'f:data': { 'f:key': {} } }));
});

promise('an apply in dry run answers and stores nothing', async (context) => {
  const response = await apply(context, 'dry', 'first', configMap('dry', { key: 'value' }), 'dryRun=All');
  assert.equal(response.status, 201, response.text());
  assert.deepEqual(response.json<Managed>().data, { key: 'value' });
  const got = await context.http.request('GET', context.path('v1', 'configmaps', 'dry'));
  assert.equal(got.status, 404);
});

promise('an apply needs a field manager, and its body an unset managedFields', async (context) => {
  const nobody = await context.http.request('PATCH', context.path('v1', 'configmaps', 'unmanaged'), {
    body: configMap('unmanaged', {}),
    headers: { 'content-type': 'application/apply-patch+yaml' },
  });
  assert.equal(nobody.status, 422);
  assert.match(nobody.json<StatusBody>().message, /fieldManager: Required value: is required for apply patch/);
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'unmanaged', managedFields: [{}] } };
  const managed = await apply(context, 'unmanaged', 'first', JSON.stringify(body));
  assert.equal(managed.status, 400);
  assert.equal(managed.json<StatusBody>().message, 'metadata.managedFields must be nil');
});

promise(
  'what kubectl apply made without the server goes over to server-side apply',
  async (context) => {
    await context.kubectl.run(['apply', '-f', '-'], configMap('migrated', { keep: '1', drop: '2' }));
    const before = await getConfigMap(context, 'migrated');
    assert.equal(entryOf(before, 'kubectl-client-side-apply')?.operation, 'Update');
    await context.kubectl.run(serverSide, configMap('migrated', { keep: '1', drop: '2' }));
    await context.kubectl.run(serverSide, configMap('migrated', { keep: '1' }));
    const after = await getConfigMap(context, 'migrated');
    assert.deepEqual(after.data, { keep: '1' });
    assert.equal(entryOf(after, 'kubectl-client-side-apply'), undefined);
    assert.deepEqual(entryOf(after, 'kubectl')?.fieldsV1, { 'f:data': { 'f:keep': {} } });
  },
  needs,
);

promise(
  'every kubectl command that writes is a manager by its name',
  async (context) => {
    await context.kubectl.run(['create', 'configmap', 'managed', '--from-literal=a=1']);
    await context.kubectl.run(['label', 'configmap', 'managed', 'tier=front']);
    await context.kubectl.run(['patch', 'configmap', 'managed', '--patch={"data":{"b":"2"}}']);
    const object = await getConfigMap(context, 'managed');
    assert.deepEqual(
      entryOf(object, 'kubectl-create'),
      owned('kubectl-create', 'Update', { 'f:data': { '.': {}, 'f:a': {} } }),
    );
    assert.deepEqual(
      entryOf(object, 'kubectl-label'),
      owned('kubectl-label', 'Update', { 'f:metadata': { 'f:labels': { '.': {}, 'f:tier': {} } } }),
    );
    assert.deepEqual(entryOf(object, 'kubectl-patch'), owned('kubectl-patch', 'Update', { 'f:data': { 'f:b': {} } }));
  },
  needs,
);

promise(
  'kubectl scale takes the replicas from who applied them, and an apply without them leaves them',
  async (context) => {
    await context.kubectl.run(serverSide, deployment('scaled', 1));
    await context.kubectl.run(['scale', 'deployment', 'scaled', '--replicas=2']);
    const scaled = await context.get<Managed>('apps/v1', 'deployments', 'scaled');
    assert.equal(scaled.spec?.replicas, 2);
    assert.deepEqual(entryOf(scaled, 'kubectl', 'scale'), {
      ...owned('kubectl', 'Update', { 'f:spec': { 'f:replicas': {} } }, 'apps/v1'),
      subresource: 'scale',
    });
    const refused = await context.kubectl.result(serverSide, deployment('scaled', 1));
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /conflict with "kubectl" with subresource "scale" using apps\/v1: \.spec\.replicas/);
    await context.kubectl.run(serverSide, deployment('scaled'));
    assert.equal((await context.get<Managed>('apps/v1', 'deployments', 'scaled')).spec?.replicas, 2);
  },
  needs,
);

promise('a write of status is kept apart, and owns nothing of the spec', async (context) => {
  const claim = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'quota' },
    spec: { hard: { 'count/secrets': '5' } },
  };
  await context.create('v1', 'resourcequotas', claim);
  const response = await context.http.request(
    'PATCH',
    `${context.path('v1', 'resourcequotas', 'quota')}/status?fieldManager=statistician`,
    {
      body: JSON.stringify({ spec: { hard: { 'count/secrets': '9' } }, status: { used: { 'count/pods': '0' } } }),
      headers: { 'content-type': 'application/merge-patch+json' },
    },
  );
  assert.equal(response.status, 200, response.text());
  const entry = entryOf(response.json<Managed>(), 'statistician', 'status');
  assert.equal(entry?.operation, 'Update');
  assert.deepEqual(Object.keys(entry?.fieldsV1 ?? {}), ['f:status']);
});

promise('without a name the manager is what the user agent says before its slash', async (context) => {
  const response = await context.http.request('POST', context.path('v1', 'configmaps'), {
    body: configMap('agent', { a: '1' }),
    headers: { 'user-agent': 'conformer/v1.2 (linux)', 'content-type': 'application/json' },
  });
  assert.deepEqual(
    response.json<Managed>().metadata.managedFields?.map((entry) => entry.manager),
    ['conformer'],
  );
});

promise('managedFields set to a list of one empty entry are forgotten', async (context) => {
  await apply(context, 'reset', 'first', configMap('reset', { key: 'value' }));
  const response = await context.http.request('PATCH', context.path('v1', 'configmaps', 'reset'), {
    body: JSON.stringify({ metadata: { managedFields: [{}] } }),
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  assert.equal(response.status, 200, response.text());
  assert.equal(response.json<Managed>().metadata.managedFields, undefined);
});
