import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterRole, ClusterRoleBinding } from '@typernetes/openapi/types/rbac/v1';
import { MemoryObjects } from '../testing/memory-objects.ts';
import { bootstrapPolicy } from './policy.ts';
import { ensureBootstrapPolicy } from './reconcile.ts';

const clusterRoles = { group: 'rbac.authorization.k8s.io', resource: 'clusterroles' };
const clusterRoleBindings = { group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings' };

test('every line of the facts parses, names are unique, bindings find their roles', () => {
  const policy = bootstrapPolicy();
  const names = policy.clusterRoles.map((role) => role.metadata?.name);
  assert.equal(new Set(names).size, names.length);
  for (const binding of policy.clusterRoleBindings)
    assert.ok(names.includes(binding.roleRef.name), binding.roleRef.name);
  for (const binding of policy.roleBindings) {
    assert.ok(
      policy.roles.some(
        (role) =>
          role.metadata?.name === binding.roleRef.name && role.metadata?.namespace === binding.metadata?.namespace,
      ),
    );
  }
});

test('whoever may list may watch', () => {
  for (const role of bootstrapPolicy({ components: false }).clusterRoles) {
    for (const rule of role.rules ?? []) {
      if (role.metadata?.name?.startsWith('system:controller:')) continue;
      assert.ok(
        !rule.verbs.includes('list') || rule.verbs.includes('watch'),
        `${role.metadata?.name}: ${JSON.stringify(rule)}`,
      );
    }
  }
});

test('a second start writes nothing', async () => {
  const objects = new MemoryObjects();
  const first = await ensureBootstrapPolicy(objects);
  assert.ok(first > 130, String(first));
  objects.writes = 0;
  assert.equal(await ensureBootstrapPolicy(objects), 0);
  assert.equal(objects.writes, 0);
});

test('what was removed is added again, what was added stays, autoupdate=false is left alone', async () => {
  const objects = new MemoryObjects();
  await ensureBootstrapPolicy(objects);
  await objects.update<ClusterRole>(clusterRoles, '', 'system:node-proxier', (role) => ({
    ...role,
    rules: [{ verbs: ['get'], apiGroups: ['example.com'], resources: ['mine'] }],
  }));
  await objects.update<ClusterRole>(clusterRoles, '', 'system:kube-scheduler', (role) => ({
    ...role,
    metadata: { ...role.metadata, annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } },
    rules: [],
  }));
  await objects.update<ClusterRoleBinding>(clusterRoleBindings, '', 'system:discovery', (binding) => ({
    ...binding,
    subjects: [],
  }));
  assert.equal(await ensureBootstrapPolicy(objects), 2);
  const proxier = await objects.get<ClusterRole>(clusterRoles, '', 'system:node-proxier');
  assert.ok(proxier?.rules?.some((rule) => rule.resources?.includes('mine')));
  assert.ok(proxier?.rules?.some((rule) => rule.resources?.includes('endpointslices')));
  assert.deepEqual((await objects.get<ClusterRole>(clusterRoles, '', 'system:kube-scheduler'))?.rules, []);
  const discovery = await objects.get<ClusterRoleBinding>(clusterRoleBindings, '', 'system:discovery');
  assert.deepEqual(discovery?.subjects, [
    { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:authenticated' },
  ]);
});

test('a binding to another role is made anew', async () => {
  const objects = new MemoryObjects();
  await ensureBootstrapPolicy(objects);
  await objects.update<ClusterRoleBinding>(clusterRoleBindings, '', 'cluster-admin', (binding) => ({
    ...binding,
    roleRef: { ...binding.roleRef, name: 'view' },
  }));
  assert.equal(await ensureBootstrapPolicy(objects), 1);
  assert.equal(
    (await objects.get<ClusterRoleBinding>(clusterRoleBindings, '', 'cluster-admin'))?.roleRef.name,
    'cluster-admin',
  );
});
