import { aggregateFieldErrors, path, required } from '@typernetes/openapi/meta';
import { type ConfigKind, decodeConfig, list, string, struct } from '../../apiserver/structured/config-file.ts';
import type { ScopeRequirement } from '../plugins/quota-scopes.ts';

export interface LimitedResource {
  apiGroup?: string;
  resource: string;
  /** Parts of the names of what may be used only under a quota. */
  matchContains?: string[];
  /** Objects in these scopes need a quota of the same scope. */
  matchScopes?: ScopeRequirement[];
}

const schema = struct({
  limitedResources: list(
    struct({
      apiGroup: string,
      resource: string,
      matchContains: list(string),
      matchScopes: list(struct({ scopeName: string, operator: string, values: list(string) })),
    }),
  ),
});
const kinds: readonly ConfigKind[] = [
  { group: 'apiserver.config.k8s.io', kind: 'ResourceQuotaConfiguration', versions: ['v1'], schema },
  { group: 'resourcequota.admission.k8s.io', kind: 'Configuration', versions: ['v1beta1', 'v1alpha1'], schema },
];

/** Throws on what is no valid configuration. */
export function readLimitedResources(text: string | undefined): LimitedResource[] {
  if (text === undefined) return [];
  const { limitedResources = [] } = decodeConfig<{ limitedResources?: LimitedResource[] }>(text, kinds);
  const errors = limitedResources.flatMap(({ resource }, index) =>
    resource ? [] : [required(path('limitedResources').index(index).child('resource'), '')],
  );
  const message = aggregateFieldErrors(errors);
  if (message !== undefined) throw new Error(message);
  return limitedResources;
}
