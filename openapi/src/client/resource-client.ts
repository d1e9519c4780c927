/** One resource's verbs. `namespace` is undefined for cluster-scoped resources and for all namespaces. */
import type { KubernetesList, KubernetesObject } from '../meta/index.ts';
import { apiVersionOf, type ResourceType, resourcePath } from './resource-type.ts';
import type { RestClient } from './rest-client.ts';
import type { Query } from './transport.ts';
import { readWatch, type WatchEvent } from './watch-stream.ts';

export type DeletionPropagation = 'Orphan' | 'Background' | 'Foreground';

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

export interface GetOptions extends CallOptions {
  resourceVersion?: string | undefined;
}

export interface ListOptions extends CallOptions {
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  limit?: number | undefined;
  continue?: string | undefined;
  resourceVersion?: string | undefined;
  resourceVersionMatch?: 'Exact' | 'NotOlderThan' | undefined;
  /** Only apiVersion, kind and metadata of each object. */
  metadataOnly?: boolean | undefined;
}

export interface WatchOptions extends CallOptions {
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  resourceVersion?: string | undefined;
  allowWatchBookmarks?: boolean | undefined;
  timeoutSeconds?: number | undefined;
  sendInitialEvents?: boolean | undefined;
  resourceVersionMatch?: 'NotOlderThan' | undefined;
  metadataOnly?: boolean | undefined;
}

export interface WriteOptions extends CallOptions {
  dryRun?: boolean | undefined;
  fieldManager?: string | undefined;
  fieldValidation?: 'Ignore' | 'Warn' | 'Strict' | undefined;
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface PatchOptions extends WriteOptions {
  type: PatchType;
  subresource?: string | undefined;
  /** For apply: take over fields that others own. */
  force?: boolean | undefined;
}

export interface DeleteOptions extends CallOptions {
  gracePeriodSeconds?: number | undefined;
  propagationPolicy?: DeletionPropagation | undefined;
  preconditions?: { uid?: string | undefined; resourceVersion?: string | undefined } | undefined;
  dryRun?: boolean | undefined;
}

const patchContentTypes: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

export class ResourceClient<T extends KubernetesObject = KubernetesObject> {
  readonly client: RestClient;
  readonly resource: ResourceType<T>;

  constructor(client: RestClient, resource: ResourceType<T>) {
    this.client = client;
    this.resource = resource;
  }

  get(namespace: string | undefined, name: string, options: GetOptions & { metadataOnly?: boolean } = {}): Promise<T> {
    return this.client.requestJson<T>({
      method: 'GET',
      path: resourcePath(this.resource, namespace, name),
      query: { resourceVersion: options.resourceVersion },
      ...(options.metadataOnly
        ? { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json' }
        : {}),
      ...signalOf(options),
    });
  }

  list(namespace?: string, options: ListOptions = {}): Promise<KubernetesList<T>> {
    const { signal: _, metadataOnly, ...query } = options;
    return this.client.requestJson<KubernetesList<T>>({
      method: 'GET',
      path: resourcePath(this.resource, namespace),
      query,
      ...(metadataOnly
        ? { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json' }
        : {}),
      ...signalOf(options),
    });
  }

  create(namespace: string | undefined, object: T, options: WriteOptions = {}): Promise<T> {
    return this.client.requestJson<T>({
      method: 'POST',
      path: resourcePath(this.resource, namespace),
      query: writeQuery(options),
      json: this.#typed(object),
      ...signalOf(options),
    });
  }

  /** Replaces the object; its metadata names it, its resourceVersion (if any) must still be current. */
  update(object: T, options: WriteOptions & { subresource?: string } = {}): Promise<T> {
    return this.client.requestJson<T>({
      method: 'PUT',
      path: resourcePath(this.resource, object.metadata?.namespace, object.metadata?.name ?? '', options.subresource),
      query: writeQuery(options),
      json: this.#typed(object),
      ...signalOf(options),
    });
  }

  updateStatus(object: T, options: WriteOptions = {}): Promise<T> {
    return this.update(object, { ...options, subresource: 'status' });
  }

  patch(namespace: string | undefined, name: string, patch: unknown, options: PatchOptions): Promise<T> {
    return this.client.requestJson<T>({
      method: 'PATCH',
      path: resourcePath(this.resource, namespace, name, options.subresource),
      query: { ...writeQuery(options), force: options.force },
      json: patch,
      contentType: patchContentTypes[options.type],
      ...signalOf(options),
    });
  }

  /** Resolves to the object while finalizers or a grace period keep it, else to a Status. */
  delete(namespace: string | undefined, name: string, options: DeleteOptions = {}): Promise<KubernetesObject> {
    return this.client.requestJson<KubernetesObject>({
      method: 'DELETE',
      path: resourcePath(this.resource, namespace, name),
      json: deleteBody(options),
      ...signalOf(options),
    });
  }

  deleteCollection(namespace?: string, options: DeleteOptions & ListOptions = {}): Promise<KubernetesObject> {
    const { labelSelector, fieldSelector, limit, resourceVersion } = options;
    return this.client.requestJson<KubernetesObject>({
      method: 'DELETE',
      path: resourcePath(this.resource, namespace),
      query: { labelSelector, fieldSelector, limit, continue: options.continue, resourceVersion },
      json: deleteBody(options),
      ...signalOf(options),
    });
  }

  /**
   * Changes of the resource until the server or `signal` ends the watch. Throws StatusError 410 when resourceVersion is
   * too old. Ends without an error at the server's timeout.
   */
  watch(namespace?: string, options: WatchOptions = {}): AsyncGenerator<WatchEvent<T>, void, undefined> {
    return readWatch<T>(this.client, this.resource, namespace, options);
  }

  /** Creates a subresource object, such as `binding`, `eviction` or `token`. */
  createSubresource<S>(
    namespace: string | undefined,
    name: string,
    subresource: string,
    body: S,
    options: WriteOptions = {},
  ): Promise<S> {
    return this.client.requestJson<S>({
      method: 'POST',
      path: resourcePath(this.resource, namespace, name, subresource),
      query: writeQuery(options),
      json: body,
      ...signalOf(options),
    });
  }

  getSubresource<S>(
    namespace: string | undefined,
    name: string,
    subresource: string,
    options: CallOptions & { query?: Query } = {},
  ): Promise<S> {
    return this.client.requestJson<S>({
      method: 'GET',
      path: resourcePath(this.resource, namespace, name, subresource),
      ...(options.query ? { query: options.query } : {}),
      ...signalOf(options),
    });
  }

  #typed(object: T): T {
    if (object.kind !== undefined || this.resource.kind === undefined) return object;
    return { apiVersion: apiVersionOf(this.resource), kind: this.resource.kind, ...object };
  }
}

function signalOf(options: CallOptions): { signal?: AbortSignal } {
  return options.signal ? { signal: options.signal } : {};
}

function writeQuery(options: WriteOptions): Query {
  return {
    dryRun: options.dryRun ? 'All' : undefined,
    fieldManager: options.fieldManager,
    fieldValidation: options.fieldValidation,
  };
}

function deleteBody(options: DeleteOptions): unknown {
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    gracePeriodSeconds: options.gracePeriodSeconds,
    propagationPolicy: options.propagationPolicy,
    preconditions: options.preconditions,
    ...(options.dryRun ? { dryRun: ['All'] } : {}),
  };
}
