/** From a RequestInfo to the handler that answers it; upstream's routes, without a route per resource. */
import { genericServerResponse } from '@typernetes/openapi/meta';
import { customHandler } from './custom-handler.ts';
import { handleConnect } from './handlers/connect.ts';
import { handleCreate } from './handlers/create.ts';
import { handleDelete, handleDeleteCollection } from './handlers/delete.ts';
import { handleGet, handleList } from './handlers/get.ts';
import { handlePatch } from './handlers/patch.ts';
import { handleSubresourceGet } from './handlers/subresource.ts';
import { handleUpdate } from './handlers/update.ts';
import { handleWatch } from './handlers/watch.ts';
import { annotateAudit, type Handler, type RequestContext } from './request-context.ts';
import { isTrueParameter } from './request-info.ts';
import type { HandlerDependencies, ResourceEndpoint, SubresourceEndpoint } from './resource-endpoint.ts';
import { confirmMediaTypes } from './route-media.ts';

/** The resources of a group version that come and go with their definitions. */
export type CustomEndpoints = (apiVersion: string) => ReadonlyMap<string, ResourceEndpoint> | undefined;

const none = { group: '', resource: '' };

export class ResourceRouter {
  readonly #endpoints = new Map<string, Map<string, ResourceEndpoint>>();
  readonly #dependencies: HandlerDependencies;
  readonly #custom: CustomEndpoints | undefined;

  constructor(endpoints: Iterable<ResourceEndpoint>, dependencies: HandlerDependencies, custom?: CustomEndpoints) {
    this.#dependencies = dependencies;
    this.#custom = custom;
    for (const endpoint of endpoints) {
      let resources = this.#endpoints.get(endpoint.apiVersion);
      if (resources === undefined) this.#endpoints.set(endpoint.apiVersion, (resources = new Map()));
      resources.set(endpoint.resource, endpoint);
    }
  }

  /** The handler, or undefined where no such group version is served. Throws 404 and 405 Statuses. */
  route(context: RequestContext): Handler | undefined {
    const { info } = context;
    // RequestInfo reads past leading slashes; no route begins with two.
    if (context.path.startsWith('//')) return undefined;
    const apiVersion = info.apiPrefix === 'api' ? info.apiVersion : `${info.apiGroup}/${info.apiVersion}`;
    const builtIn = this.#endpoints.get(apiVersion);
    const resources = builtIn ?? this.#custom?.(apiVersion);
    if (resources === undefined) return undefined;
    const endpoint = resources.get(info.resource);
    if (endpoint === undefined || !this.#inScope(context, endpoint)) {
      if (builtIn === undefined) return undefined;
      throw notFoundResponse();
    }
    if (endpoint.untyped === true && !isInCustomScope(context, endpoint)) return undefined;
    if (info.subresource === '' || endpoint.subresources.has(info.subresource)) {
      context.endpointFound = true;
      context.endpointReached?.();
    }
    const handler =
      endpoint.untyped === true && !info.verbViaPathPrefix
        ? customHandler(context, endpoint, this.#dependencies)
        : this.#handlerOf(context, endpoint);
    if (endpoint.untyped !== true) confirmMediaTypes(context, endpoint);
    if (endpoint.deprecationWarning !== undefined) {
      context.warnings.add(endpoint.deprecationWarning);
      context.deprecated = true;
      annotateAudit(context, 'k8s.io/deprecated', 'true');
    }
    return handler;
  }

  #handlerOf(context: RequestContext, endpoint: ResourceEndpoint): Handler {
    const { info } = context;
    const dependencies = this.#dependencies;
    if (info.verbViaPathPrefix) {
      if (info.verb !== 'watch' || info.parts.length > 2 || !endpoint.verbs.has('watch')) throw notFoundResponse();
      return (request) => handleWatch(request, endpoint, dependencies);
    }
    if (info.parts.length >= 3) {
      const subresource = endpoint.subresources.get(info.subresource);
      if (subresource === undefined) throw notFoundResponse();
      return this.#subresource(context, endpoint, subresource);
    }
    const handler = info.parts.length === 2 ? this.#item(context, endpoint) : this.#collection(context, endpoint);
    if (handler === undefined) throw methodNotAllowed();
    return (request) => handler(request, endpoint, dependencies);
  }

  /** /namespaces/x/nodes is no path of a cluster-scoped resource, nor is /pods/name one of a namespaced one. */
  #inScope(context: RequestContext, endpoint: ResourceEndpoint): boolean {
    const { info } = context;
    if (endpoint.namespaced)
      return (
        info.namespace !== '' ||
        (info.parts.length === 1 && endpoint.verbs.has('list')) ||
        (info.parts.length === 1 && context.method === 'POST')
      );
    if (info.namespace === '') return true;
    // A Namespace is in itself, but /namespaces/x/namespaces would be all of them by the rights that somebody has in one.
    const isNamespaces = endpoint.group === '' && endpoint.resource === 'namespaces';
    const before = context.path.split('/').filter((segment) => segment !== '').length - info.parts.length;
    return isNamespaces && before === (info.verbViaPathPrefix ? 3 : 2);
  }

  #collection(context: RequestContext, endpoint: ResourceEndpoint) {
    const allNamespaces = endpoint.namespaced && context.info.namespace === '';
    switch (context.method) {
      case 'GET':
        if (context.info.verb === 'watch' || isTrueParameter(context.query.get('watch')))
          return endpoint.verbs.has('list') ? handleWatch : undefined;
        return endpoint.verbs.has('list') ? handleList : undefined;
      case 'POST':
        return endpoint.verbs.has('create') && !allNamespaces ? handleCreate : undefined;
      case 'DELETE':
        return endpoint.verbs.has('deletecollection') && !allNamespaces ? handleDeleteCollection : undefined;
      default:
        return undefined;
    }
  }

  #item(context: RequestContext, endpoint: ResourceEndpoint) {
    switch (context.method) {
      case 'GET':
        return endpoint.verbs.has('get') ? handleGet : undefined;
      case 'PUT':
        return endpoint.verbs.has('update') ? handleUpdate : undefined;
      case 'PATCH':
        return endpoint.verbs.has('patch') ? handlePatch : undefined;
      case 'DELETE':
        return endpoint.verbs.has('delete') ? handleDelete : undefined;
      default:
        return undefined;
    }
  }

  #subresource(context: RequestContext, endpoint: ResourceEndpoint, subresource: SubresourceEndpoint): Handler {
    const dependencies = this.#dependencies;
    const { verbs, registration } = subresource;
    if (registration?.connect !== undefined) {
      return (request) => handleConnect(request, endpoint, dependencies, subresource);
    }
    if (context.info.parts.length > 3) throw notFoundResponse();
    const allowed = { GET: 'get', PUT: 'update', PATCH: 'patch', POST: 'create' }[context.method];
    if (allowed === undefined || !verbs.has(allowed)) throw methodNotAllowed();
    switch (allowed) {
      case 'get':
        return (request) => handleSubresourceGet(request, endpoint, dependencies, subresource);
      case 'update':
        return (request) => handleUpdate(request, endpoint, dependencies, subresource);
      case 'patch':
        return (request) => handlePatch(request, endpoint, dependencies, subresource);
      default:
        return (request) => handleCreate(request, endpoint, dependencies, subresource);
    }
  }
}

/** Without a namespace, what is namespaced can only be listed and watched. */
function isInCustomScope({ info }: RequestContext, { namespaced }: ResourceEndpoint): boolean {
  return !namespaced || info.namespace !== '' || info.verb === 'list' || info.verb === 'watch';
}

export function notFoundResponse() {
  return genericServerResponse(404, '', none, '', '', 0, false);
}

function methodNotAllowed() {
  return genericServerResponse(405, '', none, '', '', 0, false);
}
