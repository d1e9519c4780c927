/**
 * An extension API server for tests: group `wardle.example.com`, one resource, discovery, OpenAPI. It believes headers
 * about the user only from who shows a certificate of the CA it was told.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { startHttpsServer } from '../../certificates/testing/https-server.ts';

export const group = 'wardle.example.com';

export interface ExtensionServer {
  port: number;
  /** Of the CA that signed its certificate, as an APIService takes it. */
  caBundle: string;
  /** Every request, as it came: method, URL and who asked, by its headers. */
  readonly requests: {
    method: string;
    url: string;
    user: string;
    groups: string[];
    headers: IncomingMessage['headersDistinct'];
  }[];
  /** Set it to make the server say that. */
  answer?: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  stop(): Promise<void>;
}

export interface ExtensionOptions {
  /** `NAME.NAMESPACE.svc` */
  name: string;
  versions?: readonly string[];
  /** PEM: who may tell on whose behalf it asks. */
  proxyCa: string;
  /** Only the discovery and OpenAPI documents of older servers. */
  legacy?: boolean;
}

export async function startExtensionServer(options: ExtensionOptions): Promise<ExtensionServer> {
  const { versions = ['v1'], legacy = false } = options;
  const { server, port, caBundle, stop } = await startHttpsServer('extension', {
    dnsNames: [options.name],
    ca: options.proxyCa,
    requestCert: true,
    rejectUnauthorized: false,
  });
  const extension: ExtensionServer = {
    port,
    caBundle,
    requests: [],
    stop,
  };
  const flunders = new Map<string, object>();
  const record = (request: IncomingMessage): string => {
    const { headersDistinct: headers, method = '', url = '' } = request;
    const trusted = (request.socket as TLSSocket).authorized;
    const user = trusted ? (headers['x-remote-user']?.[0] ?? '') : '';
    extension.requests.push({ method, url, user, groups: headers['x-remote-group'] ?? [], headers });
    return user;
  };
  const failure = (response: ServerResponse, code: number): void =>
    send(response, code, { kind: 'Status', apiVersion: 'v1', code, status: 'Failure' });
  server.on('request', (request, response) => {
    const user = record(request);
    if (extension.answer?.(request, response) === true) return;
    if (user === '') {
      failure(response, 401);
      return;
    }
    const path = request.url!.split('?')[0]!;
    const document = documentOf(path, request, versions, legacy);
    const match = /^\/apis\/wardle\.example\.com\/(v\d+)\/namespaces\/([^/]+)\/flunders(?:\/([^/]+))?$/.exec(path);
    if (document !== undefined) send(response, 200, document.body, document.type);
    else if (match === null) failure(response, 404);
    else void handle(request, response, flunders, match[1]!, match[3]);
  });
  server.on('upgrade', (request, socket) => {
    record(request);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.pipe(socket);
  });
  return extension;
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  flunders: Map<string, object>,
  version: string,
  name: string | undefined,
): Promise<void> {
  const apiVersion = `${group}/${version}`;
  if (request.method === 'POST') {
    let text = '';
    for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
    const object = JSON.parse(text) as { metadata: { name: string } };
    flunders.set(object.metadata.name, object);
    return send(response, 201, { apiVersion, kind: 'Flunder', ...object });
  }
  if (request.method === 'DELETE' && name !== undefined) {
    flunders.delete(name);
    return send(response, 200, { kind: 'Status', apiVersion: 'v1', status: 'Success' });
  }
  if (/[?&]watch=(1|true)/.test(request.url ?? '')) {
    response.writeHead(200, { 'content-type': 'application/json' });
    for (const object of flunders.values()) response.write(`${JSON.stringify({ type: 'ADDED', object })}\n`);
    return;
  }
  const items = [...flunders.values()];
  send(response, 200, { apiVersion, kind: 'FlunderList', metadata: { resourceVersion: '1' }, items });
}

function send(response: ServerResponse, code: number, body: object, type = 'application/json'): void {
  response.writeHead(code, { 'content-type': type });
  response.end(JSON.stringify(body));
}

function documentOf(
  path: string,
  request: IncomingMessage,
  versions: readonly string[],
  legacy: boolean,
): { body: object; type?: string } | undefined {
  const resources = [
    {
      name: 'flunders',
      singularName: 'flunder',
      namespaced: true,
      kind: 'Flunder',
      verbs: ['get', 'list', 'create', 'watch'],
    },
    { name: 'flunders/status', singularName: '', namespaced: true, kind: 'Flunder', verbs: ['get'] },
  ];
  const version = versions.find((each) => path === `/apis/${group}/${each}`);
  if (version !== undefined)
    return { body: { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${group}/${version}`, resources } };
  if (path === '/apis' && !legacy && (request.headers.accept ?? '').includes('as=APIGroupDiscoveryList'))
    return {
      body: {
        kind: 'APIGroupDiscoveryList',
        apiVersion: 'apidiscovery.k8s.io/v2',
        metadata: {},
        items: [
          {
            metadata: { name: group },
            versions: versions.map((each) => ({
              version: each,
              freshness: 'Current',
              resources: [
                {
                  resource: 'flunders',
                  responseKind: { group, version: each, kind: 'Flunder' },
                  scope: 'Namespaced',
                  singularResource: 'flunder',
                  verbs: ['get', 'list'],
                },
              ],
            })),
          },
        ],
      },
      type: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    };
  if (path === '/openapi/v2') return { body: openApiV2(versions) };
  if (legacy) return undefined;
  if (path === '/openapi/v3')
    return {
      body: {
        paths: Object.fromEntries(
          versions.map((each) => [
            `apis/${group}/${each}`,
            { serverRelativeURL: `/openapi/v3/apis/${group}/${each}?hash=1` },
          ]),
        ),
      },
    };
  if (versions.some((each) => path === `/openapi/v3/apis/${group}/${each}`))
    return { body: { openapi: '3.0.0', info: { title: 'wardle' }, paths: {} } };
  return undefined;
}

/** Its Pod is another one than ours: joined documents must tell them apart. */
function openApiV2(versions: readonly string[]): object {
  const schema = { $ref: '#/definitions/com.example.wardle.Flunder' };
  const operation = {
    parameters: [{ name: 'body', in: 'body', required: true, schema }],
    consumes: ['application/json'],
    produces: ['application/json'],
    responses: { 200: { description: 'OK', schema } },
  };
  return {
    swagger: '2.0',
    info: { title: 'wardle', version: '1' },
    paths: {
      '/apis/': { get: { responses: { 200: { description: 'OK' } } } },
      ...Object.fromEntries(
        versions.map((each) => [`/apis/${group}/${each}/namespaces/{namespace}/flunders`, { post: operation }]),
      ),
    },
    definitions: {
      'com.example.wardle.Flunder': {
        type: 'object',
        properties: { spec: { $ref: '#/definitions/io.k8s.api.core.v1.Pod' } },
      },
      'io.k8s.api.core.v1.Pod': { type: 'object', description: 'not that Pod' },
      unused: { type: 'string' },
    },
  };
}
