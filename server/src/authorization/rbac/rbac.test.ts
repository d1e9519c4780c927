import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isForbidden, isNotFound } from '@typernetes/openapi/meta';
import { ensureBootstrapPolicy } from '../bootstrap-policy/reconcile.ts';
import { type Authorization, buildAuthorizer } from '../build.ts';
import { aggregateRoles } from '../testing/aggregate-roles.ts';
import { request, user } from '../testing/attributes.ts';
import { MemoryObjects } from '../testing/memory-objects.ts';

const rbac = 'rbac.authorization.k8s.io';
let objects: MemoryObjects;
let authorizer: Authorization;

beforeEach(async () => {
  objects = new MemoryObjects();
  await ensureBootstrapPolicy(objects);
  await aggregateRoles(objects);
  authorizer = buildAuthorizer({ modes: ['Node', 'RBAC'], rbacSource: objects, nodeGraphSource: objects });
  await authorizer.ready;
});
afterEach(() => {
  authorizer.stop();
  assert.equal(objects.watchers(), 0);
});

function bind(name: string, namespace: string, roleRef: { kind: string; name: string }, subjects: object[]): void {
  objects.put(`${namespace === '' ? 'clusterrolebindings' : 'rolebindings'}.${rbac}`, {
    metadata: { name, ...(namespace === '' ? {} : { namespace }) },
    roleRef: { apiGroup: rbac, ...roleRef },
    subjects,
  } as object);
}

describe('bootstrap policy decides', () => {
  const users = {
    admin: user('kubernetes-admin', 'system:masters', 'system:authenticated'),
    someone: user('jane', 'system:authenticated'),
    anonymous: user('system:anonymous', 'system:unauthenticated'),
    kcm: user('system:kube-controller-manager', 'system:authenticated'),
    scheduler: user('system:kube-scheduler', 'system:authenticated'),
    proxy: user('system:kube-proxy', 'system:authenticated'),
    dns: user('system:kube-dns', 'system:authenticated'),
    kubeletClient: user('kube-apiserver-kubelet-client', 'system:authenticated'),
    deployments: user('system:serviceaccount:kube-system:deployment-controller', 'system:serviceaccounts'),
  };
  const table: [keyof typeof users, string, boolean][] = [
    ['admin', 'delete anything.example.com x in y', true],
    ['admin', 'get /secret/path', true],
    ['someone', 'get /api', true],
    ['someone', 'get /apis/apps/v1', true],
    ['someone', 'get /openapi/v3', true],
    ['someone', 'get /metrics', false],
    ['someone', 'list pods in default', false],
    ['someone', 'create selfsubjectaccessreviews.authorization.k8s.io', true],
    ['someone', 'create selfsubjectreviews.authentication.k8s.io', true],
    ['someone', 'create subjectaccessreviews.authorization.k8s.io', false],
    ['anonymous', 'get /healthz', true],
    ['anonymous', 'get /version', true],
    ['anonymous', 'get /api', false],
    ['anonymous', 'get /healthz/etcd', false],
    ['anonymous', 'get pods in default', false],
    ['kcm', 'list secrets', true],
    ['kcm', 'create pods in default', false],
    ['kcm', 'update leases.coordination.k8s.io kube-controller-manager in kube-system', true],
    ['kcm', 'impersonate users root', false],
    ['scheduler', 'create pods/binding in default', true],
    ['scheduler', 'create pods in default', false],
    ['scheduler', 'get secrets x in default', false],
    ['scheduler', 'update leases.coordination.k8s.io kube-scheduler in kube-system', true],
    ['scheduler', 'update leases.coordination.k8s.io node-1 in kube-node-lease', false],
    ['proxy', 'list endpointslices.discovery.k8s.io', true],
    ['proxy', 'list secrets', false],
    ['dns', 'watch endpointslices.discovery.k8s.io', true],
    ['dns', 'create endpointslices.discovery.k8s.io in kube-system', true],
    ['dns', 'create endpointslices.discovery.k8s.io in default', false],
    ['dns', 'update services kube-dns in kube-system', true],
    ['dns', 'update services other in kube-system', false],
    ['dns', 'list secrets in kube-system', false],
    ['kubeletClient', 'create nodes/proxy node-1', true],
    ['kubeletClient', 'list pods', false],
    ['deployments', 'update deployments.apps/status x in default', true],
    ['deployments', 'create pods in default', false],
  ];
  for (const [who, line, allowed] of table) {
    test(`${who}: ${line} → ${allowed ? 'allow' : 'no opinion'}`, async () => {
      const { decision } = await authorizer.authorize(request(users[who], line));
      assert.equal(decision, allowed ? 'allow' : 'noOpinion');
    });
  }
});

describe('rules match as upstream', () => {
  const table: [object, string, boolean][] = [
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }, 'get pods in a', true],
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }, 'get pods/log in a', false],
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods/log'] }, 'get pods/log in a', true],
    [{ verbs: ['get'], apiGroups: ['*'], resources: ['*/scale'] }, 'get deployments.apps/scale x in a', true],
    [{ verbs: ['get'], apiGroups: ['*'], resources: ['*/scale'] }, 'get deployments.apps x in a', false],
    [{ verbs: ['get'], apiGroups: ['apps'], resources: ['*'] }, 'get deployments.apps/scale x in a', true],
    [{ verbs: ['get'], apiGroups: ['apps'], resources: ['*'] }, 'get pods x in a', false],
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['x'] }, 'get pods x in a', true],
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['x'] }, 'get pods y in a', false],
    [{ verbs: ['list'], apiGroups: [''], resources: ['pods'], resourceNames: ['x'] }, 'list pods in a', false],
    [{ verbs: ['get'], nonResourceURLs: ['/a/*'] }, 'get /a/b/c', true],
    [{ verbs: ['get'], nonResourceURLs: ['/a/*'] }, 'get /ab', false],
    [{ verbs: ['get'], nonResourceURLs: ['/a*'] }, 'get /ab', true],
    [{ verbs: ['*'], nonResourceURLs: ['*'] }, 'post /anything', true],
    [{ verbs: ['*'], nonResourceURLs: ['*'] }, 'get pods in a', false],
    [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, 'get /a', false],
  ];
  for (const [rule, line, allowed] of table) {
    test(`${JSON.stringify(rule)} on ${line}`, async () => {
      objects.put(`clusterroles.${rbac}`, { metadata: { name: 'r' }, rules: [rule] } as object);
      bind('b', '', { kind: 'ClusterRole', name: 'r' }, [{ kind: 'User', name: 'jane' }]);
      const { decision } = await authorizer.authorize(request(user('jane'), line));
      assert.equal(decision, allowed ? 'allow' : 'noOpinion');
    });
  }
});

test('changes count at once: binding, role, subject, deletion', async () => {
  const jane = user('jane', 'devs');
  const line = 'get pods in a';
  const decide = async (): Promise<string> => (await authorizer.authorize(request(jane, line))).decision;
  assert.equal(await decide(), 'noOpinion');
  bind('b', 'a', { kind: 'ClusterRole', name: 'view' }, [{ kind: 'Group', name: 'devs' }]);
  assert.equal(await decide(), 'allow');
  assert.equal((await authorizer.authorize(request(jane, 'get pods in b'))).decision, 'noOpinion');
  bind('b', 'a', { kind: 'ClusterRole', name: 'view' }, [{ kind: 'Group', name: 'ops' }]);
  assert.equal(await decide(), 'noOpinion');
  bind('b', 'a', { kind: 'Role', name: 'own' }, [{ kind: 'User', name: 'jane' }]);
  const missing = await authorizer.authorize(request(jane, line));
  assert.deepEqual(missing, { decision: 'noOpinion', reason: 'RBAC: role.rbac.authorization.k8s.io "own" not found' });
  objects.put(`roles.${rbac}`, {
    metadata: { name: 'own', namespace: 'a' },
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
  } as object);
  assert.equal(
    (await authorizer.authorize(request(jane, line))).reason,
    'RBAC: allowed by RoleBinding "b/a" of Role "own" to User "jane"',
  );
  objects.remove(`rolebindings.${rbac}`, 'a', 'b');
  assert.equal(await decide(), 'noOpinion');
});

test('a service account subject takes the namespace of its binding', async () => {
  bind('b', 'a', { kind: 'ClusterRole', name: 'view' }, [{ kind: 'ServiceAccount', name: 'sa' }]);
  assert.equal(
    (await authorizer.authorize(request(user('system:serviceaccount:a:sa'), 'get pods in a'))).decision,
    'allow',
  );
  assert.equal(
    (await authorizer.authorize(request(user('system:serviceaccount:b:sa'), 'get pods in a'))).decision,
    'noOpinion',
  );
});

test('admin holds what edit and view hold', async () => {
  bind('b', 'a', { kind: 'ClusterRole', name: 'admin' }, [{ kind: 'User', name: 'jane' }]);
  for (const line of [
    'get pods in a',
    'create deployments.apps in a',
    'create rolebindings.rbac.authorization.k8s.io in a',
  ]) {
    assert.equal((await authorizer.authorize(request(user('jane'), line))).decision, 'allow', line);
  }
});

describe('nobody grants what they do not hold', () => {
  const jane = user('jane', 'devs');
  const podReader = [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }];

  test('the missing rights are named', async () => {
    bind('b', 'a', { kind: 'Role', name: 'r' }, [{ kind: 'User', name: 'jane' }]);
    objects.put(`roles.${rbac}`, {
      metadata: { name: 'r', namespace: 'a' },
      rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
    } as object);
    await assert.rejects(
      authorizer.confirmNoEscalation(jane, podReader, 'a', { resource: 'roles', name: 'new' }),
      (error) => {
        assert.ok(isForbidden(error));
        assert.equal(
          error.message,
          'roles.rbac.authorization.k8s.io "new" is forbidden: user "jane" (groups=["devs"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["list"]}',
        );
        return true;
      },
    );
  });

  test('holding them, the escalate verb, or system:masters is enough', async () => {
    await authorizer.confirmNoEscalation(user('root', 'system:masters'), podReader, 'a');
    bind('b', 'a', { kind: 'ClusterRole', name: 'view' }, [{ kind: 'User', name: 'jane' }]);
    await authorizer.confirmNoEscalation(jane, podReader, 'a');
    await assert.rejects(authorizer.confirmNoEscalation(jane, podReader, ''));
    objects.put(`clusterroles.${rbac}`, {
      metadata: { name: 'e' },
      rules: [{ verbs: ['escalate'], apiGroups: [rbac], resources: ['clusterroles'] }],
    } as object);
    bind('e', '', { kind: 'ClusterRole', name: 'e' }, [{ kind: 'User', name: 'jane' }]);
    await authorizer.confirmNoEscalation(jane, podReader, '');
  });

  test('an aggregation rule takes everything there is', async () => {
    await assert.rejects(
      authorizer.confirmNoEscalation(jane, [], '', { resource: 'clusterroles', name: 'x', aggregates: true }),
      /must have cluster-admin privileges to use the aggregationRule/,
    );
  });

  test('binding takes the rights of the role, or the bind verb on it', async () => {
    const view = { apiGroup: rbac, kind: 'ClusterRole', name: 'view' };
    await assert.rejects(authorizer.confirmBind(jane, view, 'a'), isForbidden);
    await assert.rejects(authorizer.confirmBind(jane, { ...view, name: 'none' }, 'a'), isNotFound);
    objects.put(`clusterroles.${rbac}`, {
      metadata: { name: 'b' },
      rules: [{ verbs: ['bind'], apiGroups: [rbac], resources: ['clusterroles'], resourceNames: ['view'] }],
    } as object);
    bind('b', 'a', { kind: 'ClusterRole', name: 'b' }, [{ kind: 'User', name: 'jane' }]);
    await authorizer.confirmBind(jane, view, 'a');
    await assert.rejects(authorizer.confirmBind(jane, { ...view, name: 'edit' }, 'a'), isForbidden);
  });
});
