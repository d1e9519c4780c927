/** pods/proxy, services/proxy and nodes/proxy. */

import { badRequest, type KubernetesObject, notFound, serviceUnavailable } from '@typernetes/openapi/meta';
import ipaddr from 'ipaddr.js';
import type { RegistryReader, RestContext } from '../../registry/generic/rest.ts';
import type { ConnectHandler } from '../../registry/generic/strategy.ts';
import { proxyRequest } from './http-proxy.ts';
import { hostPort, type NodeConnector } from './node-connection.ts';

export interface ProxyDependencies {
  registry: Pick<RegistryReader, 'get' | 'list'>;
  nodes: NodeConnector;
  random(): number;
}

interface Pod extends KubernetesObject {
  spec?: { containers?: { ports?: { containerPort: number }[] }[] };
  status?: { podIP?: string; podIPs?: { ip: string }[] };
}

interface Service extends KubernetesObject {
  spec?: { ports?: { name?: string; port: number }[] };
}

interface EndpointSlice extends KubernetesObject {
  endpoints?: { addresses: string[]; conditions?: { ready?: boolean } }[];
  ports?: { name?: string; port?: number }[];
}

export function proxies(dependencies: ProxyDependencies): Record<string, ConnectHandler> {
  return {
    'pods/proxy': (name, path, context) => podProxy(dependencies, name, path, context),
    'services/proxy': (name, path, context) => serviceProxy(dependencies, name, path, context),
    'nodes/proxy': (name, path, context) => nodeProxy(dependencies, name, path, context),
  };
}

interface Target {
  scheme: 'http' | 'https';
  name: string;
  port: string;
}

/** `name`, `name:port`, `https:name:port` or `https:name:`. */
export function splitSchemeNamePort(id: string): Target | undefined {
  const parts = id.split(':');
  const [first = '', second = '', third = ''] = parts;
  if (parts.length === 1) return first === '' ? undefined : { scheme: 'http', name: first, port: '' };
  if (parts.length === 2) return first === '' ? undefined : { scheme: 'http', name: first, port: second };
  if (parts.length !== 3 || second === '') return undefined;
  if (first !== '' && first !== 'http' && first !== 'https') return undefined;
  return { scheme: first === 'https' ? 'https' : 'http', name: second, port: third };
}

/** Nobody may be sent to this machine itself, or to its link. */
function checkAddress(address: string): void {
  const allowed =
    ipaddr.isValid(address) &&
    // `process`: an IPv4 address within one of IPv6 is what it stands for.
    !['loopback', 'linkLocal', 'multicast', 'unspecified', 'broadcast'].includes(ipaddr.process(address).range());
  if (!allowed) throw badRequest('address not allowed');
}

/** A client's port goes into a URL, where what is no number would be read as another host. */
function checkPort(port: string): void {
  if (port === '' || (/^\d{1,5}$/.test(port) && Number(port) <= 65535)) return;
  const problem = /^\d+$/.test(port) ? `address ${port}: invalid port` : `lookup tcp/${port}: unknown port`;
  throw serviceUnavailable(`error trying to reach service: dial tcp: ${problem}`);
}

/** The client's path below the proxy; `?path=` says the same for older clients. */
function urlOf(scheme: string, host: string, path: string, context: RestContext): URL {
  const query = new URLSearchParams(context.query);
  query.delete('path');
  const search = query.toString();
  const below = path === '' ? '/' : path;
  return new URL(`${scheme}://${host}${below}${search === '' ? '' : `?${search}`}`);
}

/** A proxied root needs its slash, or relative links lead astray. */
function redirectedToSlash(path: string, context: RestContext): boolean {
  const { request, response } = context.http!;
  if (
    path !== '' ||
    (request.method !== 'GET' && request.method !== 'HEAD') ||
    response === undefined ||
    context.http!.socket !== undefined
  )
    return false;
  const [base = '', search] = (request.url ?? '').split('?', 2);
  response.writeHead(301, { Location: `${base}/${search === undefined ? '' : `?${search}`}` }).end();
  return true;
}

function prefixOf(path: string, context: RestContext): string {
  const url = (context.http!.request.url ?? '').split('?', 1)[0]!;
  return path === '' ? url : url.slice(0, url.length - path.length);
}

async function podProxy(
  { registry }: ProxyDependencies,
  id: string,
  path: string,
  context: RestContext,
): Promise<void> {
  const target = splitSchemeNamePort(id);
  if (target === undefined) throw badRequest(`invalid pod request ${JSON.stringify(id)}`);
  const resource = { group: '', resource: 'pods' };
  const pod = await registry.get<Pod>(resource, context.namespace, target.name);
  if (pod === undefined) throw notFound(resource, target.name);
  const declared = pod.spec?.containers?.flatMap((container) => container.ports ?? [])[0]?.containerPort;
  const port = target.port !== '' ? target.port : (declared?.toString() ?? '');
  const ip = pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? '';
  checkAddress(ip);
  checkPort(port);
  if (redirectedToSlash(path, context)) return;
  const host = ip.includes(':') ? `[${ip}]` : ip;
  const url = urlOf(target.scheme, port === '' ? host : `${host}:${port}`, path, context);
  await proxyRequest(context, { url, tls: { rejectUnauthorized: false }, prefix: prefixOf(path, context) });
}

async function serviceProxy(
  dependencies: ProxyDependencies,
  id: string,
  path: string,
  context: RestContext,
): Promise<void> {
  const target = splitSchemeNamePort(id);
  if (target === undefined) throw badRequest(`invalid service request ${JSON.stringify(id)}`);
  const resource = { group: '', resource: 'services' };
  const service = await dependencies.registry.get<Service>(resource, context.namespace, target.name);
  if (service === undefined) throw notFound(resource, target.name);
  const ports = service.spec?.ports ?? [];
  // A number is the Service's port; its name leads to the endpoints' port.
  let portName = target.port;
  const byNumber = ports.find((each) => String(each.port) === target.port);
  if (byNumber !== undefined) portName = byNumber.name ?? '';
  else if (target.port === '' && ports.length === 1) portName = ports[0]!.name ?? '';
  const slices = await dependencies.registry.list<EndpointSlice>(
    { group: 'discovery.k8s.io', resource: 'endpointslices' },
    context.namespace,
  );
  const candidates = slices
    .filter((slice) => slice.metadata?.labels?.['kubernetes.io/service-name'] === target.name)
    .flatMap((slice) => {
      const port = slice.ports?.find((each) => (each.name ?? '') === portName)?.port;
      const ready = (slice.endpoints ?? []).filter((endpoint) => endpoint.conditions?.ready !== false);
      return port === undefined ? [] : ready.flatMap((endpoint) => endpoint.addresses.map((host) => ({ host, port })));
    });
  if (candidates.length === 0) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(id)}`);
  const chosen = candidates[Math.floor(dependencies.random() * candidates.length)]!;
  checkAddress(chosen.host);
  if (redirectedToSlash(path, context)) return;
  const url = urlOf(target.scheme, hostPort(chosen), path, context);
  await proxyRequest(context, { url, tls: { rejectUnauthorized: false }, prefix: prefixOf(path, context) });
}

async function nodeProxy({ nodes }: ProxyDependencies, id: string, path: string, context: RestContext): Promise<void> {
  const target = splitSchemeNamePort(id);
  if (target === undefined) throw badRequest(`invalid node request ${JSON.stringify(id)}`);
  const node = await nodes.locate(target.name);
  if (redirectedToSlash(path, context)) return;
  const isKubelet = target.port === '' || Number(target.port) === node.port;
  if (isKubelet) {
    const url = urlOf('https', hostPort(node), path, context);
    await proxyRequest(context, { url, agent: nodes.agent, tls: nodes.tls(), prefix: prefixOf(path, context) });
    return;
  }
  checkAddress(node.host);
  checkPort(target.port);
  const url = urlOf(target.scheme, hostPort({ host: node.host, port: Number(target.port) }), path, context);
  await proxyRequest(context, { url, tls: { rejectUnauthorized: false }, prefix: prefixOf(path, context) });
}
