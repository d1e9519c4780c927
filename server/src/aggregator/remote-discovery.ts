/**
 * What remote APIServices serve, for the aggregated discovery document: fetched from each server on every change of its
 * APIServices and once a minute. What cannot be fetched keeps its last known resources, marked as stale.
 */
import type { APIResourceDiscovery, APIVersionDiscovery } from '@typernetes/openapi/catalogue';
import { Controller, type ReconcileResult, type Reconciler, type Running } from '@typernetes/openapi/client';
import type { GroupVersionKind } from '@typernetes/openapi/meta';
import type { APIResource } from '@typernetes/openapi/types/meta/v1';
import type { WorkQueueMetrics } from '../metrics/index.ts';
import { groupVersionOf } from './api-service.ts';
import type { Backend } from './backend.ts';

const refreshMs = 60_000;
const timeoutMs = 5000;
const asMasters = { name: 'system:kube-aggregator', groups: ['system:masters'] };
const asItself = { name: 'system:kube-aggregator', groups: [] };
const accept = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .join(',');

interface Fetched {
  versions: ReadonlyMap<string, APIVersionDiscovery>;
  etag: string;
  /** Before the request was sent. */
  at: number;
}

export interface RemoteDiscoveryOptions {
  /** For metrics. */
  queues?: Pick<WorkQueueMetrics, 'queue'>;
  backend(name: string): Backend | undefined;
  /** Called when a document has changed. */
  changed(): void;
}

export class RemoteDiscovery implements Reconciler {
  readonly #options: RemoteDiscoveryOptions;
  readonly #controller: Controller;
  readonly #entries = new Map<string, APIVersionDiscovery>();
  /** One document serves all group versions of a server. */
  readonly #fetched = new Map<string, Fetched>();
  readonly #dirtyAt = new Map<string, number>();

  constructor(options: RemoteDiscoveryOptions) {
    this.#options = options;
    this.#controller = new Controller({
      name: 'discovery-manager',
      observer: options.queues?.queue('discovery-manager'),
      reconciler: this,
      concurrency: 2,
      baseDelayMs: 500,
      maxDelayMs: refreshMs,
    });
  }

  /** `ready` when every server that is known has been asked once. */
  start(names: readonly string[], signal: AbortSignal): Running {
    const first = Promise.all(names.map((name) => this.reconcile(name, signal).catch(() => undefined)));
    const running = this.#controller.start(signal);
    return { ready: first.then(() => running.ready), stop: () => running.stop() };
  }

  changed(name: string): void {
    this.#dirtyAt.set(name, performance.now());
    this.#controller.queue.add(name);
  }

  entry(name: string): APIVersionDiscovery | undefined {
    return this.#entries.get(name);
  }

  async reconcile(name: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const backend = this.#options.backend(name);
    if (backend === undefined) {
      this.#dirtyAt.delete(name);
      if (this.#entries.delete(name)) this.#options.changed();
      return undefined;
    }
    const { version } = groupVersionOf(name);
    const key = `${backend.service.namespace}/${backend.service.name}:${backend.service.port}`;
    let failure: unknown;
    let known: APIVersionDiscovery | undefined;
    try {
      known = await this.#current(name, key, backend, signal);
    } catch (error) {
      failure = error;
      known = this.#fetched.get(key)?.versions.get(name) ?? this.#entries.get(name);
    }
    const entry = { ...(known ?? { version }), freshness: failure === undefined ? 'Current' : 'Stale' } as const;
    const before = this.#entries.get(name);
    this.#entries.set(name, entry);
    if (JSON.stringify(before) !== JSON.stringify(entry)) this.#options.changed();
    if (failure !== undefined) throw failure;
    this.#dirtyAt.set(name, performance.now());
    return { requeueAfter: refreshMs };
  }

  async #current(
    name: string,
    key: string,
    backend: Backend,
    signal: AbortSignal,
  ): Promise<APIVersionDiscovery | undefined> {
    const cached = this.#fetched.get(key);
    if (cached !== undefined && cached.at > (this.#dirtyAt.get(name) ?? 0)) return cached.versions.get(name);
    const at = performance.now();
    const headers = { accept, ...(cached === undefined || cached.etag === '' ? {} : { 'if-none-match': cached.etag }) };
    const answer = await backend.fetch({ path: '/apis', user: asMasters, headers, timeoutMs, signal });
    if (answer.status === 304 && cached !== undefined) {
      this.#fetched.set(key, { ...cached, at });
      return cached.versions.get(name);
    }
    if (answer.status === 503) throw new Error(`service ${key} returned non-success response code: 503`);
    const type = answer.headers['content-type'] ?? '';
    if (answer.status === 200 && type.includes('g=apidiscovery.k8s.io') && type.includes('as=APIGroupDiscoveryList')) {
      const versions = versionsOf(JSON.parse(answer.body.toString()) as RemoteGroups);
      this.#fetched.set(key, { versions, etag: answer.headers.etag ?? '', at });
      return versions.get(name);
    }
    // An older server: one document for each group version, which is not kept for the others.
    const { group, version } = groupVersionOf(name);
    const path = `/apis/${group}/${version}`;
    const legacy = await backend.fetch({
      path,
      user: asItself,
      headers: { accept: 'application/json' },
      timeoutMs,
      signal,
    });
    if (legacy.status !== 200)
      throw new Error(`failed to download legacy discovery for ${path}: ${legacy.status} ${legacy.body.toString()}`);
    const list = JSON.parse(legacy.body.toString()) as { resources?: APIResource[] | null };
    return { version, resources: resourcesOf(list), freshness: 'Current' };
  }
}

interface RemoteGroups {
  items?: { metadata?: { name?: string }; versions?: APIVersionDiscovery[] }[];
}

const unknown: Readonly<GroupVersionKind> = { group: '', version: '', kind: '' };

function versionsOf({ items = [] }: RemoteGroups): Map<string, APIVersionDiscovery> {
  const result = new Map<string, APIVersionDiscovery>();
  for (const { metadata, versions = [] } of items)
    for (const version of versions) {
      for (const resource of version.resources ?? []) {
        resource.responseKind ??= unknown;
        for (const subresource of resource.subresources ?? []) subresource.responseKind ??= unknown;
      }
      result.set(`${version.version}.${metadata?.name ?? ''}`, version);
    }
  return result;
}

/** Legacy lists name subresources beside their resources; they may come first, or without them. */
export function resourcesOf(list: { resources?: APIResource[] | null }): APIResourceDiscovery[] {
  const resources = list.resources ?? [];
  const scopeOf = ({ namespaced }: APIResource) => (namespaced ? 'Namespaced' : 'Cluster');
  const kindOf = ({ group = '', version = '', kind }: APIResource): GroupVersionKind => ({ group, version, kind });
  const result = new Map<string, APIResourceDiscovery>();
  for (const each of resources) {
    if (each.name.includes('/')) continue;
    result.set(each.name, {
      resource: each.name,
      responseKind: kindOf(each),
      scope: scopeOf(each),
      singularResource: each.singularName,
      verbs: each.verbs,
      ...(each.shortNames === undefined ? {} : { shortNames: each.shortNames }),
      ...(each.categories === undefined ? {} : { categories: each.categories }),
    });
  }
  for (const each of resources) {
    const slash = each.name.indexOf('/');
    if (slash < 0) continue;
    const resource = each.name.slice(0, slash);
    let parent = result.get(resource);
    if (parent === undefined) {
      parent = { resource, scope: scopeOf(each), singularResource: '', verbs: [], responseKind: { ...unknown } };
      result.set(resource, parent);
    }
    (parent.subresources ??= []).push({
      subresource: each.name.slice(slash + 1),
      responseKind: kindOf(each),
      verbs: each.verbs,
    });
  }
  return [...result.values()];
}
