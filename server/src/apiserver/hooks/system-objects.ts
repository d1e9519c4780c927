/** Objects that upstream's API server makes itself when it starts. */
import { formatTime, type KubernetesObject } from '@typernetes/openapi/meta';
import type { RegistryReader } from '../../registry/generic/rest.ts';
import { ensureExists } from './ensure.ts';

const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

export async function ensureSystemNamespaces(registry: RegistryReader): Promise<void> {
  await Promise.all(
    systemNamespaces.map((name) =>
      ensureExists(
        registry,
        { group: '', resource: 'namespaces' },
        {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name },
        },
      ),
    ),
  );
}

const systemPriorityClasses = [
  {
    name: 'system-node-critical',
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    name: 'system-cluster-critical',
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
];

export async function ensurePriorityClasses(registry: RegistryReader): Promise<void> {
  await Promise.all(
    systemPriorityClasses.map(({ name, value, description }) =>
      ensureExists(
        registry,
        { group: 'scheduling.k8s.io', resource: 'priorityclasses' },
        {
          apiVersion: 'scheduling.k8s.io/v1',
          kind: 'PriorityClass',
          metadata: { name },
          value,
          description,
          preemptionPolicy: 'PreemptLowerPriority',
        },
      ),
    ),
  );
}

interface ServiceCIDR extends KubernetesObject {
  spec?: { cidrs?: string[] };
  status?: { conditions?: Record<string, unknown>[] };
}

/** The default ServiceCIDR is the flag's ranges; its Ready condition is set once. */
export async function ensureDefaultServiceCidr(
  registry: RegistryReader,
  ranges: readonly string[],
  now: Date,
): Promise<void> {
  const resource = { group: 'networking.k8s.io', resource: 'servicecidrs' };
  await ensureExists<ServiceCIDR>(registry, resource, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes' },
    spec: { cidrs: [...ranges] },
  });
  const current = await registry.get<ServiceCIDR>(resource, '', 'kubernetes');
  const known = current?.status?.conditions?.some((condition) => condition.type === 'Ready') ?? false;
  if (known || current?.metadata?.deletionTimestamp !== undefined || current?.spec?.cidrs?.join() !== ranges.join())
    return;
  const ready = {
    type: 'Ready',
    status: 'True',
    lastTransitionTime: formatTime(now),
    message: 'Kubernetes default Service CIDR is ready',
  };
  await registry.apply<ServiceCIDR>(
    resource,
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'ServiceCIDR',
      metadata: { name: 'kubernetes' },
      status: { conditions: [ready] },
    },
    { subresource: 'status', fieldManager: 'kubernetes-service-cidr-controller' },
  );
}

/** Since when the last use of legacy service account tokens is noted: before that day, no note means nothing. */
export async function ensureLegacyTokenTracking(registry: RegistryReader, now: Date): Promise<void> {
  await ensureExists(registry, { group: '', resource: 'configmaps' }, {
    metadata: { name: 'kube-apiserver-legacy-service-account-token-tracking', namespace: 'kube-system' },
    data: { since: now.toISOString().slice(0, 10) },
  } as KubernetesObject);
}
