import type { ClusterRole } from '@typernetes/openapi/types/rbac/v1';
import { gatheredRules } from '../../controllers/clusterroleaggregation/clusterrole-aggregation-controller.ts';
import type { MemoryObjects } from './memory-objects.ts';

const clusterRoles = { group: 'rbac.authorization.k8s.io', resource: 'clusterroles' };

/** Fills the aggregated roles of the bootstrap policy, as the controller manager of a cluster does. */
export async function aggregateRoles(objects: MemoryObjects): Promise<void> {
  for (const name of ['view', 'edit', 'admin']) {
    const roles = await objects.list<ClusterRole>(clusterRoles);
    const lister = {
      list: (_?: string, selector?: { matches(labels: Record<string, string>): boolean }) =>
        roles.filter(({ metadata }) => selector?.matches(metadata?.labels ?? {})),
    };
    await objects.update<ClusterRole>(clusterRoles, '', name, (role) => {
      const rules = gatheredRules(role, lister);
      return rules === undefined ? role : { ...role, rules };
    });
  }
}
