/** What an installer puts into a new cluster beside what the API server itself makes: the Service of cluster DNS. */
import { loadKubeconfig, RestClient } from '@typernetes/openapi/client';
import { isNotFound } from '@typernetes/openapi/meta';
import type { Node, Service } from '@typernetes/openapi/types/core/v1';

export function adminClient(kubeconfig: string): RestClient {
  return new RestClient(loadKubeconfig(kubeconfig));
}

/** Its endpoints are the dns components of the nodes, which publish themselves; so it has no selector. */
export async function ensureDnsService(client: RestClient, clusterIP: string, signal: AbortSignal): Promise<void> {
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kube-dns',
      namespace: 'kube-system',
      labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
    },
    spec: {
      clusterIP,
      ports: [
        { name: 'dns', protocol: 'UDP', port: 53 },
        { name: 'dns-tcp', protocol: 'TCP', port: 53 },
      ],
    },
  };
  const services = client.resource<Service>({ group: '', version: 'v1', resource: 'services' });
  try {
    await services.get('kube-system', 'kube-dns', { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await services.create('kube-system', service, { signal });
  }
}

/** Resolves when every named node is Ready; `progress` hears how many are. */
export async function nodesReady(
  client: RestClient,
  names: readonly string[],
  signal: AbortSignal,
  progress: (ready: number) => void,
): Promise<void> {
  const nodes = client.resource<Node>({ group: '', version: 'v1', resource: 'nodes' });
  const ready = new Set<string>();
  const note = (node: Node): boolean => {
    const isReady = node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
    const name = node.metadata?.name ?? '';
    if (isReady) ready.add(name);
    else ready.delete(name);
    const count = names.filter((wanted) => ready.has(wanted)).length;
    progress(count);
    return count === names.length;
  };
  while (!signal.aborted) {
    const list = await nodes.list(undefined, { signal });
    let done = false;
    for (const node of list.items) done = note(node);
    if (done || names.length === 0) return;
    for await (const event of nodes.watch(undefined, {
      resourceVersion: list.metadata?.resourceVersion ?? '',
      signal,
    })) {
      if (event.type !== 'BOOKMARK' && event.type !== 'DELETED' && note(event.object as Node)) return;
    }
  }
  signal.throwIfAborted();
}
