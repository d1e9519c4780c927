/** pods/log, exec, attach and portforward: requests to the API server become requests to the pod's node. */
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  badRequest,
  type FieldError,
  forbiddenField,
  genericServerResponse,
  internalError,
  invalid,
  invalidValue,
  type KubernetesObject,
  notFound,
  notSupported,
} from '@typernetes/openapi/meta';
import {
  isWebsocketRequest,
  proxyUpgrade,
  readBody,
  translateWebsocketToSpdy,
  tunnelSpdyOverWebsocket,
  wantsTranslation,
  wantsTunnel,
} from '@typernetes/openapi/streaming';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { RegistryReader, RestContext } from '../../registry/generic/rest.ts';
import type { ConnectHandler } from '../../registry/generic/strategy.ts';
import { authorize } from '../filters/authorization.ts';
import { isTrueParameter } from '../request-info.ts';
import { detach, unreachableStatus } from './http-proxy.ts';
import { hostPort, type NodeConnector } from './node-connection.ts';
import { protocolProblem, sendOverWebSocket } from './websocket-reader.ts';

/** Of what a node says is no log, so much is passed on. */
const longestRefusal = 4096;

interface Named {
  name: string;
}

interface Pod extends KubernetesObject {
  spec?: { nodeName?: string; containers?: Named[]; initContainers?: Named[]; ephemeralContainers?: Named[] };
}

export interface PodStreamDependencies {
  registry: Pick<RegistryReader, 'get'>;
  nodes: NodeConnector;
  authorizer: Authorizer;
}

export function podStreams(dependencies: PodStreamDependencies): Record<string, ConnectHandler> {
  return {
    'pods/log': (name, _, context) => podLog(dependencies, name, context),
    'pods/exec': (name, _, context) => remoteCommand(dependencies, 'exec', name, context),
    'pods/attach': (name, _, context) => remoteCommand(dependencies, 'attach', name, context),
    'pods/portforward': (name, _, context) => portForward(dependencies, name, context),
  };
}

async function podNamed({ registry }: PodStreamDependencies, name: string, context: RestContext): Promise<Pod> {
  const resource = { group: '', resource: 'pods' };
  const pod = await registry.get<Pod>(resource, context.namespace, name);
  if (pod === undefined) throw notFound(resource, name);
  return pod;
}

function containerOf(pod: Pod, asked: string): string {
  const name = pod.metadata?.name ?? '';
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const all = [...initContainers, ...containers, ...ephemeralContainers].map((each) => each.name);
  if (asked !== '') {
    if (!all.includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${name}`);
    return asked;
  }
  if (containers.length === 1) return containers[0]!.name;
  const choice = containers.length === 0 ? '' : `, choose one of: [${all.join(' ')}]`;
  throw badRequest(`a container name must be specified for pod ${name}${choice}`);
}

function nodeOf(pod: Pod): string {
  const node = pod.spec?.nodeName ?? '';
  if (node === '') throw badRequest(`pod ${pod.metadata?.name ?? ''} does not have a host assigned`);
  return node;
}

async function podLog(dependencies: PodStreamDependencies, name: string, context: RestContext): Promise<void> {
  const { request, response } = context.http!;
  if (request.method !== 'GET') throw genericServerResponse(405, '', { group: '', resource: '' }, '', '', 0, false);
  const parameters = logParameters(context.query, name);
  const pod = await podNamed(dependencies, name, context);
  const container = containerOf(pod, context.query.get('container') ?? '');
  const asMessages = isWebsocketRequest(request);
  const problem = asMessages ? protocolProblem(request) : undefined;
  if (problem !== undefined) throw genericServerResponse(403, 'GET', { group: '', resource: '' }, '', problem, 0, true);
  const outgoing = response!;
  if ((pod.spec?.nodeName ?? '') === '') {
    // Not scheduled yet: there is no log, and that is no error.
    if (asMessages) await sendMessages(context, Readable.from([]));
    else outgoing.writeHead(204).end();
    return;
  }
  const node = await dependencies.nodes.locate(nodeOf(pod));
  const url = `https://${hostPort(node)}/containerLogs/${context.namespace}/${name}/${container}?${parameters.toString()}`;
  const insecure = isTrueParameter(context.query.get('insecureSkipTLSVerifyBackend'));
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    https
      .get(url, { agent: dependencies.nodes.agentFor(insecure), signal: context.signal }, resolve)
      .on('error', (error) => reject(internalError(`Get ${JSON.stringify(url)}: ${error.message}`)));
  });
  const code = answer.statusCode ?? 500;
  if (code >= 300) {
    const message = (await readBody(answer, longestRefusal)).trim();
    if (code === 400) throw badRequest(message);
    throw genericServerResponse(code, 'GET', { group: '', resource: 'pods/log' }, name, message, 0, true);
  }
  if (asMessages) return sendMessages(context, answer);
  outgoing.setHeader('Content-Type', 'text/plain');
  outgoing.writeHead(200);
  outgoing.flushHeaders();
  await pipeline(answer, outgoing).catch(() => outgoing.destroy());
}

function sendMessages(context: RestContext, source: Readable): Promise<void> {
  const { request, socket, head } = upgraded(context);
  detach(context);
  return sendOverWebSocket(request, socket, head, source);
}

/** PodLogOptions as the node takes them, checked as upstream checks them. */
function logParameters(query: URLSearchParams, name: string): URLSearchParams {
  const errors: FieldError[] = [];
  const result = new URLSearchParams();
  for (const flag of ['follow', 'previous', 'timestamps'])
    if (isTrueParameter(query.get(flag))) result.set(flag, 'true');
  const integer = (field: string, minimum: number, message: string): void => {
    const text = query.get(field);
    if (text === null || text === '') return;
    if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
    if (Number(text) < minimum) errors.push(invalidValue(field, Number(text), message));
    result.set(field, String(Number(text)));
  };
  integer('tailLines', 0, 'must be greater than or equal to 0');
  integer('limitBytes', 1, 'must be greater than 0');
  const sinceTime = query.get('sinceTime') ?? '';
  if ((query.get('sinceSeconds') ?? '') !== '' && sinceTime !== '') {
    errors.push(forbiddenField('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  } else integer('sinceSeconds', 1, 'must be greater than 0');
  if (sinceTime !== '') {
    if (Number.isNaN(Date.parse(sinceTime)))
      throw badRequest(`parsing time ${JSON.stringify(sinceTime)} as "2006-01-02T15:04:05Z07:00": cannot parse`);
    result.set('sinceTime', new Date(sinceTime).toISOString());
  }
  const stream = query.get('stream') ?? 'All';
  if (!['All', 'Stdout', 'Stderr'].includes(stream))
    errors.push(notSupported('stream', stream, ['All', 'Stdout', 'Stderr']));
  else if (stream !== 'All' && result.has('tailLines')) {
    errors.push(forbiddenField('', '`tailLines` and specific `stream` are mutually exclusive for now'));
  }
  result.set('stream', stream);
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, name, errors);
  return result;
}

/** Websockets come as GET; what they do is still a create. */
async function ensureMayCreate(
  dependencies: PodStreamDependencies,
  subresource: string,
  name: string,
  context: RestContext,
): Promise<void> {
  await authorize(dependencies.authorizer, {
    user: context.user,
    verb: 'create',
    resourceRequest: true,
    path: context.http!.request.url?.split('?', 1)[0] ?? '',
    namespace: context.namespace,
    apiGroup: '',
    apiVersion: 'v1',
    resource: 'pods',
    subresource,
    name,
  });
}

function upgraded(context: RestContext): { request: IncomingMessage; socket: Duplex; head: Buffer } {
  const { request, socket, head } = context.http!;
  if (socket === undefined) throw badRequest('Upgrade request required');
  return { request, socket, head: head ?? Buffer.alloc(0) };
}

async function remoteCommand(
  dependencies: PodStreamDependencies,
  command: 'exec' | 'attach',
  name: string,
  context: RestContext,
): Promise<void> {
  await ensureMayCreate(dependencies, command, name, context);
  const pod = await podNamed(dependencies, name, context);
  const { query } = context;
  const options = {
    stdin: isTrueParameter(query.get('stdin')),
    // Attach shows both outputs unless it is told otherwise, exec as well.
    stdout: isTrueParameter(query.get('stdout') ?? (command === 'attach' ? 'true' : null)),
    stderr: isTrueParameter(query.get('stderr') ?? (command === 'attach' ? 'true' : null)),
    tty: isTrueParameter(query.get('tty')),
  };
  const container = containerOf(pod, query.get('container') ?? '');
  const node = await dependencies.nodes.locate(nodeOf(pod));
  const parameters = new URLSearchParams();
  if (options.stdin) parameters.set('input', '1');
  if (options.stdout) parameters.set('output', '1');
  if (options.stderr) parameters.set('error', '1');
  if (options.tty) parameters.set('tty', '1');
  if (command === 'exec') for (const part of query.getAll('command')) parameters.append('command', part);
  const url = `https://${hostPort(node)}/${command}/${context.namespace}/${name}/${container}?${parameters.toString()}`;
  const { request, socket, head } = upgraded(context);
  detach(context);
  const target = { url, tls: dependencies.nodes.tls(), signal: context.signal, unreachable: unreachableStatus };
  if (wantsTranslation(request)) {
    await translateWebsocketToSpdy(request, socket, head, target, options);
    return;
  }
  await proxyUpgrade(request, socket, head, { ...target, ...methodFor(request), dropHeaders: credentials });
}

const credentials = ['authorization', 'cookie'];

/** A websocket handshake is a GET by its RFC; SPDY clients are passed on as POST. */
function methodFor(request: IncomingMessage): { method: string } {
  return { method: isWebsocketRequest(request) ? 'GET' : 'POST' };
}

async function portForward(dependencies: PodStreamDependencies, name: string, context: RestContext): Promise<void> {
  await ensureMayCreate(dependencies, 'portforward', name, context);
  const pod = await podNamed(dependencies, name, context);
  const node = await dependencies.nodes.locate(nodeOf(pod));
  const parameters = new URLSearchParams();
  const ports = context.query.getAll('ports').flatMap((each) => each.split(','));
  if (ports.length > 0) parameters.set('port', ports.join(','));
  const search = parameters.toString();
  const url = `https://${hostPort(node)}/portForward/${context.namespace}/${name}${search === '' ? '' : `?${search}`}`;
  const { request, socket, head } = upgraded(context);
  detach(context);
  const target = { url, tls: dependencies.nodes.tls(), signal: context.signal, unreachable: unreachableStatus };
  if (wantsTunnel(request)) {
    await tunnelSpdyOverWebsocket(request, socket, head, target);
    return;
  }
  await proxyUpgrade(request, socket, head, { ...target, ...methodFor(request), dropHeaders: credentials });
}
