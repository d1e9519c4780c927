/** Gives each aggregated ClusterRole the rules of the roles that its selectors pick. */
import { Controller, type Lister, type Running, resources } from '@typernetes/openapi/client';
import { selectorFromLabelSelector } from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import type { ClusterRole, PolicyRule } from '@typernetes/openapi/types/rbac/v1';
import type { ControllerContext } from '../context.ts';
import { startControllers } from '../running.ts';

const name = 'clusterrole-aggregation-controller';

export function startClusterRoleAggregationController(context: ControllerContext): Running {
  const client = context.clientFor(name);
  const roles = context.informers.informer(resources.clusterRoles);
  const controller = new Controller({
    name,
    synced: [roles.synced],
    clock: context.clock,
    logger: context.logger,
    reconciler: {
      async reconcile(key, signal) {
        const role = roles.lister.getByKey(key);
        const rules = role && gatheredRules(role, roles.lister);
        if (rules === undefined || deepEqual(rules, role?.rules ?? [])) return undefined;
        const { group, version, kind } = resources.clusterRoles;
        const configuration = { apiVersion: `${group}/${version}`, kind, metadata: { name: key }, rules };
        await client
          .resource(resources.clusterRoles)
          .patch(undefined, key, configuration, { type: 'apply', fieldManager: name, force: true, signal });
        return undefined;
      },
    },
  });
  // Which roles a change concerns is not known; they are few. What gathers from a gathered role follows its change.
  const enqueue = (): void => {
    for (const { aggregationRule, metadata } of roles.lister.list())
      if (aggregationRule) controller.queue.add(metadata?.name ?? '');
  };
  return startControllers([controller], [roles.addEventHandler({ add: enqueue, update: enqueue, delete: enqueue })]);
}

/** Each rule once: in the order of the selectors, then of the roles' names. Undefined for a role that gathers none. */
export function gatheredRules(
  role: Readonly<ClusterRole>,
  roles: Pick<Lister<ClusterRole>, 'list'>,
): PolicyRule[] | undefined {
  if (!role.aggregationRule) return undefined;
  const picked = (role.aggregationRule.clusterRoleSelectors ?? []).flatMap((selector) =>
    roles
      .list(undefined, selectorFromLabelSelector(selector))
      .filter(({ metadata }) => metadata?.name !== role.metadata?.name)
      .sort((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1)),
  );
  const rules = picked.flatMap((each) => each.rules ?? []);
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
}
