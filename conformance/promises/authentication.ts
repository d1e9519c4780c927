/** Who a request is taken for: certificates, nobody, impersonation. */
import assert from 'node:assert/strict';
import { call, refusal } from '../src/calls.ts';
import { selfSigned } from '../src/certificate.ts';
import type { PromiseContext } from '../src/context.ts';
import { grant, grantGlobally, impersonating, kubectlWith, ownUser, rbac, whoIs } from '../src/identity.ts';
import { area, type PromiseOptions } from '../src/promise.ts';

const promise = area('authentication');
const kubectl: PromiseOptions = { needs: ['kubectl'] };
const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

promise(
  'kubectl auth whoami says what SelfSubjectReview says',
  async (context) => {
    const { status, metadata } = await call<{
      status: { userInfo: { username: string; groups: string[] } };
      metadata: { creationTimestamp: string };
    }>(context, 201, 'POST', reviews, { body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' } });
    assert.match(metadata.creationTimestamp, /^\d{4}-/);
    const table = await context.kubectl.run(['auth', 'whoami']);
    assert.match(table, /^ATTRIBUTE +VALUE\n/);
    assert.ok(table.includes(`\nUsername `) && table.includes(` ${status.userInfo.username}\n`), table);
    const json = JSON.parse(await context.kubectl.run(['auth', 'whoami', '-o', 'json'])) as { status: object };
    assert.deepEqual(json.status, status);
    assert.ok(status.userInfo.groups.includes('system:authenticated'));
  },
  kubectl,
);

promise('a client certificate of an unknown authority is 401, not a broken handshake', async (context) => {
  const { certificate, key } = selfSigned('localhost');
  const answer = await refusal(context, 'GET', '/api', { certificate: { certificate, key } });
  assert.equal(answer, '401 Unauthorized: Unauthorized');
});

promise('a bad token is 401 where nobody at all would be let in', async (context) => {
  assert.equal((await context.http.request('GET', '/livez', { anonymous: true })).status, 200);
  assert.equal(await refusal(context, 'GET', '/livez', { token: 'nonsense' }), '401 Unauthorized: Unauthorized');
});

promise('without credentials health and version are open, and nothing else', async (context) => {
  for (const path of ['/livez', '/readyz', '/healthz', '/version', '/livez?verbose'])
    assert.equal((await context.http.request('GET', path, { anonymous: true })).status, 200, path);
  for (const path of ['/', '/api', '/apis', '/api/v1', '/openapi/v3', '/metrics', '/logs', '/livez/ping', '/healthzz'])
    assert.equal(
      await refusal(context, 'GET', path, { anonymous: true }),
      `403 Forbidden: forbidden: User "system:anonymous" cannot get path "${path}"`,
    );
  assert.equal(
    await refusal(context, 'GET', context.path('v1', 'pods'), { anonymous: true }),
    `403 Forbidden: pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "${context.namespace}"`,
  );
  assert.match(await refusal(context, 'POST', reviews, { anonymous: true, body: {} }), /^403 Forbidden: /);
});

promise(
  'kubectl without credentials is told who it is taken for',
  async (context) => {
    const nobody = kubectlWith(context, { token: 'nonsense' });
    assert.match(await nobody.fails(['get', 'pods']), /Unauthorized/);
  },
  kubectl,
);

promise('a user is impersonated with groups, uid and extra', async (context) => {
  const user = ownUser(context);
  assert.deepEqual(await whoIs(context, impersonating(user)), { username: user, groups: ['system:authenticated'] });
  const headers = {
    'Impersonate-User': user,
    'Impersonate-Group': ['dev', 'ops'],
    'Impersonate-Uid': '42',
    'Impersonate-Extra-Scopes': ['view', 'edit'],
    'Impersonate-Extra-example.com%2Fproject': 'some-project',
  };
  assert.deepEqual(await whoIs(context, { headers }), {
    username: user,
    uid: '42',
    groups: ['dev', 'ops', 'system:authenticated'],
    extra: { scopes: ['view', 'edit'], 'example.com/project': ['some-project'] },
  });
});

promise('an impersonated ServiceAccount has its groups, and the anonymous user the other one', async (context) => {
  const username = `system:serviceaccount:${context.namespace}:robot`;
  assert.deepEqual((await whoIs(context, impersonating(username)))?.groups?.toSorted(), [
    'system:authenticated',
    'system:serviceaccounts',
    `system:serviceaccounts:${context.namespace}`,
  ]);
  const answer = await refusal(context, 'POST', reviews, { body: {}, ...impersonating('system:anonymous') });
  assert.match(answer, /^403 Forbidden: .*User "system:anonymous" cannot create resource "selfsubjectreviews"/);
});

promise('who is impersonated has their own rights, not those of who asks', async (context) => {
  const user = ownUser(context);
  const path = context.path('v1', 'configmaps');
  assert.equal(
    await refusal(context, 'GET', path, impersonating(user)),
    `403 Forbidden: configmaps is forbidden: User "${user}" cannot list resource "configmaps" in API group "" in the namespace "${context.namespace}"`,
  );
  await grantGlobally(context, user, [{ verbs: ['list'], apiGroups: [''], resources: ['configmaps'] }]);
  await call(context, 200, 'GET', path, impersonating(user));
  const body = { metadata: { name: 'made' } };
  assert.match(await refusal(context, 'POST', path, { body, ...impersonating(user) }), /^403 Forbidden: /);
});

interface Asking {
  token: string;
  user: string;
  ask: (headers: Record<string, string | string[]>) => Promise<string>;
}

/** A ServiceAccount that is to act as others: an administrator may impersonate anybody. */
async function robot(context: PromiseContext): Promise<Asking> {
  await context.create('v1', 'serviceaccounts', { metadata: { name: 'robot' } });
  const path = context.path('v1', 'serviceaccounts', 'robot/token');
  const { status } = await call<{ status: { token: string } }>(context, 201, 'POST', path, { body: {} });
  return {
    token: status.token,
    user: `system:serviceaccount:${context.namespace}:robot`,
    ask: (headers) => refusal(context, 'POST', reviews, { body: {}, token: status.token, headers }),
  };
}

const refused = /^403 Forbidden: .* is forbidden: User "system:serviceaccount:[^"]*:robot" cannot impersonate/;

promise('impersonation needs a right for each part: user, group, uid and every extra', async (context) => {
  const { token, user, ask } = await robot(context);
  const jane = ownUser(context);
  assert.match(await ask({ 'impersonate-user': jane }), refused);
  assert.match(await ask({ 'impersonate-user': 'system:serviceaccount:kube-system:default' }), refused);
  const authentication = ['authentication.k8s.io'];
  const verbs = ['impersonate'];
  await grantGlobally(context, user, [
    { verbs, apiGroups: [''], resources: ['users'], resourceNames: [jane] },
    { verbs, apiGroups: [''], resources: ['groups'], resourceNames: ['dev'] },
    { verbs, apiGroups: authentication, resources: ['userextras/scopes'], resourceNames: ['view'] },
    { verbs, apiGroups: authentication, resources: ['uids'], resourceNames: ['42'] },
  ]);
  const headers = {
    'impersonate-user': jane,
    'impersonate-group': 'dev',
    'impersonate-extra-scopes': 'view',
    'impersonate-uid': '42',
  };
  assert.deepEqual(await whoIs(context, { token, headers }), {
    username: jane,
    uid: '42',
    groups: ['dev', 'system:authenticated'],
    extra: { scopes: ['view'] },
  });
  for (const more of [
    { 'impersonate-group': ['dev', 'system:masters'] },
    { 'impersonate-user': 'kubernetes-admin' },
    { 'impersonate-uid': '43' },
    { 'impersonate-extra-scopes': ['view', 'edit'] },
    { 'impersonate-extra-other': 'view' },
  ])
    assert.match(
      await ask({ ...headers, ...more } as Record<string, string | string[]>),
      refused,
      JSON.stringify(more),
    );
});

promise('impersonation may be granted for some actions only', async (context) => {
  const { token, user, ask } = await robot(context);
  const jane = ownUser(context);
  const admin = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];
  await grant(context, jane, admin);
  await grantGlobally(context, user, [
    {
      verbs: ['impersonate:user-info'],
      apiGroups: ['authentication.k8s.io'],
      resources: ['users'],
      resourceNames: [jane],
    },
    { verbs: ['impersonate-on:user-info:list'], apiGroups: [''], resources: ['configmaps'] },
  ]);
  const headers = { 'impersonate-user': jane };
  await call(context, 200, 'GET', context.path('v1', 'configmaps'), { token, headers });
  assert.match(await refusal(context, 'GET', context.path('v1', 'secrets'), { token, headers }), refused);
  assert.match(await ask(headers), refused);
});

promise('groups, uid or extra without a user to impersonate are refused', async (context) => {
  for (const header of ['impersonate-group', 'impersonate-uid', 'impersonate-extra-a'])
    assert.match(
      await refusal(context, 'GET', '/api', { headers: { [header]: 'x' } }),
      /^400 BadRequest: requested .* without impersonating a user name$/,
    );
});

promise(
  'kubectl --as acts as somebody else',
  async (context) => {
    const user = ownUser(context);
    const as = [`--as=${user}`, '--as-group=dev', '--as-uid=42'];
    assert.deepEqual(JSON.parse(await context.kubectl.run(['auth', 'whoami', '-o', 'json', ...as])).status.userInfo, {
      username: user,
      uid: '42',
      groups: ['dev', 'system:authenticated'],
    });
    assert.match(
      await context.kubectl.fails(['get', 'pods', ...as]),
      new RegExp(`^Error from server \\(Forbidden\\): pods is forbidden: User "${user}" cannot list resource "pods"`),
    );
  },
  kubectl,
);

promise('the rights of a ServiceAccount are those its bindings give', async (context) => {
  const { namespace } = context;
  await context.create('v1', 'serviceaccounts', { metadata: { name: 'robot' } });
  const tokenPath = context.path('v1', 'serviceaccounts', 'robot/token');
  const { status } = await call<{ status: { token: string } }>(context, 201, 'POST', tokenPath, { body: {} });
  const read = (path: string): Promise<number> =>
    context.http.request('GET', path, { token: status.token }).then((answer) => answer.status);
  assert.equal(await read(context.path('v1', 'configmaps')), 403);
  await call(context, 201, 'POST', `${rbac}/namespaces/${namespace}/rolebindings`, {
    body: {
      metadata: { name: 'robot-views' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace }],
    },
  });
  while ((await read(context.path('v1', 'configmaps'))) !== 200) context.signal.throwIfAborted();
  assert.equal(await read(context.path('v1', 'secrets')), 403, 'view shows no secrets');
  assert.equal(await read('/api/v1/namespaces/kube-system/configmaps'), 403, 'only in its namespace');
  assert.equal(await read('/api'), 200, 'discovery is for all who are known');
});
