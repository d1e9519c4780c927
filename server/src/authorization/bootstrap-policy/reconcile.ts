/**
 * Puts the bootstrap policy into a cluster at every start: creates what is missing, adds the rules, subjects, labels
 * and annotations that an older or edited object lacks, removes nothing, and leaves alone whatever carries
 * `autoupdate: "false"`. Four lists, then only the writes that change something, side by side.
 */

import { type GroupResource, isAlreadyExists, type KubernetesObject } from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import type {
  AggregationRule,
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
} from '@typernetes/openapi/types/rbac/v1';
import type { RegistryReader } from '../../registry/generic/rest.ts';
import { uncoveredRules } from '../rbac/policy-rule.ts';
import { rbacGroup } from '../rbac/role-index.ts';
import { autoUpdateAnnotation, bootstrapPolicy } from './policy.ts';

/** Resolves to the number of objects written. Safe to run from several API servers at once. */
export async function ensureBootstrapPolicy(
  registry: RegistryReader,
  policy = bootstrapPolicy({ components: true }),
): Promise<number> {
  const counts = await Promise.all([
    ensureAll<ClusterRole>(registry, 'clusterroles', policy.clusterRoles, mergeRole),
    ensureAll<Role>(registry, 'roles', policy.roles, mergeRole),
    ensureAll<ClusterRoleBinding>(registry, 'clusterrolebindings', policy.clusterRoleBindings, mergeBinding),
    ensureAll<RoleBinding>(registry, 'rolebindings', policy.roleBindings, mergeBinding),
  ]);
  return counts.reduce((sum, count) => sum + count, 0);
}

type Merge<T> = (existing: T, expected: T) => T | 'recreate';

async function ensureAll<T extends KubernetesObject>(
  registry: RegistryReader,
  resource: string,
  wanted: readonly T[],
  merge: Merge<T>,
): Promise<number> {
  const groupResource = { group: rbacGroup, resource };
  const existing = new Map((await registry.list<T>(groupResource)).map((object) => [keyOf(object), object]));
  const writes = wanted.map((expected) =>
    ensure(registry, groupResource, existing.get(keyOf(expected)), expected, merge),
  );
  return (await Promise.all(writes)).filter(Boolean).length;
}

async function ensure<T extends KubernetesObject>(
  registry: RegistryReader,
  resource: GroupResource,
  existing: T | undefined,
  expected: T,
  merge: Merge<T>,
): Promise<boolean> {
  const { name = '', namespace = '' } = expected.metadata ?? {};
  const create = async (): Promise<boolean> => {
    try {
      await registry.create(resource, namespace, expected);
      return true;
    } catch (error) {
      if (isAlreadyExists(error)) return false; // another API server was first, with the same content
      throw error;
    }
  };
  if (existing === undefined) return create();
  if (existing.metadata?.annotations?.[autoUpdateAnnotation] === 'false') return false;
  const merged = merge(existing, expected);
  if (merged === 'recreate') {
    const { uid } = existing.metadata ?? {};
    await registry.delete(resource, namespace, name, uid === undefined ? {} : { uid });
    return create();
  }
  if (deepEqual(merged, existing)) return false;
  await registry.update<T>(resource, namespace, name, (current) => {
    if (current.metadata?.annotations?.[autoUpdateAnnotation] === 'false') return current;
    const again = merge(current, expected);
    return again === 'recreate' ? current : again;
  });
  return true;
}

function mergeRole<T extends ClusterRole | Role>(existing: T, expected: T): T {
  const merged = { ...existing, metadata: mergeMetadata(existing, expected) };
  const aggregation = (expected as ClusterRole).aggregationRule;
  if (aggregation !== undefined) {
    return { ...merged, aggregationRule: mergeAggregation((existing as ClusterRole).aggregationRule, aggregation) };
  }
  const rules: PolicyRule[] = existing.rules ?? [];
  const missing = uncoveredRules(rules, expected.rules ?? []);
  if (missing.length === 0) return merged;
  return { ...merged, rules: [...rules, ...missing] };
}

function mergeAggregation(existing: AggregationRule | undefined, expected: AggregationRule): AggregationRule {
  const present = existing?.clusterRoleSelectors ?? [];
  const missing = (expected.clusterRoleSelectors ?? []).filter(
    (selector) => !present.some((other) => deepEqual(other, selector)),
  );
  return { ...existing, clusterRoleSelectors: [...present, ...missing] };
}

/** A binding's role cannot be changed in place. */
function mergeBinding<T extends ClusterRoleBinding | RoleBinding>(existing: T, expected: T): T | 'recreate' {
  if (!deepEqual(existing.roleRef, expected.roleRef)) return 'recreate';
  const present = existing.subjects ?? [];
  const missing = (expected.subjects ?? []).filter((subject) => !present.some((other) => deepEqual(other, subject)));
  const merged = { ...existing, metadata: mergeMetadata(existing, expected) };
  return missing.length === 0 ? merged : { ...merged, subjects: [...present, ...missing] };
}

function mergeMetadata(
  existing: KubernetesObject,
  expected: KubernetesObject,
): NonNullable<KubernetesObject['metadata']> {
  return {
    ...existing.metadata,
    labels: { ...expected.metadata?.labels, ...existing.metadata?.labels },
    annotations: { ...expected.metadata?.annotations, ...existing.metadata?.annotations },
  };
}

function keyOf(object: KubernetesObject): string {
  return `${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}`;
}
