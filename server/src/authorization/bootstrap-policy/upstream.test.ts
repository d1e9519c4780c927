/**
 * Every bootstrap role and binding is the one that kube-apiserver v1.36 makes: upstream.json holds a digest of each of
 * theirs, over labels, annotations, rules, aggregation, role and subjects.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { KubernetesObject } from '@typernetes/openapi/meta';
import { bootstrapPolicy } from './policy.ts';

test('object by object', async () => {
  const upstream = JSON.parse(await readFile(new URL('upstream.json', import.meta.url), 'utf8')) as unknown;
  const { clusterRoles, clusterRoleBindings, roles, roleBindings } = bootstrapPolicy({ components: false });
  assert.deepEqual(
    {
      clusterroles: digests(clusterRoles),
      clusterrolebindings: digests(clusterRoleBindings),
      roles: digests(roles),
      rolebindings: digests(roleBindings),
    },
    upstream,
  );
});

function digests(objects: readonly KubernetesObject[]): Record<string, string> {
  const entries = objects.map((object): [string, string] => {
    const { name = '', namespace, labels, annotations } = object.metadata ?? {};
    const { rules, aggregationRule, roleRef, subjects } = object as Record<string, unknown>;
    // An aggregating role's own rules are its controller's.
    const own = aggregationRule === undefined ? rules : undefined;
    const content = sorted({ labels, annotations, rules: own, aggregationRule, roleRef, subjects });
    const key = namespace === undefined ? name : `${namespace}/${name}`;
    return [key, createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16)];
  });
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** Keys in order, so that equal objects have equal text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
