/** Who may do what: RBAC and its guards, reviews, nodes. */
import assert from 'node:assert/strict';
import { call, createGlobal, mergePatch, refusal } from '../src/calls.ts';
import type { PromiseContext } from '../src/context.ts';
import { accessReview, grant, grantGlobally, impersonating, ownUser, type Rule, rbac } from '../src/identity.ts';
import { area } from '../src/promise.ts';
import { until } from '../src/until.ts';
import { waitForCollection } from '../src/watch.ts';

const promise = area('authorization');
const rbacGroup = 'rbac.authorization.k8s.io';
const v1 = `${rbacGroup}/v1`;

interface RoleBody {
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  rules: Rule[];
}

promise('a Role gives its verbs on its resources in its namespace, and nothing more', async (context) => {
  const { namespace } = context;
  const user = ownUser(context);
  await grant(context, user, [
    { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] },
    { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['mine'] },
    { verbs: ['update'], apiGroups: ['apps'], resources: ['deployments/scale'] },
    { verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] },
  ]);
  const may = async (verb: string, resource: string, more: object = {}): Promise<boolean> => {
    const resourceAttributes = { namespace, verb, group: '', resource, ...more };
    return (await accessReview(context, { user, resourceAttributes })).allowed;
  };
  const table: [boolean, string, string, object?][] = [
    [true, 'get', 'pods'],
    [true, 'list', 'pods'],
    [true, 'get', 'pods', { name: 'any' }],
    [false, 'delete', 'pods'],
    [false, 'watch', 'pods'],
    [false, 'get', 'pods', { subresource: 'log' }],
    [true, 'create', 'pods', { subresource: 'exec' }],
    [false, 'get', 'pods', { group: 'metrics.k8s.io' }],
    [false, 'get', 'pods', { namespace: 'kube-system' }],
    [false, 'get', 'pods', { namespace: '' }],
    [true, 'get', 'secrets', { name: 'mine' }],
    [false, 'get', 'secrets', { name: 'yours' }],
    [false, 'list', 'secrets'],
    [true, 'update', 'deployments', { group: 'apps', subresource: 'scale' }],
    [false, 'update', 'deployments', { group: 'apps' }],
  ];
  for (const [allowed, verb, resource, more] of table)
    assert.equal(await may(verb, resource, more), allowed, `${verb} ${resource} ${JSON.stringify(more)}`);
});

promise('nobody gives rights that they do not have, but for those who may escalate', async (context) => {
  const user = ownUser(context);
  const roles = context.path(v1, 'roles');
  const manage = { verbs: ['create', 'update', 'patch', 'get'], apiGroups: [rbacGroup], resources: ['roles'] };
  await grant(context, user, [manage, { verbs: ['get'], apiGroups: [''], resources: ['pods'] }], 'manager');
  const role = (name: string, verbs: string[]): object => ({
    metadata: { name },
    rules: [{ verbs, apiGroups: [''], resources: ['pods'] }],
  });
  const as = impersonating(user);
  await call(context, 201, 'POST', roles, { body: role('held', ['get']), ...as });
  const answer = await refusal(context, 'POST', roles, { body: role('more', ['get', 'delete']), ...as });
  assert.equal(
    answer,
    `403 Forbidden: roles.${rbacGroup} "more" is forbidden: user "${user}" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n` +
      '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}',
  );
  const grown = { rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] };
  const patch = { body: grown, headers: { ...as.headers, ...mergePatch } };
  assert.match(
    await refusal(context, 'PATCH', `${roles}/held`, patch),
    /attempting to grant RBAC permissions not currently held/,
  );
  await grant(context, user, [{ verbs: ['escalate'], apiGroups: [rbacGroup], resources: ['roles'] }], 'escalator');
  await call(context, 201, 'POST', roles, { body: role('more', ['get', 'delete']), ...as });
});

promise('nobody binds a role whose rights they do not have, but for those who may bind it', async (context) => {
  const user = ownUser(context);
  const bindings = context.path(v1, 'rolebindings');
  await grant(context, user, [{ verbs: ['create'], apiGroups: [rbacGroup], resources: ['rolebindings'] }], 'binder');
  await context.create(v1, 'roles', {
    metadata: { name: 'strong' },
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'] }],
  });
  const binding = (kind: string, name: string): object => ({
    metadata: { name },
    roleRef: { apiGroup: rbacGroup, kind, name },
    subjects: [{ apiGroup: rbacGroup, kind: 'User', name: user }],
  });
  const bind = (kind: string, name: string): Promise<string> =>
    refusal(context, 'POST', bindings, { body: binding(kind, name), ...impersonating(user) });
  assert.equal(
    await bind('Role', 'strong'),
    `403 Forbidden: rolebindings.${rbacGroup} "strong" is forbidden: user "${user}" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n` +
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
  );
  assert.match(await bind('ClusterRole', 'cluster-admin'), /attempting to grant RBAC permissions not currently held/);
  await grant(
    context,
    user,
    [{ verbs: ['bind'], apiGroups: [rbacGroup], resources: ['roles'], resourceNames: ['strong'] }],
    'bind-strong',
  );
  await call(context, 201, 'POST', bindings, { body: binding('Role', 'strong'), ...impersonating(user) });
});

promise('the role of a binding cannot be changed', async (context) => {
  const roleRef = { apiGroup: rbacGroup, kind: 'ClusterRole', name: 'view' };
  const made = await context.create(v1, 'rolebindings', { metadata: { name: 'fixed' }, roleRef, subjects: [] });
  assert.equal(
    await refusal(context, 'PUT', context.path(v1, 'rolebindings', 'fixed'), {
      body: { ...made, roleRef: { ...roleRef, name: 'edit' } },
    }),
    `422 Invalid: RoleBinding.${rbacGroup} "fixed" is invalid: roleRef: Invalid value: {"APIGroup":"${rbacGroup}","Kind":"ClusterRole","Name":"edit"}: cannot change roleRef`,
  );
});

promise('an aggregated ClusterRole has the rules of those its selectors choose', async (context) => {
  const collection = `${rbac}/clusterroles`;
  const label = `${context.namespace}/part`;
  const rule = (resource: string): Rule => ({ verbs: ['get'], apiGroups: [''], resources: [resource] });
  const whole = {
    metadata: { name: context.namespace },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'yes' } }] },
    rules: [rule('overwritten')],
  };
  await createGlobal(context, collection, whole);
  const resources = (wanted: string): Promise<unknown> =>
    waitForCollection(context.http, collection, context.signal, (roles) => {
      const role = roles.get(`/${context.namespace}`) as RoleBody | undefined;
      return (role?.rules ?? []).flatMap((each) => each.resources ?? []).join() === wanted;
    });
  const part = (name: string): { metadata: { name: string } } =>
    ({
      metadata: { name: `${context.namespace}-${name}`, labels: { [label]: 'yes' } },
      rules: [rule(name)],
    }) as { metadata: { name: string } };
  await createGlobal(context, collection, part('pods'));
  await resources('pods');
  await createGlobal(context, collection, part('secrets'));
  await resources('pods,secrets');
  const gone = { body: { metadata: { labels: null } }, headers: mergePatch };
  await call(context, 200, 'PATCH', `${collection}/${context.namespace}-pods`, gone);
  await resources('secrets');
});

promise('what a definition’s author labels becomes part of admin, edit and view', async (context) => {
  const metadata = {
    name: context.namespace,
    labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' },
  };
  const group = `${context.namespace}.example.com`;
  const rules = [{ verbs: ['get'], apiGroups: [group], resources: ['things'] }];
  await createGlobal(context, `${rbac}/clusterroles`, { metadata, rules });
  for (const name of ['view', 'edit', 'admin'])
    await waitForCollection(context.http, `${rbac}/clusterroles`, context.signal, (roles) =>
      (roles.get(`/${name}`) as RoleBody | undefined)?.rules?.some(({ apiGroups }) => apiGroups?.includes(group)),
    );
});

promise('the roles and bindings that a cluster needs are there, and are kept up to date', async (context) => {
  const list = async (resource: string): Promise<Map<string, RoleBody>> => {
    const { items } = await call<{ items: RoleBody[] }>(context, 200, 'GET', `${rbac}/${resource}`);
    return new Map(items.map((item) => [item.metadata.name, item]));
  };
  const [roles, bindings] = [await list('clusterroles'), await list('clusterrolebindings')];
  const named =
    'cluster-admin admin edit view system:basic-user system:discovery system:public-info-viewer system:monitoring ' +
    'system:node system:node-bootstrapper system:node-proxier system:kube-controller-manager system:kube-scheduler ' +
    'system:auth-delegator system:service-account-issuer-discovery system:controller:generic-garbage-collector ' +
    'system:aggregate-to-admin system:aggregate-to-edit system:aggregate-to-view ' +
    'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver';
  for (const name of named.split(' ')) {
    const { labels, annotations } = roles.get(name)?.metadata ?? {};
    assert.equal(labels?.['kubernetes.io/bootstrapping'], 'rbac-defaults', name);
    assert.equal(annotations?.['rbac.authorization.kubernetes.io/autoupdate'], 'true', name);
  }
  for (const name of ['cluster-admin', 'system:basic-user', 'system:discovery', 'system:kube-scheduler'])
    assert.ok(bindings.has(name), name);
  assert.deepEqual(roles.get('cluster-admin')?.rules, [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ]);
});

promise(
  'reviews say what somebody may do',
  async (context) => {
    const { namespace } = context;
    const user = ownUser(context);
    const rules = [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }];
    await grant(context, user, rules);
    const reviews = '/apis/authorization.k8s.io/v1';
    const local = `${reviews}/namespaces/${namespace}/localsubjectaccessreviews`;
    const ask = async (path: string, spec: object, who: object = {}): Promise<unknown> =>
      (await call<{ status: unknown }>(context, 201, 'POST', path, { body: { spec }, ...who })).status;
    const allowed = {
      allowed: true,
      reason: `RBAC: allowed by RoleBinding "granted/${namespace}" of Role "granted" to User "${user}"`,
    };
    const attributes = (verb: string) => ({ resourceAttributes: { namespace, verb, resource: 'pods' } });
    assert.deepEqual(await ask(`${reviews}/subjectaccessreviews`, { user, ...attributes('get') }), allowed);
    assert.deepEqual(await ask(local, { user, ...attributes('get') }), allowed);
    assert.deepEqual(await ask(local, { user, ...attributes('delete') }), { allowed: false });
    const self = `${reviews}/selfsubjectaccessreviews`;
    assert.deepEqual(await ask(self, attributes('get'), impersonating(user)), allowed);
    assert.deepEqual(await ask(self, attributes('delete'), impersonating(user)), { allowed: false });
    const own = await ask(`${reviews}/selfsubjectrulesreviews`, { namespace }, impersonating(user));
    const { resourceRules, incomplete } = own as { resourceRules: Rule[]; incomplete: boolean };
    assert.equal(incomplete, false);
    assert.deepEqual(
      resourceRules.filter(({ resources }) => resources?.includes('pods')),
      rules,
    );
    assert.equal(
      await refusal(context, 'POST', local, {
        body: { spec: { user, resourceAttributes: { namespace: 'other', verb: 'get', resource: 'pods' } } },
      }),
      `422 Invalid: .authorization.k8s.io "" is invalid: spec.resourceAttributes.namespace: Invalid value: "other": must match metadata.namespace`,
    );
    assert.match(
      await refusal(context, 'POST', `${reviews}/subjectaccessreviews`, { body: { spec: attributes('get') } }),
      /^422 Invalid: .*spec\.user: Invalid value: "": at least one of user or group must be specified/,
    );
    assert.match(
      await refusal(context, 'POST', `${reviews}/subjectaccessreviews`, { body: { spec: { user } } }),
      /^422 Invalid: .*exactly one of nonResourceAttributes or resourceAttributes must be specified/,
    );
  },
  { codename: '[sig-auth] SubjectReview should support SubjectReview API operations [Conformance]' },
);

/** A node that nobody runs, so that no scheduler and no kubelet takes part. */
async function ownNode(context: PromiseContext, suffix = ''): Promise<{ name: string; spec: object }> {
  const name = `${context.namespace}${suffix}`;
  await createGlobal(context, '/api/v1/nodes', { metadata: { name } });
  return { name, spec: { user: `system:node:${name}`, groups: ['system:nodes', 'system:authenticated'] } };
}

promise('a node reads what pods on it refer to, and nothing else of its kind', async (context) => {
  const { namespace } = context;
  const node = await ownNode(context);
  const other = await ownNode(context, '-other');
  for (const name of ['used', 'unused']) await context.create('v1', 'secrets', { metadata: { name } });
  await context.create('v1', 'pods', {
    metadata: { name: 'user' },
    spec: {
      nodeName: node.name,
      containers: [{ name: 'c', image: 'example.invalid/i' }],
      volumes: [{ name: 'v', secret: { secretName: 'used' } }],
    },
  });
  const may = async (who: object, verb: string, name: string): Promise<boolean> => {
    const resourceAttributes = { namespace, verb, resource: 'secrets', name };
    return (await accessReview(context, { ...who, resourceAttributes })).allowed;
  };
  await until(context, () => may(node.spec, 'get', 'used'));
  assert.equal(await may(node.spec, 'get', 'unused'), false);
  assert.equal(await may(node.spec, 'delete', 'used'), false);
  assert.equal(await may(other.spec, 'get', 'used'), false);
  const refused = { namespace, verb: 'get', resource: 'secrets', name: 'unused' };
  const { reason } = await accessReview(context, { ...node.spec, resourceAttributes: refused });
  assert.match(reason ?? '', /no relationship found between node '[^']*' and this object/);
});

promise('selectors of a request count: a node lists the pods of itself only', async (context) => {
  const node = await ownNode(context);
  const list = async (nodeName?: string): Promise<boolean> => {
    const requirements = [{ key: 'spec.nodeName', operator: 'In', values: [nodeName] }];
    const fieldSelector = nodeName === undefined ? {} : { fieldSelector: { requirements } };
    const resourceAttributes = { verb: 'list', resource: 'pods', ...fieldSelector };
    return (await accessReview(context, { ...node.spec, resourceAttributes })).allowed;
  };
  assert.equal(await list(), false);
  assert.equal(await list('another'), false);
  assert.equal(await list(node.name), true);
  const as = impersonating(`system:node:${node.name}`, 'system:nodes');
  const own = `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${node.name}`)}`;
  await call(context, 200, 'GET', own, as);
  assert.match(
    await refusal(context, 'GET', '/api/v1/pods', as),
    /^403 Forbidden: pods is forbidden: User "system:node:/,
  );
  const both = { rawSelector: 'a=b', requirements: [{ key: 'a', operator: 'Exists' }] };
  const resourceAttributes = { verb: 'list', resource: 'pods', labelSelector: both };
  assert.match(
    await refusal(context, 'POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      body: { spec: { ...node.spec, resourceAttributes } },
    }),
    /^422 Invalid: .*spec\.resourceAttributes\.labelSelector\.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements/,
  );
});

promise('a node changes itself and pods on it only, and not what restricts it', async (context) => {
  const node = await ownNode(context);
  const other = await ownNode(context, '-other');
  const as = impersonating(`system:node:${node.name}`, 'system:nodes');
  const patch = (path: string, body: object) =>
    refusal(context, 'PATCH', path, { body, headers: { ...as.headers, ...mergePatch } });
  const labels = { metadata: { labels: { color: 'blue' } } };
  const own = `/api/v1/nodes/${node.name}`;
  await call(context, 200, 'PATCH', own, { body: labels, headers: { ...as.headers, ...mergePatch } });
  assert.match(await patch(`/api/v1/nodes/${other.name}`, labels), /^403 Forbidden: /);
  const restricted = { metadata: { labels: { 'node-restriction.kubernetes.io/tier': 'x' } } };
  assert.match(
    await patch(own, restricted),
    /^403 Forbidden: .*is not allowed to modify labels: node-restriction\.kubernetes\.io\/tier/,
  );
  assert.match(
    await patch(own, { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } }),
    /^403 Forbidden: .*is not allowed to modify taints/,
  );
  const containers = [{ name: 'c', image: 'example.invalid/i' }];
  const pods = context.path('v1', 'pods');
  const body = { metadata: { name: 'p' }, spec: { nodeName: node.name, containers } };
  assert.match(await refusal(context, 'POST', pods, { body, ...as }), /^403 Forbidden: .*can only create mirror pods/);
  await context.create('v1', 'pods', { metadata: { name: 'elsewhere' }, spec: { nodeName: other.name, containers } });
  assert.match(await refusal(context, 'DELETE', `${pods}/elsewhere`, as), /^403 Forbidden: /);
});

promise('rights on paths that are no resources', async (context) => {
  const user = ownUser(context);
  await grantGlobally(context, user, [{ verbs: ['get'], nonResourceURLs: ['/metrics', '/debug/*'] }]);
  const get = (path: string): Promise<number> =>
    context.http.request('GET', path, impersonating(user)).then(({ status }) => status);
  assert.equal(await get('/metrics'), 200);
  assert.equal(await get('/metrics/other'), 403);
  assert.notEqual(await get('/debug/anything'), 403);
  const post = await context.http.request('POST', '/metrics', impersonating(user));
  assert.equal(post.status, 403);
});
