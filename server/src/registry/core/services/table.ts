import type { Service } from '@typernetes/openapi/types/core/v1';
import type { TableDefinition } from '../../generic/table.ts';
import { age, ageColumn, formatLabels, nameColumn, text } from '../../printing/index.ts';

/** Addresses before names, each once, sorted. */
export function loadBalancerText(ingress: readonly { ip?: string; hostname?: string }[] | undefined): string {
  const shown = new Set(
    (ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter((address) => address !== ''),
  );
  return [...shown].sort().join(',');
}

function externalIP(service: Service): string {
  const { type, externalIPs = [], externalName = '' } = service.spec ?? {};
  switch (type) {
    case 'ClusterIP':
    case 'NodePort':
      return externalIPs.length > 0 ? externalIPs.join(',') : '<none>';
    case 'LoadBalancer': {
      const balancer = loadBalancerText(service.status?.loadBalancer?.ingress);
      return [...(balancer === '' ? [] : [balancer]), ...externalIPs].join(',') || '<pending>';
    }
    case 'ExternalName':
      return externalName;
    default:
      return '<unknown>';
  }
}

function portsText(service: Service): string {
  const ports = (service.spec?.ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return ports.join(',') || '<none>';
}

export const serviceTable: TableDefinition<Service> = {
  columns: [
    nameColumn,
    text('Type'),
    text('Cluster-IP'),
    text('External-IP'),
    text('Port(s)'),
    ageColumn,
    text('Selector', 1),
  ],
  cells: (service, now) => [
    service.metadata?.name ?? '',
    service.spec?.type ?? '',
    service.spec?.clusterIPs?.[0] ?? '<none>',
    externalIP(service),
    portsText(service),
    age(service, now),
    formatLabels(service.spec?.selector),
  ],
};
