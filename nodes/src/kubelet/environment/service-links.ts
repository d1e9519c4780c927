/** Environment variables that tell a container where Services are (Docker links' names). */
import type { Service } from '@typernetes/openapi/types/core/v1';

const variableName = (name: string): string => name.replaceAll('-', '_').toUpperCase();
const joinHostPort = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

function serviceVariables(service: Service): Record<string, string> {
  const prefix = variableName(service.metadata?.name ?? '');
  const ip = service.spec?.clusterIP ?? '';
  const ports = service.spec?.ports ?? [];
  const variables: Record<string, string> = {
    [`${prefix}_SERVICE_HOST`]: ip,
    [`${prefix}_SERVICE_PORT`]: String(ports[0]?.port ?? ''),
  };
  for (const { name, port } of ports)
    if (name) variables[`${prefix}_SERVICE_PORT_${variableName(name)}`] = String(port);
  for (const [index, { port, protocol = 'TCP' }] of ports.entries()) {
    const url = `${protocol.toLowerCase()}://${joinHostPort(ip, port)}`;
    if (index === 0) variables[`${prefix}_PORT`] = url;
    const link = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
    variables[link] = url;
    variables[`${link}_PROTO`] = protocol.toLowerCase();
    variables[`${link}_PORT`] = String(port);
    variables[`${link}_ADDR`] = ip;
  }
  return variables;
}

/** Of the pod's namespace when links are enabled; `kubernetes` in default always, for in-cluster clients. */
export function serviceLinkVariables(
  services: readonly Service[],
  namespace: string,
  enabled: boolean,
): Record<string, string> {
  const isSet = ({ spec }: Service): boolean =>
    Boolean(spec?.clusterIP) && spec?.clusterIP !== 'None' && (spec?.ports ?? []).length > 0;
  const chosen = new Map<string, Service>();
  for (const service of services.filter(isSet)) {
    const name = service.metadata?.name ?? '';
    const of = service.metadata?.namespace;
    const isMaster = of === 'default' && name === 'kubernetes';
    if (of === namespace && enabled) chosen.set(name, service);
    else if (isMaster && !chosen.has(name)) chosen.set(name, service);
  }
  return Object.assign({}, ...[...chosen.values()].map(serviceVariables)) as Record<string, string>;
}
