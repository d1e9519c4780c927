/** CustomResourceDefinitions: what they define is served, checked, shown and gone again. */
import assert from 'node:assert/strict';
import type { PromiseContext } from '../src/context.ts';
import { type Condition, definitionOf, definitions, establish, merge, type Served, until } from '../src/definitions.ts';
import { area } from '../src/promise.ts';

const promise = area('custom resources');

interface Body {
  apiVersion?: string;
  message?: string;
  reason?: string;
  metadata: { name: string; generation?: number; resourceVersion?: string };
  spec: Record<string, unknown>;
  status?: Record<string, unknown> & { conditions?: Condition[]; acceptedNames?: { plural?: string } };
  items?: Body[];
}

function version(name: string, more: object = {}): object {
  return {
    name,
    served: true,
    storage: true,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: {
          spec: {
            type: 'object',
            description: 'When and what to run.',
            required: ['cronSpec'],
            properties: {
              cronSpec: { type: 'string', pattern: '^\\S+( \\S+){4}$' },
              replicas: { type: 'integer', minimum: 1, maximum: 10, default: 1 },
              mode: { type: 'string', enum: ['Fast', 'Slow'] },
              port: { 'x-kubernetes-int-or-string': true },
              note: { type: 'string', nullable: true },
              tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
              free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
          status: { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' } } },
        },
      },
    },
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath: '.status.selector',
      },
    },
    additionalPrinterColumns: [
      { name: 'Cron', type: 'string', jsonPath: '.spec.cronSpec' },
      { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
    ],
    selectableFields: [{ jsonPath: '.spec.mode' }],
    ...more,
  };
}

function crontabs(context: PromiseContext, more: { versions?: object[]; names?: object } = {}) {
  return definitionOf(
    context,
    { plural: 'crontabs', kind: 'CronTab', ...more.names },
    more.versions ?? [version('v1')],
  );
}

function crontab({ group }: Served, name: string, spec: object, more: object = {}): object {
  const whole = { cronSpec: '* * * * *', ...spec };
  return { apiVersion: `${group}/v1`, kind: 'CronTab', metadata: { name }, spec: whole, ...more };
}

promise('a definition gets its names accepted and is established', async (context) => {
  const { name } = await establish(context, crontabs(context));
  const { status } = (await context.http.request('GET', `${definitions}/${name}`)).json<Body>();
  const conditions = Object.fromEntries((status?.conditions ?? []).map((each) => [each.type, each]));
  assert.equal(conditions.NamesAccepted?.status, 'True');
  assert.equal(conditions.NamesAccepted?.reason, 'NoConflicts');
  assert.equal(conditions.Established?.reason, 'InitialNamesAccepted');
  assert.equal(status?.acceptedNames?.plural, 'crontabs');
});

promise('objects are pruned and defaulted, and nullable fields keep null', async (context) => {
  const served = await establish(context, crontabs(context));
  const body = crontab(served, 'a', { odd: 1, free: { any: { thing: 1 } }, note: null, replicas: null });
  const created = await context.http.request('POST', served.collection, { body });
  assert.equal(created.status, 201, created.text());
  assert.deepEqual(created.json<Body>().spec, {
    cronSpec: '* * * * *',
    free: { any: { thing: 1 } },
    note: null,
    replicas: 1,
  });
});

promise('objects that break the schema are 422 with the field and the rule', async (context) => {
  const served = await establish(context, crontabs(context));
  for (const [spec, message] of [
    [{ cronSpec: 'x' }, 'spec.cronSpec: Invalid value: "x": spec.cronSpec in body should match \'^\\S+( \\S+){4}$\''],
    [{ replicas: 11 }, 'spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10'],
    [
      { replicas: 'a' },
      '[spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string", .spec.replicas: Invalid value: 0: .spec.replicas accessor error: a is of the type string, expected int64]',
    ],
    [{ mode: 'Odd' }, 'spec.mode: Unsupported value: "Odd": supported values: "Fast", "Slow"'],
    [{ cronSpec: undefined }, 'spec.cronSpec: Required value'],
    [{ tags: ['a', 'b', 'a'] }, 'spec.tags[2]: Duplicate value: "a"'],
    [
      { port: true },
      'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
    ],
  ] as const) {
    const answer = await context.http.request('POST', served.collection, { body: crontab(served, 'a', spec) });
    assert.equal(answer.status, 422, answer.text());
    assert.equal(answer.json<Body>().message, `CronTab.${served.group} "a" is invalid: ${message}`);
  }
});

promise('unknown fields are refused by strict field validation', async (context) => {
  const served = await establish(context, crontabs(context));
  const body = crontab(served, 'a', { odd: 1 });
  const answer = await context.http.request('POST', `${served.collection}?fieldValidation=Strict`, { body });
  assert.equal(answer.status, 400);
  assert.match(answer.json<Body>().message ?? '', /strict decoding error: unknown field "spec\.odd"/);
});

promise('status and spec are written apart, and only spec counts generations', async (context) => {
  const served = await establish(context, crontabs(context));
  const url = `${served.collection}/a`;
  await context.http.request('POST', served.collection, {
    body: crontab(served, 'a', {}, { status: { replicas: 5 } }),
  });
  const created = (await context.http.request('GET', url)).json<Body>();
  assert.deepEqual([created.metadata.generation, created.status], [1, undefined]);
  const body = { spec: { replicas: 9 }, status: { replicas: 2 } };
  const status = await context.http.request('PATCH', `${url}/status`, { body, headers: merge });
  assert.equal(status.status, 200, status.text());
  const spec = (await context.http.request('PATCH', url, { body, headers: merge })).json<Body>();
  assert.deepEqual([spec.metadata.generation, spec.spec.replicas, spec.status?.replicas], [2, 9, 2]);
});

promise('the scale subresource reads and writes replicas', async (context) => {
  const served = await establish(context, crontabs(context));
  await context.http.request('POST', served.collection, { body: crontab(served, 'a', { replicas: 2 }) });
  const url = `${served.collection}/a`;
  const scale = (await context.http.request('GET', `${url}/scale`)).json<Body>();
  assert.deepEqual([scale.apiVersion, scale.spec, scale.status], ['autoscaling/v1', { replicas: 2 }, { replicas: 0 }]);
  await context.http.request('PATCH', `${url}/scale`, { body: { spec: { replicas: 4 } }, headers: merge });
  assert.equal((await context.http.request('GET', url)).json<Body>().spec.replicas, 4);
});

promise('a strategic merge patch of a custom resource is 415', async (context) => {
  const served = await establish(context, crontabs(context));
  await context.http.request('POST', served.collection, { body: crontab(served, 'a', {}) });
  const headers = { 'content-type': 'application/strategic-merge-patch+json' };
  assert.equal((await context.http.request('PATCH', `${served.collection}/a`, { body: {}, headers })).status, 415);
});

promise('selectable fields select, and others are refused', async (context) => {
  const served = await establish(context, crontabs(context));
  for (const mode of ['Fast', 'Slow'])
    await context.http.request('POST', served.collection, { body: crontab(served, mode.toLowerCase(), { mode }) });
  const list = await context.http.request('GET', `${served.collection}?fieldSelector=spec.mode%3DFast`);
  assert.deepEqual(
    list.json<Body>().items?.map(({ metadata }) => metadata.name),
    ['fast'],
  );
  assert.equal((await context.http.request('GET', `${served.collection}?fieldSelector=spec.note%3Da`)).status, 400);
});

promise('kubectl applies, shows columns, explains and deletes custom resources', async (context) => {
  const { kubectl } = context;
  const definition = crontabs(context, { names: { shortNames: ['ct'] } });
  const served = await establish(context, definition);
  await kubectl.run(['apply', '-f', '-'], JSON.stringify(crontab(served, 'mine', { replicas: 3 })));
  const rows = (await kubectl.run(['get', `crontabs.${served.group}`])).trim().split('\n');
  assert.match(rows[0] ?? '', /^NAME\s+CRON\s+REPLICAS$/);
  assert.match(rows[1] ?? '', /^mine\s+\* \* \* \* \*\s+3$/);
  const explained = await kubectl.run(['explain', 'crontabs.spec', `--api-version=${served.group}/v1`]);
  assert.match(explained, /When and what to run\./);
  assert.match(explained, /replicas\s+<integer>/);
  await kubectl.run(['delete', 'crd', served.name, '--timeout=90s']);
  assert.equal((await context.http.request('GET', served.collection)).status, 404);
});

promise('all served versions show the same objects', async (context) => {
  const versions = [version('v1', { storage: false }), version('v2')];
  const served = await establish(context, crontabs(context, { versions }));
  await context.http.request('POST', served.collection, { body: crontab(served, 'a', {}) });
  const other = await context.http.request('GET', `${served.collection.replace('/v1/', '/v2/')}/a`);
  assert.equal(other.json<Body>().apiVersion, `${served.group}/v2`);
});

promise('definitions without a structural schema are refused', async (context) => {
  const openAPIV3Schema = { type: 'object', properties: { spec: {} } };
  const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }];
  const answer = await context.http.request('POST', definitions, { body: crontabs(context, { versions }) });
  assert.equal(answer.status, 422);
  assert.match(
    answer.json<Body>().message ?? '',
    /spec\.validation\.openAPIV3Schema\.properties\[spec\]\.type: Required value: must not be empty for specified object fields/,
  );
});

promise(
  'a deleted definition waits for the finalizers of its objects, and takes none in the meantime',
  async (context) => {
    const served = await establish(context, crontabs(context));
    const held = crontab(served, 'held', {}, { metadata: { name: 'held', finalizers: ['example.com/hold'] } });
    assert.equal((await context.http.request('POST', served.collection, { body: held })).status, 201);
    const release = async (): Promise<void> => {
      const body = { metadata: { finalizers: null } };
      await context.http.request('PATCH', `${served.collection}/held`, { body, headers: merge });
    };
    context.onCleanup(release);
    assert.equal((await context.http.request('DELETE', `${definitions}/${served.name}`)).status, 200);
    await until(context, async () => {
      const { status } = (await context.http.request('GET', `${definitions}/${served.name}`)).json<Body>();
      return (status?.conditions ?? []).some((each) => each.type === 'Terminating' && each.status === 'True');
    });
    const late = await context.http.request('POST', served.collection, { body: crontab(served, 'late', {}) });
    assert.equal(late.status, 403, late.text());
    await release();
    await until(
      context,
      async () => (await context.http.request('GET', `${definitions}/${served.name}`)).status === 404,
    );
  },
);

promise('what a custom resource owns goes with it, and all of it with its namespace', async (context) => {
  const served = await establish(context, crontabs(context));
  const owner = await context.http.request('POST', served.collection, { body: crontab(served, 'owner', {}) });
  const { uid } = owner.json<{ metadata: { uid: string } }>().metadata;
  await context.create('v1', 'configmaps', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'owned',
      ownerReferences: [{ apiVersion: `${served.group}/v1`, kind: 'CronTab', name: 'owner', uid }],
    },
  });
  await context.http.request('DELETE', `${served.collection}/owner`);
  const owned = context.path('v1', 'configmaps', 'owned');
  await until(context, async () => (await context.http.request('GET', owned)).status === 404);

  const namespace = `${context.namespace}-going`;
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  context.onCleanup(async () => void (await context.http.request('DELETE', `/api/v1/namespaces/${namespace}`)));
  assert.equal((await context.http.request('POST', '/api/v1/namespaces', { body })).status, 201);
  const there = served.collection.replace(`/namespaces/${context.namespace}/`, `/namespaces/${namespace}/`);
  assert.equal((await context.http.request('POST', there, { body: crontab(served, 'a', {}) })).status, 201);
  await context.http.request('DELETE', `/api/v1/namespaces/${namespace}`);
  await until(context, async () => (await context.http.request('GET', `${there}/a`)).status === 404);
});
