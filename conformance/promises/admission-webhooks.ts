/** Webhooks that judge and change what is written, served by this process. */
import assert from 'node:assert/strict';
import type { PromiseContext } from '../src/context.ts';
import type { HttpResponse } from '../src/http.ts';
import { area } from '../src/promise.ts';
import { until } from '../src/until.ts';
import { collection, configure, hook, title } from '../src/webhook-configuration.ts';
import { allowed, denied, patched, serveWebhooks } from '../src/webhook-server.ts';

const promise = area('admission webhooks');
interface Body {
  message?: string;
  apiVersion?: string;
  metadata: { name: string; uid?: string; resourceVersion?: string };
  data?: Record<string, string>;
  spec?: Record<string, unknown>;
  items?: Body[];
}

const merge = { 'content-type': 'application/merge-patch+json' };

const createMap = (context: PromiseContext, name: string, data = {}, query = ''): Promise<HttpResponse> =>
  context.http.request('POST', `${context.path('v1', 'configmaps')}${query}`, { body: { metadata: { name }, data } });

const pod = (name: string): object => ({
  metadata: { name },
  spec: { serviceAccountName: 'default', containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
});

async function createPod(context: PromiseContext, name: string, query = ''): Promise<HttpResponse> {
  await until(context, async () => {
    const path = context.path('v1', 'serviceaccounts', 'default');
    return (await context.http.request('GET', path)).status === 200;
  });
  return context.http.request('POST', `${context.path('v1', 'pods')}${query}`, { body: pod(name) });
}

promise(
  'the resources that configure webhooks are discovered',
  async (context) => {
    const groups = (await context.http.request('GET', '/apis')).json<{ groups: { name: string }[] }>();
    assert.ok(groups.groups.some(({ name }) => name === 'admissionregistration.k8s.io'));
    const version = await context.http.request('GET', '/apis/admissionregistration.k8s.io/v1');
    const names = version.json<{ resources: { name: string }[] }>().resources.map(({ name }) => name);
    assert.ok(names.includes('mutatingwebhookconfigurations') && names.includes('validatingwebhookconfigurations'));
  },
  title('should include webhook resources in discovery documents'),
);

promise(
  'a webhook denies pods and config maps, created, put or patched, with its reason',
  async (context) => {
    const server = await serveWebhooks(context, {
      '/pods': () => denied('the pod contains unwanted container name'),
      '/maps': ({ object }) =>
        object?.data?.bad === undefined ? allowed : denied('the configmap contains unwanted key'),
    });
    await configure(context, 'validating', server, [
      hook(context, server, 'pods', { path: '/pods', resources: ['pods'] }),
      hook(context, server, 'maps', { path: '/maps', operations: ['CREATE', 'UPDATE', 'DELETE'] }),
    ]);
    const denial = (name: string, what: string): string =>
      `admission webhook "${name}.example.com" denied the request: ${what}`;
    const refused = await createPod(context, 'unwanted');
    assert.equal(refused.status, 400, refused.text());
    assert.equal(refused.json<Body>().message, denial('pods', 'the pod contains unwanted container name'));
    const unwanted = denial('maps', 'the configmap contains unwanted key');
    assert.equal((await createMap(context, 'bad', { bad: 'yes' })).json<Body>().message, unwanted);
    assert.equal((await createMap(context, 'good', { good: 'yes' })).status, 201);
    const path = context.path('v1', 'configmaps', 'good');
    const body = { metadata: { name: 'good' }, data: { bad: 'yes' } };
    assert.equal((await context.http.request('PUT', path, { body })).json<Body>().message, unwanted);
    assert.equal((await context.http.request('PATCH', path, { body, headers: merge })).json<Body>().message, unwanted);
    const elsewhere = { body: { metadata: { name: `bad-${context.namespace}` }, data: { bad: 'yes' } } };
    const bypassed = await context.http.request('POST', '/api/v1/namespaces/default/configmaps?dryRun=All', elsewhere);
    assert.equal(bypassed.status, 201, 'other namespaces are not selected');
  },
  title('should be able to deny pod and configmap creation'),
);

promise(
  'a webhook denies attaching to a pod',
  async (context) => {
    const server = await serveWebhooks(context, {
      '/attach': ({ operation, subResource, kind }) => denied(`${operation} ${subResource} ${kind.kind}`),
    });
    await configure(context, 'validating', server, [
      hook(context, server, 'attach', { path: '/attach', resources: ['pods/attach'], operations: ['CONNECT'] }),
    ]);
    assert.equal((await createPod(context, 'attached')).status, 201);
    const answer = await context.http.request('POST', `${context.path('v1', 'pods', 'attached')}/attach?stdout=true`);
    assert.equal(answer.status, 400, answer.text());
    assert.match(answer.text(), /denied the request: CONNECT attach PodAttachOptions/);
  },
  title('should be able to deny attaching pod'),
);

promise(
  'what a webhook cannot be asked about is rejected if it is to fail closed, and not if it may fail open',
  async (context) => {
    const server = await serveWebhooks(context, {});
    await configure(context, 'validating', server, [
      hook(context, server, 'closed', {
        clientConfig: { ...server.at('/closed'), caBundle: undefined },
        objectSelector: { matchLabels: { closed: 'yes' } },
      }),
      hook(context, server, 'open', {
        clientConfig: { ...server.at('/open'), caBundle: undefined },
        objectSelector: { matchLabels: { open: 'yes' } },
        failurePolicy: 'Ignore',
      }),
    ]);
    const create = (label: string) =>
      context.http.request('POST', context.path('v1', 'configmaps'), {
        body: { metadata: { name: label, labels: { [label]: 'yes' } } },
      });
    const closed = await create('closed');
    assert.equal(closed.status, 500, closed.text());
    assert.match(
      closed.json<Body>().message ?? '',
      /^Internal error occurred: failed calling webhook "closed\.example\.com": failed to call webhook: Post "https:.*\/closed\?timeout=10s": .*x509: certificate signed by unknown authority/,
    );
    assert.equal((await create('open')).status, 201);
  },
  title('should unconditionally reject operations on fail closed webhook'),
);

promise(
  'mutating webhooks change config maps one after another',
  async (context) => {
    const stage = (needed: string, added: string) => ({
      [`/${added}`]: ({ object }: { object: { data?: Record<string, string> } | null }) =>
        object?.data?.[needed] === 'yes' ? patched({ op: 'add', path: `/data/${added}`, value: 'yes' }) : allowed,
    });
    const server = await serveWebhooks(context, { ...stage('start', 'one'), ...stage('one', 'two') });
    await configure(context, 'mutating', server, [
      hook(context, server, 'first', { path: '/one' }),
      hook(context, server, 'second', { path: '/two' }),
    ]);
    const { data } = (await createMap(context, 'staged', { start: 'yes' })).json<Body>();
    assert.deepEqual(data, { start: 'yes', one: 'yes', two: 'yes' });
  },
  title('should mutate configmap'),
);

promise(
  'what a webhook adds to a pod gets defaults',
  async (context) => {
    const container = { name: 'added', image: 'registry.k8s.io/pause:3.10' };
    const server = await serveWebhooks(context, {
      '/pods': () => patched({ op: 'add', path: '/spec/initContainers', value: [container] }),
    });
    await configure(context, 'mutating', server, [
      hook(context, server, 'pods', { path: '/pods', resources: ['pods'] }),
    ]);
    const created = await createPod(context, 'mutated', '?dryRun=All');
    assert.equal(created.status, 201, created.text());
    const [added] = (created.json<Body>().spec?.initContainers ?? []) as Record<string, unknown>[];
    assert.equal(added?.name, 'added');
    assert.equal(added?.terminationMessagePolicy, 'File');
  },
  title('should mutate pod and apply defaults after mutation'),
);

promise(
  'webhooks see nothing of webhook configurations',
  async (context) => {
    const server = await serveWebhooks(context, {
      '/deny': () => denied('no'),
      '/mutate': () => patched({ op: 'add', path: '/metadata/labels', value: { mutated: 'yes' } }),
    });
    const about = { resources: ['*'], apiGroups: ['admissionregistration.k8s.io'], apiVersions: ['*'] };
    const unselected = { namespaceSelector: {}, objectSelector: { matchLabels: { of: context.namespace } } };
    const denying = hook(context, server, 'deny', { ...about, ...unselected, path: '/deny', operations: ['*'] });
    await configure(context, 'validating', server, [denying]);
    await configure(context, 'mutating', server, [
      hook(context, server, 'mutate', { ...about, ...unselected, path: '/mutate' }),
    ]);
    for (const kind of ['validating', 'mutating'] as const) {
      const name = `${context.namespace}-subject`;
      await configure(context, kind, server, [], { name, labels: { of: context.namespace }, wait: false });
      const found = (await context.http.request('GET', `${collection(kind)}/${name}`)).json<Body>();
      assert.deepEqual((found.metadata as { labels?: object }).labels, { of: context.namespace });
      assert.equal((await context.http.request('DELETE', `${collection(kind)}/${name}`)).status, 200);
    }
    assert.equal(server.calls('/deny') + server.calls('/mutate'), 0);
  },
  title('should not be able to mutate or prevent deletion of webhook configuration objects'),
);

promise(
  'a webhook gets as much time as its configuration says',
  async (context) => {
    const server = await serveWebhooks(context, {
      '/slow': () => new Promise((resolve) => setTimeout(() => resolve(allowed), 2_500)),
    });
    const slow = (more: object) => [hook(context, server, 'slow', { path: '/slow', ...more })];
    const created = async (more: object): Promise<HttpResponse> => {
      const name = await configure(context, 'validating', server, slow(more));
      const answer = await createMap(context, 'late', {}, '?dryRun=All');
      await context.http.request('DELETE', `${collection('validating')}/${name}`);
      return answer;
    };
    // The marker matches the slow hook as well: it is left out by a label.
    const unmarked = { objectSelector: { matchExpressions: [{ key: 'ready-marker', operator: 'DoesNotExist' }] } };
    const tooSlow = await created({ ...unmarked, timeoutSeconds: 1 });
    assert.equal(tooSlow.status, 500, tooSlow.text());
    assert.match(tooSlow.text(), /\?timeout=1s\\": (context deadline exceeded|.*Timeout exceeded)/);
    assert.equal((await created({ ...unmarked, timeoutSeconds: 1, failurePolicy: 'Ignore' })).status, 201);
    assert.equal((await created({ ...unmarked, timeoutSeconds: 30 })).status, 201);
    assert.equal((await created(unmarked)).status, 201, 'ten seconds are the default');
  },
  title('should honor timeout'),
);

for (const kind of ['validating', 'mutating'] as const) {
  const serve = (context: PromiseContext) =>
    serveWebhooks(context, {
      '/': ({ object }) =>
        kind === 'validating'
          ? denied('no')
          : object?.data === undefined
            ? patched({ op: 'add', path: '/data', value: { mutated: 'yes' } })
            : patched({ op: 'add', path: '/data/mutated', value: 'yes' }),
    });
  const unmarked = { objectSelector: { matchExpressions: [{ key: 'ready-marker', operator: 'DoesNotExist' }] } };
  const isEffective = (answer: HttpResponse): boolean =>
    kind === 'validating' ? answer.status === 400 : answer.json<Body>().data?.mutated === 'yes';

  promise(
    `a ${kind} webhook configuration that is updated or patched takes effect`,
    async (context) => {
      const server = await serve(context);
      const name = await configure(context, kind, server, [hook(context, server, 'h', unmarked)]);
      const path = `${collection(kind)}/${name}`;
      const effective = async () => isEffective(await createMap(context, 'probe', {}, '?dryRun=All'));
      assert.ok(await effective());
      const found = (await context.http.request('GET', path)).json<{
        webhooks: { rules: { operations: string[] }[] }[];
      }>();
      for (const webhook of found.webhooks) for (const rule of webhook.rules) rule.operations = ['UPDATE'];
      const put = await context.http.request('PUT', path, { body: found });
      assert.equal(put.status, 200, put.text());
      await until(context, async () => !(await effective()));
      const operations = [{ op: 'replace', path: '/webhooks/0/rules/0/operations', value: ['CREATE'] }];
      const headers = { 'content-type': 'application/json-patch+json' };
      assert.equal((await context.http.request('PATCH', path, { body: operations, headers })).status, 200);
      await until(context, effective);
    },
    title(`patching/updating a ${kind} webhook should work`),
  );

  promise(
    `${kind} webhook configurations are listed and deleted by label`,
    async (context) => {
      const server = await serve(context);
      const labels = { of: context.namespace };
      const one = hook(context, server, 'h', unmarked);
      for (const index of [1, 2, 3])
        await configure(context, kind, server, [one], { name: `${context.namespace}-${kind}-${index}`, labels });
      const path = `${collection(kind)}?labelSelector=of%3D${context.namespace}`;
      assert.equal((await context.http.request('GET', path)).json<Body>().items?.length, 3);
      assert.equal((await context.http.request('DELETE', path)).status, 200);
      assert.equal((await context.http.request('GET', path)).json<Body>().items?.length, 0);
      await until(context, async () => !isEffective(await createMap(context, 'probe', {}, '?dryRun=All')));
    },
    title(`listing ${kind} webhooks should work`),
  );

  promise(
    `match conditions of ${kind} webhooks are kept, and updated`,
    async (context) => {
      const server = await serve(context);
      const conditions = [{ name: 'expression-1', expression: "object.metadata.namespace == 'production'" }];
      const name = await configure(
        context,
        kind,
        server,
        [hook(context, server, 'h', { matchConditions: conditions })],
        { wait: false },
      );
      const path = `${collection(kind)}/${name}`;
      type Found = { webhooks: { matchConditions?: object[] }[] };
      const found = (await context.http.request('GET', path)).json<Found>();
      assert.deepEqual(found.webhooks[0]?.matchConditions, conditions);
      const updated = [...conditions, { name: 'expression-2', expression: "object.metadata.namespace == 'staging'" }];
      found.webhooks[0]!.matchConditions = updated;
      assert.equal((await context.http.request('PUT', path, { body: found })).status, 200);
      assert.deepEqual((await context.http.request('GET', path)).json<Found>().webhooks[0]?.matchConditions, updated);
    },
    title(`should be able to create and update ${kind} webhook configurations with match conditions`),
  );

  promise(
    `${kind} webhook configurations with bad match conditions are rejected`,
    async (context) => {
      const server = await serve(context);
      const matchConditions = [{ name: 'invalid', expression: '... [] bad expression' }];
      const body = {
        metadata: { name: context.namespace },
        webhooks: [hook(context, server, 'h', { matchConditions })],
      };
      const answer = await context.http.request('POST', collection(kind), { body });
      assert.equal(answer.status, 422, answer.text());
      assert.match(
        answer.text(),
        /webhooks\[0\]\.matchConditions\[0\]\.expression: Invalid value: .*compilation failed/,
      );
    },
    title(`should reject ${kind} webhook configurations with invalid match conditions`),
  );
}

promise(
  'match conditions exclude objects',
  async (context) => {
    const server = await serveWebhooks(context, {
      '/': () => patched({ op: 'add', path: '/data', value: { mutated: 'yes' } }),
    });
    const matchConditions = [{ name: 'not-me', expression: "object.metadata.name != 'skip-me'" }];
    await configure(context, 'mutating', server, [hook(context, server, 'h', { matchConditions })]);
    assert.deepEqual((await createMap(context, 'mutate-me')).json<Body>().data, { mutated: 'yes' });
    assert.equal((await createMap(context, 'skip-me')).json<Body>().data?.mutated, undefined);
  },
  title("should mutate everything except 'skip-me' configmaps"),
);
