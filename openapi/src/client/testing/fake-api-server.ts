/**
 * A small API server in memory, over HTTP on a free loopback port: enough of the API's semantics to test reflectors,
 * controllers and the scheduler against (create, get, list, watch, update, patch, delete, status, finalizers,
 * preconditions, generateName, bindings). No validation, no defaults, no authentication.
 */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubernetesObject } from '../../meta/index.ts';
import type { ResourceType } from '../resource-type.ts';
import { RestClient } from '../rest-client.ts';
import { FakeFailure, type FakeRequest, handle, parseRequest } from './requests.ts';
import { type Change, type FakeObject, FakeStore } from './store.ts';
import { serveWatch } from './watches.ts';

export interface RecordedRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
}

export interface FakeApiServerOptions {
  /** Served as discovery documents; needed by controllers that walk all resources. */
  discovery?: readonly FakeApiResource[];
}

export interface FakeApiResource {
  group: string;
  version: string;
  resource: string;
  kind: string;
  namespaced: boolean;
  verbs?: readonly string[];
}

export class FakeApiServer {
  readonly store = new FakeStore();
  readonly requests: RecordedRequest[] = [];
  /** Asked before each request: a failure to answer with, or undefined to go on. */
  intercept:
    | ((
        request: RecordedRequest,
      ) => { code: number; reason: string; message?: string; retryAfterSeconds?: number } | undefined)
    | undefined;
  readonly #server: http.Server;
  readonly #watches = new Set<{ end(): void }>();
  readonly #clients: RestClient[] = [];

  private constructor(options: FakeApiServerOptions) {
    this.#server = http.createServer((request, response) => {
      void this.#serve(request, response, options);
    });
  }

  static async start(options: FakeApiServerOptions = {}): Promise<FakeApiServer> {
    const server = new FakeApiServer(options);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A client of this server, closed with it. */
  client(): RestClient {
    const client = new RestClient({ server: this.url });
    this.#clients.push(client);
    return client;
  }

  async stop(): Promise<void> {
    this.endWatches();
    for (const client of this.#clients) client.close();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Ends every watch under way, as a restart of the server does. */
  endWatches(): void {
    for (const watch of this.#watches) watch.end();
  }

  /** Puts an object there directly, status included. */
  put<T extends KubernetesObject>(resource: ResourceType<T>, object: T): T {
    const key = [object.metadata?.namespace, object.metadata?.name].filter(Boolean).join('/');
    const typed: KubernetesObject = {
      apiVersion: resource.group ? `${resource.group}/${resource.version}` : resource.version,
      kind: resource.kind,
      ...object,
    };
    return this.store.put(storeKey(resource), key, structuredClone(typed) as FakeObject) as KubernetesObject as T;
  }

  get<T extends KubernetesObject>(
    resource: ResourceType<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return this.store.get(storeKey(resource), namespace ? `${namespace}/${name}` : name) as KubernetesObject as
      | T
      | undefined;
  }

  list<T extends KubernetesObject>(resource: ResourceType<T>, namespace?: string): T[] {
    const all = this.store.list(storeKey(resource)) as KubernetesObject[] as T[];
    return namespace ? all.filter((object) => object.metadata?.namespace === namespace) : all;
  }

  /** Removes an object at once, whatever its finalizers. */
  remove(resource: ResourceType, namespace: string | undefined, name: string): void {
    this.store.delete(storeKey(resource), namespace ? `${namespace}/${name}` : name);
  }

  /**
   * Resolves with the check's first result that is neither undefined nor false; looks again after every change. The limit
   * only names what never came: a busy machine may take its time.
   */
  async waitFor<R>(check: () => R | undefined | false, description = 'condition', timeoutMs = 60_000): Promise<R> {
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    const look = (): void => {
      try {
        const result = check();
        if (result !== undefined && result !== false) resolve(result);
      } catch (error) {
        reject(error);
      }
    };
    const stop = this.store.onChange(() => setImmediate(look));
    const timer = setTimeout(() => reject(new Error(`timed out waiting for ${description}`)), timeoutMs);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      stop();
    }
  }

  onChange(listener: (change: Change) => void): () => void {
    return this.store.onChange(listener);
  }

  async #serve(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    options: FakeApiServerOptions,
  ): Promise<void> {
    try {
      const parsed = await parseRequest(request);
      this.requests.push({ method: parsed.method, path: parsed.path, query: parsed.query, body: parsed.body });
      const failure = this.intercept?.({
        method: parsed.method,
        path: parsed.path,
        query: parsed.query,
        body: parsed.body,
      });
      if (failure) throw new FakeFailure(failure.code, failure.reason, failure.message, failure.retryAfterSeconds);
      if (isWatch(parsed)) {
        serveWatch(this.store, parsed, response, this.#watches);
        return;
      }
      const body = discoveryFor(parsed.path, options.discovery ?? []) ?? handle(this.store, parsed);
      const code = parsed.method === 'POST' ? 201 : 200;
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    } catch (error) {
      const failure = error instanceof FakeFailure ? error : new FakeFailure(500, 'InternalError', String(error));
      response
        .writeHead(failure.code, {
          'content-type': 'application/json',
          ...(failure.retryAfterSeconds === undefined ? {} : { 'retry-after': String(failure.retryAfterSeconds) }),
        })
        .end(JSON.stringify(failure.status()));
    }
  }
}

function isWatch(request: FakeRequest): boolean {
  return request.method === 'GET' && request.query.get('watch') === 'true';
}

export function storeKey(resource: { group: string; resource: string }): string {
  return `${resource.group}/${resource.resource}`;
}

function discoveryFor(path: string, resources: readonly FakeApiResource[]): unknown {
  if (path !== '/api' && path !== '/apis') return undefined;
  const selected = resources.filter((entry) => (entry.group === '') === (path === '/api'));
  const groups = [...new Set(selected.map((entry) => entry.group))];
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    items: groups.map((group) => ({
      metadata: { name: group },
      versions: [...new Set(selected.filter((entry) => entry.group === group).map((entry) => entry.version))].map(
        (version) => ({
          version,
          freshness: 'Current',
          resources: selected
            .filter((entry) => entry.group === group && entry.version === version)
            .map((entry) => ({
              resource: entry.resource,
              responseKind: { group, version, kind: entry.kind },
              scope: entry.namespaced ? 'Namespaced' : 'Cluster',
              verbs: entry.verbs ?? ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
            })),
        }),
      ),
    })),
  };
}
