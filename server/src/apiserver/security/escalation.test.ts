/** Nobody grants what they do not hold: writes of roles and bindings by users who hold little. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestClient } from '../testing/client.ts';
import { grant, reason } from '../testing/grants.ts';
import { startTarget, type Target } from '../testing/target.ts';

const group = 'rbac.authorization.k8s.io';
const rbac = `/apis/${group}/v1`;
const team = `${rbac}/namespaces/team`;

let target: Target;
let clerk: TestClient;
before(async () => {
  target = await startTarget();
  await target.admin.post('/api/v1/namespaces', { metadata: { name: 'team' } });
  clerk = await target.user('clerk', 'office');
  await grant(target.admin, { user: 'clerk' }, [
    {
      apiGroups: [group],
      resources: ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'],
      verbs: ['create', 'update', 'patch', 'get'],
    },
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
    { nonResourceURLs: ['/metrics'], verbs: ['get'] },
  ]);
  await target.admin.post(`${rbac}/clusterroles`, {
    metadata: { name: 'secret-reader' },
    rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
  });
});
after(() => target.stop());

const who =
  'user "clerk" (groups=["office" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:';

function binding(role: string, kind = 'ClusterRole'): object {
  return {
    metadata: { generateName: 'b-' },
    roleRef: { apiGroup: group, kind, name: role },
    subjects: [{ apiGroup: group, kind: 'User', name: 'clerk' }],
  };
}

describe('roles', () => {
  test('of rights that one holds', async () => {
    const rules = [{ apiGroups: [''], resources: ['pods'], resourceNames: ['p'], verbs: ['get'] }];
    const answer = await clerk.post(`${team}/roles`, { metadata: { name: 'mine' }, rules });
    assert.equal(answer.status, 201, answer.text);
  });
  const table: [title: string, path: string, rules: object[], lines: string[]][] = [
    [
      'of others',
      `${team}/roles`,
      [{ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list'] }],
      ['{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}'],
    ],
    [
      'of other verbs and names',
      `${team}/roles`,
      [{ apiGroups: ['', 'apps'], resources: ['pods'], resourceNames: ['a'], verbs: ['get', 'delete'] }],
      [
        '{APIGroups:[""], Resources:["pods"], ResourceNames:["a"], Verbs:["delete"]}',
        '{APIGroups:["apps"], Resources:["pods"], ResourceNames:["a"], Verbs:["get" "delete"]}',
      ],
    ],
    [
      'of everything',
      `${rbac}/clusterroles`,
      [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
      ['{APIGroups:["*"], Resources:["*"], Verbs:["*"]}'],
    ],
    [
      'of paths',
      `${rbac}/clusterroles`,
      [{ nonResourceURLs: ['/metrics', '/logs'], verbs: ['get'] }],
      ['{NonResourceURLs:["/logs"], Verbs:["get"]}'],
    ],
  ];
  for (const [title, path, rules, lines] of table) {
    test(`${title} are refused`, async () => {
      const answer = await clerk.post(path, { metadata: { name: 'more' }, rules });
      assert.equal(answer.status, 403, answer.text);
      const resource = path.endsWith('clusterroles') ? 'clusterroles' : 'roles';
      assert.equal(reason(answer), `Forbidden: ${resource}.${group} "more" is forbidden: ${who}\n${lines.join('\n')}`);
    });
  }
  test('that gather others take every right', async () => {
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { any: 'true' } }] };
    const answer = await clerk.post(`${rbac}/clusterroles`, { metadata: { name: 'gather' }, aggregationRule });
    assert.equal(answer.status, 403, answer.text);
    assert.equal(
      reason(answer),
      `Forbidden: clusterroles.${group} "gather" is forbidden: must have cluster-admin privileges to use the aggregationRule`,
    );
  });
  test('grow by an update no more than by a create', async () => {
    const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }];
    const answer = await clerk.call('PATCH', `${team}/roles/mine`, {
      body: { rules },
      contentType: 'application/merge-patch+json',
    });
    assert.equal(answer.status, 403, answer.text);
    assert.match(reason(answer), /roles.rbac.authorization.k8s.io "mine" is forbidden: user "clerk"/);
  });
  test('of more by the verb escalate', async () => {
    const escalator = await target.user('escalator');
    await grant(target.admin, { user: 'escalator' }, [
      { apiGroups: [group], resources: ['roles'], verbs: ['create', 'escalate'] },
    ]);
    const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['*'] }];
    const answer = await escalator.post(`${team}/roles`, { metadata: { name: 'grown' }, rules });
    assert.equal(answer.status, 201, answer.text);
  });
});

describe('bindings', () => {
  test('to a role of which one holds all rights', async () => {
    const answer = await clerk.post(`${team}/rolebindings`, binding('mine', 'Role'));
    assert.equal(answer.status, 201, answer.text);
  });
  for (const [title, path] of [
    ['in a namespace', `${team}/rolebindings`],
    ['everywhere', `${rbac}/clusterrolebindings`],
  ] as const) {
    test(`to a role of more are refused ${title}`, async () => {
      const answer = await clerk.post(path, { ...binding('secret-reader'), metadata: { name: 'grab' } });
      assert.equal(answer.status, 403, answer.text);
      const resource = path.endsWith('clusterrolebindings') ? 'clusterrolebindings' : 'rolebindings';
      const line = '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}';
      assert.equal(reason(answer), `Forbidden: ${resource}.${group} "grab" is forbidden: ${who}\n${line}`);
    });
  }
  test('to a role that is not there', async () => {
    const answer = await clerk.post(`${team}/rolebindings`, binding('nothing'));
    assert.equal(`${answer.status} ${reason(answer)}`, `404 NotFound: rolebindings.${group} "nothing" not found`);
  });
  test('by the verb bind', async () => {
    const binder = await target.user('binder');
    await grant(target.admin, { user: 'binder' }, [
      { apiGroups: [group], resources: ['clusterroles'], resourceNames: ['secret-reader'], verbs: ['bind'] },
      { apiGroups: [group], resources: ['rolebindings'], verbs: ['create'] },
    ]);
    assert.equal((await binder.post(`${team}/rolebindings`, binding('secret-reader'))).status, 201);
    assert.equal((await binder.post(`${team}/rolebindings`, binding('cluster-admin'))).status, 403);
  });
  test('keep their role', async () => {
    const made = await target.admin.post(`${team}/rolebindings`, { ...binding('view'), metadata: { name: 'fixed' } });
    const body = { ...made.json<object>(), roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'edit' } };
    const answer = await target.admin.call('PUT', `${team}/rolebindings/fixed`, { body });
    assert.equal(answer.status, 422, answer.text);
    assert.match(reason(answer), /roleRef: Invalid value: .*: cannot change roleRef/s);
  });
});

describe('what one may do', () => {
  test('is listed', async () => {
    const answer = await clerk.post('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
      spec: { namespace: 'team' },
    });
    interface Rules {
      resourceRules: { verbs: string[]; resources: string[]; resourceNames?: string[] }[];
      nonResourceRules: { nonResourceURLs: string[] }[];
      incomplete: boolean;
    }
    const { status } = answer.json<{ status: Rules }>();
    assert.ok(
      status.resourceRules.some(({ resources, verbs }) => resources.includes('pods') && verbs.includes('list')),
    );
    assert.ok(status.resourceRules.some(({ resources }) => resources.includes('selfsubjectreviews')));
    assert.ok(status.nonResourceRules.some(({ nonResourceURLs }) => nonResourceURLs.includes('/metrics')));
    assert.equal(status.incomplete, false);
  });
});
