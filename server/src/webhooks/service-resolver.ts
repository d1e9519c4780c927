/** Where a Service that serves webhooks or an aggregated API is reached from the API server. */
import { type KubernetesObject, serviceUnavailable } from '@typernetes/openapi/meta';
import type { RegistryReader } from '../registry/generic/rest.ts';

export interface ResolvedService {
  host: string;
  port: number;
  /** The name that the server's certificate must carry: `NAME.NAMESPACE.svc`. */
  serverName: string;
}

export type ServiceResolver = (namespace: string, name: string, port: number) => Promise<ResolvedService>;

interface Service extends KubernetesObject {
  spec?: {
    type?: string;
    clusterIP?: string;
    externalName?: string;
    ports?: { name?: string; port: number; protocol?: string }[];
  };
}

interface EndpointSlice extends KubernetesObject {
  endpoints?: { addresses: string[]; conditions?: { ready?: boolean } }[];
  ports?: { name?: string; port?: number; protocol?: string }[];
}

/** Upstream's default: the ClusterIP, which the node's proxy turns into a pod. */
export function clusterIpResolver(registry: Pick<RegistryReader, 'get'>): ServiceResolver {
  return async (namespace, name, port) => {
    const service = await registry.get<Service>({ group: '', resource: 'services' }, namespace, name);
    if (service === undefined) throw serviceUnavailable(`service "${name}" not found`);
    const serverName = `${name}.${namespace}.svc`;
    const { type = 'ClusterIP', clusterIP, externalName, ports = [] } = service.spec ?? {};
    if (type === 'ExternalName' && externalName !== undefined) return { host: externalName, port, serverName };
    if (clusterIP === undefined || clusterIP === '' || clusterIP === 'None')
      throw serviceUnavailable(`no cluster IP for service "${name}"`);
    if (!ports.some((each) => each.port === port))
      throw serviceUnavailable(`no service port ${port} found for service "${name}"`);
    return { host: clusterIP, port, serverName };
  };
}

/** `--enable-aggregator-routing`: one of the ready endpoints, for an API server that Service addresses do not reach. */
export function endpointResolver(
  registry: Pick<RegistryReader, 'get' | 'list'>,
  random: () => number,
): ServiceResolver {
  return async (namespace, name, port) => {
    const service = await registry.get<Service>({ group: '', resource: 'services' }, namespace, name);
    if (service === undefined) throw serviceUnavailable(`service "${name}" not found`);
    const serverName = `${name}.${namespace}.svc`;
    const { type = 'ClusterIP', externalName, ports = [] } = service.spec ?? {};
    if (type === 'ExternalName' && externalName !== undefined) return { host: externalName, port, serverName };
    const servicePort = ports.find((each) => each.port === port);
    if (servicePort === undefined) throw serviceUnavailable(`no service port ${port} found for service "${name}"`);
    const slices = await registry.list<EndpointSlice>(
      { group: 'discovery.k8s.io', resource: 'endpointslices' },
      namespace,
    );
    const targets = slices
      .filter((slice) => slice.metadata?.labels?.['kubernetes.io/service-name'] === name)
      .flatMap((slice) => {
        const target = slice.ports?.find((each) => (each.name ?? '') === (servicePort.name ?? ''))?.port;
        if (target === undefined) return [];
        return (slice.endpoints ?? [])
          .filter((endpoint) => endpoint.conditions?.ready !== false)
          .flatMap((endpoint) => endpoint.addresses.map((host) => ({ host, port: target })));
      });
    const chosen = targets[Math.floor(random() * targets.length)];
    if (chosen === undefined) throw serviceUnavailable(`no endpoints available for service "${name}"`);
    return { ...chosen, serverName };
  };
}
