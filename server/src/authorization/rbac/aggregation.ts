/** Aggregated ClusterRoles: their rules are those of the roles their selectors pick. */

import { selectorFromLabelSelector } from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import type { ClusterRole, PolicyRule } from '@typernetes/openapi/types/rbac/v1';
import type { RegistryReader } from '../../registry/generic/rest.ts';
import { follow, type ObjectSource } from '../object-source.ts';
import { rbacGroup } from './role-index.ts';

/**
 * The aggregated roles whose rules are not what they should be, with the rules they should have. Aggregation through
 * other aggregated roles (admin gathers edit, which gathers view) is followed to its end.
 */
export function aggregate(clusterRoles: readonly Readonly<ClusterRole>[]): { name: string; rules: PolicyRule[] }[] {
  const sorted = [...clusterRoles].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const rules = new Map<string, readonly PolicyRule[]>(sorted.map((role) => [nameOf(role), role.rules ?? []]));
  const parts = sorted.flatMap((role) => {
    const selectors = role.aggregationRule?.clusterRoleSelectors;
    if (selectors === undefined || selectors === null) return [];
    const matchers = selectors.map((selector) => selectorFromLabelSelector(selector));
    const gathers = matchers.flatMap((matcher) =>
      sorted.filter((other) => other !== role && matcher.matches(other.metadata?.labels ?? {})).map(nameOf),
    );
    return [{ name: nameOf(role), gathers }];
  });
  // Each pass carries rules one level further; a cycle settles too, because rules are only ever added.
  for (let pass = 0; pass <= parts.length; pass++) {
    let changed = false;
    for (const { name, gathers } of parts) {
      const gathered = distinct(gathers.flatMap((other) => rules.get(other) ?? []));
      if (deepEqual(gathered, rules.get(name))) continue;
      rules.set(name, gathered);
      changed = true;
    }
    if (!changed) break;
  }
  return parts.flatMap(({ name }) => {
    const before = sorted.find((role) => nameOf(role) === name)?.rules ?? [];
    const after = rules.get(name) ?? [];
    return deepEqual(before, after) ? [] : [{ name, rules: [...after] }];
  });
}

/** As upstream's controller, which owns these rules and nothing else. */
export async function applyAggregated(registry: RegistryReader, name: string, rules: PolicyRule[]): Promise<void> {
  await registry.apply<ClusterRole>(
    { group: rbacGroup, resource: 'clusterroles' },
    { apiVersion: `${rbacGroup}/v1`, kind: 'ClusterRole', metadata: { name }, rules },
    { fieldManager: 'clusterrole-aggregation-controller' },
  );
}

/** Keeps every aggregated role current, as upstream's clusterrole-aggregation controller does. */
export function startClusterRoleAggregation(
  source: ObjectSource,
  registry: RegistryReader,
  report: (error: unknown) => void,
): { ready: Promise<void>; stop(): Promise<void> } {
  const roles = new Map<string, Readonly<ClusterRole>>();
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  let filled = false;

  const write = async (): Promise<void> => {
    for (const { name, rules } of aggregate([...roles.values()])) {
      if (stopped) return;
      try {
        await applyAggregated(registry, name, rules);
      } catch (error) {
        report(error); // the next change of any role tries again
      }
    }
  };
  const run = async (): Promise<void> => {
    do {
      again = false;
      await write();
    } while (again);
    running = undefined;
  };
  const kick = (): void => {
    if (stopped || !filled) return;
    again = true;
    running ??= run();
  };
  const follower = follow<ClusterRole>(source, { group: rbacGroup, resource: 'clusterroles' }, (type, role) => {
    if (type === 'put') roles.set(nameOf(role), role);
    else roles.delete(nameOf(role));
    kick();
  });
  const ready = follower.ready.then(() => {
    filled = true;
    kick();
    return running;
  });
  return {
    ready,
    async stop() {
      stopped = true;
      follower.stop();
      await running;
    },
  };
}

function distinct(rules: readonly PolicyRule[]): PolicyRule[] {
  const seen = new Map(rules.map((rule) => [JSON.stringify(rule), rule]));
  return [...seen.values()];
}

function nameOf(role: Readonly<ClusterRole>): string {
  return role.metadata?.name ?? '';
}
