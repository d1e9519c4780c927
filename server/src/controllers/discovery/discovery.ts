/** Which resources the API server serves now, custom and aggregated ones included. */
import type { RestClient } from '@typernetes/openapi/client';

export interface DiscoveredResource {
  group: string;
  version: string;
  resource: string;
  kind: string;
  namespaced: boolean;
  verbs: readonly string[];
  /** Of the versions that serve the resource, the one the server prefers. */
  preferred: boolean;
}

export interface Discovery {
  resources: DiscoveredResource[];
  /** Group versions that could not be discovered (an aggregated server is down): what they hold is unknown. */
  failed: string[];
}

interface AggregatedDiscovery {
  kind?: string;
  items?: {
    metadata?: { name?: string };
    versions?: {
      version: string;
      freshness?: string;
      resources?: {
        resource: string;
        responseKind?: { group?: string; version?: string; kind?: string };
        scope?: string;
        verbs?: string[];
      }[];
    }[];
  }[];
}

const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

export async function discover(client: RestClient, signal: AbortSignal): Promise<Discovery> {
  const documents = await Promise.all(
    ['/api', '/apis'].map((path) => client.requestJson<AggregatedDiscovery>({ method: 'GET', path, accept, signal })),
  );
  const discovery: Discovery = { resources: [], failed: [] };
  for (const document of documents) {
    if (document.kind !== 'APIGroupDiscoveryList')
      throw new Error('the API server does not serve aggregated discovery (apidiscovery.k8s.io/v2)');
    for (const { metadata, versions = [] } of document.items ?? []) {
      const group = metadata?.name ?? '';
      const seen = new Set<string>();
      for (const { version, freshness, resources = [] } of versions) {
        if (freshness === 'Stale') discovery.failed.push(group === '' ? version : `${group}/${version}`);
        for (const { resource, responseKind, scope, verbs = [] } of resources) {
          discovery.resources.push({
            group,
            version,
            resource,
            kind: responseKind?.kind ?? '',
            namespaced: scope === 'Namespaced',
            verbs,
            preferred: !seen.has(resource),
          });
          seen.add(resource);
        }
      }
    }
  }
  return discovery;
}
