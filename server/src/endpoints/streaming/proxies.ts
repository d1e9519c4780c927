/** pods/proxy, services/proxy and nodes/proxy. */

import { posix } from 'node:path';
import { badRequest, type KubernetesObject, notFound, serviceUnavailable } from '@typernetes/openapi/meta';
import ipaddr from 'ipaddr.js';
import type { RegistryReader, RestContext } from '../../registry/generic/rest.ts';
import type { ConnectHandler } from '../../registry/generic/strategy.ts';
import { encodePath } from '../encode-path.ts';
import { proxyRequest } from './http-proxy.ts';
import { hostPort, type NodeConnector, type NodeEndpoint } from './node-connection.ts';

export interface ProxyDependencies {
  registry: Pick<RegistryReader, 'get'>;
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

interface EndpointAddress {
  ip: string;
  targetRef?: { namespace?: string; name?: string };
}

interface Endpoints extends KubernetesObject {
  subsets?: { addresses?: EndpointAddress[]; ports?: { name?: string; port: number }[] }[];
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

/** Nobody may be sent to this machine itself, or to its link, not even in the IPv6 form of such an address. */
function checkAddress(address: string): void {
  const allowed =
    ipaddr.isValid(address) &&
    !['loopback', 'linkLocal', 'multicast', 'unspecified', 'broadcast'].includes(ipaddr.process(address).range());
  if (!allowed) throw badRequest('address not allowed');
}

/** What the client calls a port becomes part of a URL: anything but a number could name another host there. */
function checkPort(port: string, kind: string, id: string): void {
  if (!/^\d*$/.test(port)) throw badRequest(`invalid ${kind} request ${JSON.stringify(id)}`);
  if (Number(port) > 65_535)
    throw serviceUnavailable(`error trying to reach service: dial tcp: address ${port}: invalid port`);
}

/** The client's path below the proxy, with its query as it was sent. */
function urlOf(scheme: string, host: string, path: string, context: RestContext): URL {
  const url = context.http!.request.url ?? '';
  const question = url.indexOf('?');
  const below = path === '' ? '/' : encodePath(posix.normalize(path));
  return new URL(`${scheme}://${host}${below}${question < 0 ? '' : url.slice(question)}`);
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
  response.writeHead(301, { Location: (request.url ?? '').replace(/\?|$/, '/$&') }).end();
  return true;
}

/** The path of this server that stands for the target's root. */
function prefixOf(path: string, context: RestContext): string {
  const whole = decodeURIComponent((context.http!.request.url ?? '').split('?', 1)[0]!);
  return encodePath(whole.slice(0, whole.length - path.length));
}

async function podProxy(
  { registry }: ProxyDependencies,
  id: string,
  path: string,
  context: RestContext,
): Promise<void> {
  const target = splitSchemeNamePort(id);
  if (target === undefined) throw badRequest(`invalid pod request ${JSON.stringify(id)}`);
  checkPort(target.port, 'pod', id);
  const resource = { group: '', resource: 'pods' };
  const pod = await registry.get<Pod>(resource, context.namespace, target.name);
  if (pod === undefined) throw notFound(resource, target.name);
  const declared = pod.spec?.containers?.flatMap((container) => container.ports ?? [])[0]?.containerPort;
  const port = target.port !== '' ? target.port : (declared?.toString() ?? '');
  const ip = pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? '';
  checkAddress(ip);
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
  const chosen = await endpointOf(dependencies, id, target, context);
  if (redirectedToSlash(path, context)) return;
  const url = urlOf(target.scheme, hostPort(chosen), path, context);
  await proxyRequest(context, { url, tls: { rejectUnauthorized: false }, prefix: prefixOf(path, context) });
}

/** One of the Service's ready addresses at random, as its Endpoints have them. */
async function endpointOf(
  dependencies: ProxyDependencies,
  id: string,
  { name, port }: Target,
  { namespace }: RestContext,
): Promise<NodeEndpoint> {
  const { registry } = dependencies;
  const portName = await servicePortName(registry, namespace, name, port);
  const none = (which: string) => serviceUnavailable(`no endpoints available for service ${JSON.stringify(which)}`);
  const endpoints = await registry.get<Endpoints>({ group: '', resource: 'endpoints' }, namespace, name);
  // Upstream names the resource that the request is for.
  if (endpoints === undefined) throw notFound({ group: '', resource: 'services' }, name);
  if ((endpoints.subsets ?? []).length === 0) throw none(name);
  const candidates = (endpoints.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports
      .filter((each) => (each.name ?? '') === portName)
      .flatMap((each) => addresses.map((address) => ({ address, port: each.port }))),
  );
  while (candidates.length > 0) {
    const [chosen] = candidates.splice(Math.floor(dependencies.random() * candidates.length), 1);
    if (await isAddressOfPod(registry, namespace, chosen!.address)) {
      checkAddress(chosen!.address.ip);
      return { host: chosen!.address.ip, port: chosen!.port };
    }
  }
  throw none(id);
}

/** A number is a port of the Service, whose name leads to the endpoints' port; anything else is that name. */
async function servicePortName(
  registry: ProxyDependencies['registry'],
  namespace: string,
  name: string,
  port: string,
): Promise<string> {
  if (!/^[+-]?\d+$/.test(port)) return port;
  const resource = { group: '', resource: 'services' };
  const service = await registry.get<Service>(resource, namespace, name);
  if (service === undefined) throw notFound(resource, name);
  const found = service.spec?.ports?.find((each) => each.port === Number(port));
  if (found !== undefined) return found.name ?? '';
  throw serviceUnavailable(`no service port ${Number(port)} found for service ${JSON.stringify(name)}`);
}

/** Who may write Endpoints must not be able to send this server anywhere but to pods of that namespace. */
async function isAddressOfPod(
  registry: ProxyDependencies['registry'],
  namespace: string,
  { ip, targetRef }: EndpointAddress,
): Promise<boolean> {
  if (targetRef?.namespace !== namespace) return false;
  const pod = await registry.get<Pod>({ group: '', resource: 'pods' }, namespace, targetRef.name ?? '');
  return pod?.status?.podIPs?.some((each) => each.ip === ip) === true;
}

async function nodeProxy({ nodes }: ProxyDependencies, id: string, path: string, context: RestContext): Promise<void> {
  const target = splitSchemeNamePort(id);
  if (target === undefined) throw badRequest(`invalid node request ${JSON.stringify(id)}`);
  checkPort(target.port, 'node', id);
  const node = await nodes.locate(target.name);
  if (redirectedToSlash(path, context)) return;
  const isKubelet = target.port === '' || Number(target.port) === node.port;
  if (isKubelet) {
    const url = urlOf('https', hostPort(node), path, context);
    await proxyRequest(context, { url, agent: nodes.agent, tls: nodes.tls(), prefix: prefixOf(path, context) });
    return;
  }
  checkAddress(node.host);
  const url = urlOf(target.scheme, hostPort({ host: node.host, port: Number(target.port) }), path, context);
  await proxyRequest(context, { url, tls: { rejectUnauthorized: false }, prefix: prefixOf(path, context) });
}
