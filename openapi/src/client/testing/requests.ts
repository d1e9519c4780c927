import type { IncomingMessage } from 'node:http';
import { mergePatchInto } from './patches.ts';
import { parseSelection, type Selection } from './selection.ts';
import type { FakeObject, FakeStore } from './store.ts';

export interface FakeRequest extends Selection {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
  contentType: string;
  metadataOnly: boolean;
  group: string;
  version: string;
  /** `group/resource`. */
  resource: string;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
}

export class FakeFailure extends Error {
  readonly code: number;
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: number, reason: string, message = reason, retryAfterSeconds?: number) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  status(): unknown {
    const { code, reason, message } = this;
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details: {}, code };
  }
}

const namespacedSubresourcesOfNamespaces = new Set(['status', 'finalize']);

export async function parseRequest(request: IncomingMessage): Promise<FakeRequest> {
  const url = new URL(request.url ?? '/', 'http://fake');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const parts = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
  const group = parts[0] === 'apis' ? (parts[1] ?? '') : '';
  const rest = parts.slice(parts[0] === 'apis' ? 3 : 2);
  const version = parts[parts[0] === 'apis' ? 2 : 1] ?? '';
  let namespace: string | undefined;
  if (rest[0] === 'namespaces' && rest.length > 2 && !namespacedSubresourcesOfNamespaces.has(rest[2] ?? '')) {
    namespace = rest[1];
    rest.splice(0, 2);
  }
  const [resource = '', name, subresource] = rest;
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    body: text === '' ? undefined : JSON.parse(text),
    contentType: request.headers['content-type'] ?? '',
    metadataOnly: (request.headers.accept ?? '').includes('as=PartialObjectMetadata'),
    group,
    version,
    resource: `${group}/${resource}`,
    namespace,
    name,
    subresource,
    ...parseSelection(url.searchParams),
  };
}

export function handle(store: FakeStore, request: FakeRequest): unknown {
  switch (request.method) {
    case 'GET':
      return request.name === undefined ? list(store, request) : existing(store, request);
    case 'POST':
      return request.subresource ? createSubresource(store, request) : create(store, request);
    case 'PUT':
      return update(store, request, request.body as FakeObject);
    case 'PATCH': {
      const current = existing(store, request);
      const patched = mergePatchInto(current, request.body, request.contentType) as FakeObject;
      return update(store, request, patched);
    }
    case 'DELETE':
      return request.name === undefined ? removeAll(store, request) : remove(store, request, existing(store, request));
    default:
      throw new FakeFailure(405, 'MethodNotAllowed');
  }
}

function keyFor(request: FakeRequest, name: string): string {
  return request.namespace ? `${request.namespace}/${name}` : name;
}

function existing(store: FakeStore, request: FakeRequest): FakeObject {
  const found = store.get(request.resource, keyFor(request, request.name ?? ''));
  if (!found)
    throw new FakeFailure(
      404,
      'NotFound',
      `${request.resource.slice(request.resource.indexOf('/') + 1)} "${request.name ?? ''}" not found`,
    );
  return found;
}

/** Whether the request's namespace and selectors select the object. */
export function selects(request: FakeRequest, object: FakeObject): boolean {
  return (
    (request.namespace === undefined || object.metadata?.namespace === request.namespace) && request.matches(object)
  );
}

export function shown(request: FakeRequest, object: FakeObject): FakeObject {
  if (!request.metadataOnly) return object;
  return { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: object.metadata ?? {} };
}

function list(store: FakeStore, request: FakeRequest): unknown {
  const all = store.list(request.resource).filter((object) => selects(request, object));
  const limit = Number(request.query.get('limit') ?? 0);
  const start = Number(request.query.get('continue') ?? 0);
  const page = limit > 0 ? all.slice(start, start + limit) : all.slice(start);
  const next = start + page.length < all.length ? String(start + page.length) : undefined;
  return {
    kind: request.metadataOnly ? 'PartialObjectMetadataList' : `${all[0]?.kind ?? ''}List`,
    apiVersion: request.metadataOnly
      ? 'meta.k8s.io/v1'
      : request.group
        ? `${request.group}/${request.version}`
        : request.version,
    metadata: { resourceVersion: String(store.revision), ...(next ? { continue: next } : {}) },
    items: page.map((object) => shown(request, object)),
  };
}

function create(store: FakeStore, request: FakeRequest): FakeObject {
  const object = request.body as FakeObject;
  const metadata = { ...object.metadata };
  if (!metadata.name && metadata.generateName)
    metadata.name = metadata.generateName + Math.random().toString(36).slice(2, 7);
  if (!metadata.name) throw new FakeFailure(422, 'Invalid', 'name or generateName is required');
  if (request.namespace) metadata.namespace = request.namespace;
  const key = keyFor(request, metadata.name);
  if (store.get(request.resource, key))
    throw new FakeFailure(409, 'AlreadyExists', `${request.resource} "${metadata.name}" already exists`);
  return store.put(request.resource, key, { ...object, metadata: { ...metadata, generation: 1 } });
}

function createSubresource(store: FakeStore, request: FakeRequest): unknown {
  const object = existing(store, request);
  switch (request.subresource) {
    case 'binding': {
      const spec = object.spec as Record<string, unknown>;
      if (spec['nodeName'])
        throw new FakeFailure(
          409,
          'Conflict',
          `pod ${request.name ?? ''} is already assigned to node ${JSON.stringify(spec['nodeName'])}`,
        );
      const { target } = request.body as { target: { name: string } };
      store.put(request.resource, keyFor(request, request.name ?? ''), {
        ...object,
        spec: { ...spec, nodeName: target.name },
      });
      return { kind: 'Status', apiVersion: 'v1', status: 'Success', code: 201 };
    }
    case 'eviction':
      remove(store, request, object);
      return { kind: 'Status', apiVersion: 'v1', status: 'Success', code: 201 };
    case 'token':
      return {
        ...(request.body as object),
        status: {
          token: `token-of-${request.name ?? ''}`,
          expirationTimestamp: new Date(Date.now() + 3_600_000).toISOString(),
        },
      };
    default:
      throw new FakeFailure(404, 'NotFound', `subresource ${request.subresource ?? ''} not found`);
  }
}

function update(store: FakeStore, request: FakeRequest, desired: FakeObject): FakeObject {
  const current = existing(store, request);
  const expected = desired.metadata?.resourceVersion;
  if (expected && expected !== current.metadata?.resourceVersion) {
    throw new FakeFailure(
      409,
      'Conflict',
      'the object has been modified; please apply your changes to the latest version and try again',
    );
  }
  if (desired.metadata?.uid && desired.metadata.uid !== current.metadata?.uid) {
    throw new FakeFailure(409, 'Conflict', 'Precondition failed: UID in precondition differs');
  }
  const { resourceVersion: _, ...before } = current.metadata ?? {};
  const kept = {
    uid: before.uid,
    creationTimestamp: before.creationTimestamp,
    deletionTimestamp: before.deletionTimestamp,
  };
  let next: FakeObject;
  if (request.subresource === 'status') next = { ...current, status: desired.status };
  else {
    next = {
      ...desired,
      metadata: { ...desired.metadata, ...withoutUndefined(kept) },
      ...('status' in current ? { status: current.status } : {}),
    };
    const changed = JSON.stringify(current.spec) !== JSON.stringify(next.spec);
    if (before.generation !== undefined)
      next.metadata = { ...next.metadata, generation: before.generation + (changed ? 1 : 0) };
  }
  const key = keyFor(request, request.name ?? '');
  const unfinalized =
    !next.metadata?.finalizers?.length && !(next.spec as { finalizers?: string[] } | undefined)?.finalizers?.length;
  if (next.metadata?.deletionTimestamp && unfinalized && !next.metadata.deletionGracePeriodSeconds) {
    store.delete(request.resource, key);
    return next;
  }
  if (JSON.stringify(current) === JSON.stringify(next)) return current;
  return store.put(request.resource, key, next);
}

function remove(store: FakeStore, request: FakeRequest, object: FakeObject): unknown {
  const options = (request.body ?? {}) as {
    preconditions?: { uid?: string; resourceVersion?: string };
    propagationPolicy?: string;
    gracePeriodSeconds?: number;
  };
  const { uid, resourceVersion } = options.preconditions ?? {};
  const metadata = { ...object.metadata };
  if ((uid && uid !== metadata.uid) || (resourceVersion && resourceVersion !== metadata.resourceVersion)) {
    throw new FakeFailure(409, 'Conflict', 'Precondition failed');
  }
  const finalizers = new Set(metadata.finalizers);
  if (options.propagationPolicy === 'Foreground') finalizers.add('foregroundDeletion');
  if (options.propagationPolicy === 'Orphan') finalizers.add('orphan');
  const key = metadata.namespace ? `${metadata.namespace}/${metadata.name ?? ''}` : (metadata.name ?? '');
  const held = finalizers.size > 0 || (object.spec as { finalizers?: string[] } | undefined)?.finalizers?.length;
  if (!held) {
    store.delete(request.resource, key);
    return { kind: 'Status', apiVersion: 'v1', status: 'Success' };
  }
  if (metadata.deletionTimestamp) return object;
  metadata.deletionTimestamp = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  metadata.deletionGracePeriodSeconds = 0;
  if (finalizers.size > 0) metadata.finalizers = [...finalizers];
  const terminating =
    request.resource === '/namespaces' ? { status: { ...(object.status as object), phase: 'Terminating' } } : {};
  return store.put(request.resource, key, { ...object, ...terminating, metadata });
}

function removeAll(store: FakeStore, request: FakeRequest): unknown {
  for (const object of store.list(request.resource).filter((entry) => selects(request, entry)))
    remove(store, request, object);
  return { kind: 'Status', apiVersion: 'v1', status: 'Success' };
}

function withoutUndefined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Partial<T>;
}
