/** Webhooks and custom resources. */
import assert from 'node:assert/strict';
import type { PromiseContext } from '../src/context.ts';
import { area } from '../src/promise.ts';
import { until } from '../src/until.ts';
import { configure, hook, title } from '../src/webhook-configuration.ts';
import { denied, patched, serveWebhooks } from '../src/webhook-server.ts';

const promise = area('admission webhooks for custom resources');
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const merge = { 'content-type': 'application/merge-patch+json' };

interface Thing {
  message?: string;
  apiVersion?: string;
  data?: Record<string, string>;
}

function definition(context: PromiseContext, storage: string): { metadata: { name: string }; spec: { group: string } } {
  const group = `${context.namespace}.example.com`;
  const text = { type: 'string' };
  const data = { type: 'object', properties: { start: text, one: text, two: text } };
  const version = (name: string): object => ({
    name,
    served: true,
    storage: name === storage,
    schema: { openAPIV3Schema: { type: 'object', properties: { data } } },
  });
  const names = { plural: 'things', singular: 'thing', kind: 'Thing' };
  return {
    metadata: { name: `things.${group}`, labels: { of: context.namespace } },
    spec: { group, scope: 'Namespaced', names, versions: ['v1', 'v2'].map(version) },
  } as { metadata: { name: string }; spec: { group: string } };
}

async function things(context: PromiseContext, storage = 'v1') {
  const body = definition(context, storage);
  const { group } = body.spec;
  context.onCleanup(async () => {
    await context.http.request('DELETE', `${definitions}/${body.metadata.name}`);
  });
  const made = await context.http.request('POST', definitions, { body });
  assert.equal(made.status, 201, made.text());
  const path = context.path(`${group}/v1`, 'things');
  await until(context, async () => (await context.http.request('GET', path)).status === 200);
  const create = (name: string, data: object) =>
    context.http.request('POST', path, {
      body: { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name }, data },
    });
  return { group, path, create };
}

promise(
  'a webhook denies that custom resources are created, updated and deleted',
  async (context) => {
    const { group, path, create } = await things(context);
    const server = await serveWebhooks(context, {
      '/things': ({ operation, object }) =>
        operation === 'DELETE' || object?.data?.start === 'unwanted' ? denied(`no ${operation}`) : { allowed: true },
    });
    const operations = ['CREATE', 'UPDATE', 'DELETE'];
    const more = { path: '/things', resources: ['things'], apiGroups: [group], operations };
    const name = await configure(context, 'validating', server, [hook(context, server, 'things', more)]);
    const denial = (what: string) => `admission webhook "things.example.com" denied the request: no ${what}`;
    assert.equal((await create('bad', { start: 'unwanted' })).json<Thing>().message, denial('CREATE'));
    assert.equal((await create('good', { start: 'wanted' })).status, 201);
    const body = { data: { start: 'unwanted' } };
    const update = await context.http.request('PATCH', `${path}/good`, { body, headers: merge });
    assert.equal(update.json<Thing>().message, denial('UPDATE'));
    const remove = await context.http.request('DELETE', `${path}/good`);
    assert.equal(remove.json<Thing>().message, denial('DELETE'));
    await context.http.request(
      'DELETE',
      `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${name}`,
    );
    await until(context, async () => (await context.http.request('DELETE', `${path}/good`)).status === 200);
  },
  title('should be able to deny custom resource creation, update and deletion'),
);

const stages = {
  '/one': ({ object }: { object: Thing | null }) =>
    object?.data?.start === 'yes' ? patched({ op: 'add', path: '/data/one', value: 'yes' }) : { allowed: true },
  '/two': ({ object }: { object: Thing | null }) =>
    object?.data?.one === 'yes' ? patched({ op: 'add', path: '/data/two', value: 'yes' }) : { allowed: true },
};

promise(
  'webhooks change custom resources one after another',
  async (context) => {
    const { group, create } = await things(context);
    const server = await serveWebhooks(context, stages);
    const about = { resources: ['things'], apiGroups: [group] };
    await configure(context, 'mutating', server, [
      hook(context, server, 'one', { ...about, path: '/one' }),
      hook(context, server, 'two', { ...about, path: '/two' }),
    ]);
    assert.deepEqual((await create('a', { start: 'yes' })).json<Thing>().data, {
      start: 'yes',
      one: 'yes',
      two: 'yes',
    });
  },
  title('should mutate custom resource'),
);

promise(
  'custom resources stored in another version are changed on create and on update',
  async (context) => {
    const { group, path, create } = await things(context, 'v2');
    const server = await serveWebhooks(context, stages);
    const about = { resources: ['things'], apiGroups: [group], operations: ['CREATE', 'UPDATE'] };
    await configure(context, 'mutating', server, [hook(context, server, 'one', { ...about, path: '/one' })]);
    const created = (await create('a', {})).json<Thing>();
    assert.deepEqual([created.apiVersion, created.data?.one], [`${group}/v1`, undefined]);
    const second = context.path(`${group}/v2`, 'things', 'a');
    const body = { data: { start: 'yes' } };
    const patchedThing = (await context.http.request('PATCH', second, { body, headers: merge })).json<Thing>();
    assert.deepEqual(
      [patchedThing.apiVersion, patchedThing.data?.one],
      [`${group}/v2`, 'yes'],
      'equivalent versions match',
    );
    assert.equal((await context.http.request('GET', `${path}/a`)).json<Thing>().data?.one, 'yes');
  },
  title('should mutate custom resource with different stored version'),
);

promise(
  'what a webhook adds and the schema does not know is pruned',
  async (context) => {
    const { group, create } = await things(context);
    const server = await serveWebhooks(context, {
      '/things': () =>
        patched({ op: 'add', path: '/data/one', value: 'yes' }, { op: 'add', path: '/data/unknown', value: 'yes' }),
    });
    const about = { path: '/things', resources: ['things'], apiGroups: [group] };
    await configure(context, 'mutating', server, [hook(context, server, 'things', about)]);
    assert.deepEqual((await create('a', { start: 'yes' })).json<Thing>().data, { start: 'yes', one: 'yes' });
  },
  title('should mutate custom resource with pruning'),
);

promise(
  'a webhook denies that definitions are created',
  async (context) => {
    const server = await serveWebhooks(context, { '/definitions': () => denied('the crd contains unwanted label') });
    const about = { resources: ['customresourcedefinitions'], apiGroups: ['apiextensions.k8s.io'], apiVersions: ['*'] };
    const objectSelector = { matchLabels: { of: context.namespace } };
    await configure(context, 'validating', server, [
      hook(context, server, 'definitions', { ...about, path: '/definitions', namespaceSelector: {}, objectSelector }),
    ]);
    const answer = await context.http.request('POST', definitions, { body: definition(context, 'v1') });
    assert.equal(answer.status, 400, answer.text());
    assert.match(answer.text(), /denied the request: the crd contains unwanted label/);
  },
  title('should deny crd creation'),
);
