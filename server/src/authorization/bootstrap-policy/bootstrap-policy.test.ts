import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterRole, ClusterRoleBinding } from '@typernetes/openapi/types/rbac/v1';
import { aggregate, startClusterRoleAggregation } from '../rbac/aggregation.ts';
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

test('aggregation follows labels through several levels and settles', () => {
  const rule = (resource: string) => ({ verbs: ['get'], apiGroups: [''], resources: [resource] });
  const selector = (label: string) => ({ clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] });
  const roles: ClusterRole[] = [
    { metadata: { name: 'top' }, aggregationRule: selector('to-top'), rules: [] },
    {
      metadata: { name: 'middle', labels: { 'to-top': 'true' } },
      aggregationRule: selector('to-middle'),
      rules: [rule('stale')],
    },
    { metadata: { name: 'a', labels: { 'to-middle': 'true' } }, rules: [rule('pods')] },
    {
      metadata: { name: 'b', labels: { 'to-middle': 'true', 'to-top': 'true' } },
      rules: [rule('pods'), rule('nodes')],
    },
  ];
  const expected = [rule('pods'), rule('nodes')];
  const result = Object.fromEntries(aggregate(roles).map(({ name, rules }) => [name, rules]));
  assert.deepEqual(result['middle'], expected);
  assert.deepEqual(new Set(result['top']?.map((item) => item.resources?.[0])), new Set(['pods', 'nodes']));
});

test('the running aggregation picks up a new role', async () => {
  const objects = new MemoryObjects();
  await ensureBootstrapPolicy(objects);
  const errors: unknown[] = [];
  const running = startClusterRoleAggregation(objects, objects, (error) => errors.push(error));
  await running.ready;
  const { promise: allGrew, resolve } = Promise.withResolvers<void>();
  const waiting = new Set(['view', 'edit', 'admin']);
  const unsubscribe = objects.onChange<ClusterRole>(clusterRoles, (_type, role) => {
    if (JSON.stringify(role.rules).includes('example.com')) waiting.delete(role.metadata?.name ?? '');
    if (waiting.size === 0) resolve();
  });
  objects.put('clusterroles.rbac.authorization.k8s.io', {
    metadata: { name: 'extra', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
    rules: [{ verbs: ['get'], apiGroups: ['example.com'], resources: ['things'] }],
  } as object);
  await allGrew;
  unsubscribe();
  await running.stop();
  assert.deepEqual(errors, []);
  assert.equal(objects.watchers(), 0);
});
