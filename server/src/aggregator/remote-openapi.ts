/**
 * OpenAPI documents of remote APIServices. Version 2 is fetched and joined to ours; of version 3 only the index is fetched:
 * its documents are passed on when they are asked for. Servers without version 3 have theirs made from version 2.
 */
import { Controller, type ReconcileResult, type Reconciler, type Running } from '@typernetes/openapi/client';
import type { JsonObject } from '@typernetes/openapi/meta';
import type { WorkQueueMetrics } from '../metrics/index.ts';
import { groupVersionOf } from './api-service.ts';
import type { Backend, Fetched } from './backend.ts';
import { convertToV3, filteredByPath } from './openapi-merge.ts';

const settleMs = 1000;
const refreshMs = 60_000;
const timeoutMs = 60_000;
const reader = { name: 'system:aggregator', groups: [] };

interface Known {
  etag: string;
  v2?: { paths: JsonObject; definitions: JsonObject };
  /** Path of a document below /openapi/v3/ → where it is. */
  v3?: ReadonlyMap<string, string>;
  converted?: JsonObject;
}

export interface RemoteOpenApiOptions {
  /** For metrics. */
  queues?: Pick<WorkQueueMetrics, 'queue'>;
  backend(name: string): Backend | undefined;
  changed(): void;
}

export class RemoteOpenApi implements Reconciler {
  readonly #options: RemoteOpenApiOptions;
  readonly #controller: Controller;
  readonly #known = new Map<string, Known>();

  constructor(options: RemoteOpenApiOptions) {
    this.#options = options;
    this.#controller = new Controller({
      name: 'open_api_aggregation_controller',
      observer: options.queues?.queue('open_api_aggregation_controller'),
      reconciler: this,
      concurrency: 2,
      baseDelayMs: settleMs,
      maxDelayMs: 3_600_000,
    });
  }

  start(signal: AbortSignal): Running {
    return this.#controller.start(signal);
  }

  changed(name: string): void {
    const backend = this.#options.backend(name);
    if (backend === undefined) {
      if (this.#known.delete(name)) this.#options.changed();
      return;
    }
    if (!backend.available) return;
    this.#controller.queue.forget(name);
    this.#controller.queue.addAfter(name, settleMs);
  }

  v2(): Iterable<[name: string, { paths: JsonObject; definitions: JsonObject }]> {
    return [...this.#known].flatMap(([name, { v2 }]) => (v2 === undefined ? [] : [[name, v2]]));
  }

  /** APIService and URL of each document of version 3 that another server has. */
  *v3(): Iterable<{ name: string; path: string; url: string }> {
    for (const [name, { v3 }] of this.#known) for (const [path, url] of v3 ?? []) yield { name, path, url };
  }

  converted(): Map<string, JsonObject> {
    const result = new Map<string, JsonObject>();
    for (const [name, { converted }] of this.#known) {
      const { group, version } = groupVersionOf(name);
      if (converted !== undefined) result.set(`apis/${group}/${version}`, converted);
    }
    return result;
  }

  async reconcile(name: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const backend = this.#options.backend(name);
    if (backend === undefined) return undefined;
    if (!backend.available) throw new Error('service unavailable');
    const before = this.#known.get(name);
    const next = await this.#fetch(name, backend, before, signal);
    this.#known.set(name, next);
    if (JSON.stringify(shown(before)) !== JSON.stringify(shown(next))) this.#options.changed();
    return { requeueAfter: refreshMs };
  }

  async #fetch(name: string, backend: Backend, before: Known | undefined, signal: AbortSignal): Promise<Known> {
    const { group, version } = groupVersionOf(name);
    const get = (path: string, etag = ''): Promise<Fetched> => {
      const headers = { accept: 'application/json', ...(etag === '' ? {} : { 'if-none-match': etag }) };
      return backend.fetch({ path, user: reader, headers, timeoutMs, signal });
    };
    const v3 = await this.#index(await get('/openapi/v3'));
    const answer = await get('/openapi/v2', before?.etag);
    const index = v3 === undefined ? {} : { v3 };
    if (answer.status === 304 && before !== undefined) return { ...before, ...index };
    if (answer.status === 404) return { etag: '', ...index };
    if (answer.status !== 200) throw new Error(`failed to retrieve openAPI spec, http error: ${answer.status}`);
    const document = JSON.parse(answer.body.toString()) as JsonObject;
    const filtered = filteredByPath(document, `/apis/${group}/${version}/`);
    return {
      etag: answer.headers.etag ?? '',
      v2: filtered,
      ...(v3 === undefined ? { converted: convertToV3(document, filtered) } : { v3 }),
    };
  }

  async #index(answer: Fetched): Promise<ReadonlyMap<string, string> | undefined> {
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw new Error(`failed to retrieve the openAPI v3 index, http error: ${answer.status}`);
    const { paths = {} } = JSON.parse(answer.body.toString()) as {
      paths?: Record<string, { serverRelativeURL?: string }>;
    };
    return new Map(Object.entries(paths).map(([path, { serverRelativeURL = '' }]) => [path, serverRelativeURL]));
  }
}

function shown(known: Known | undefined): unknown {
  return known === undefined ? undefined : { ...known, v3: [...(known.v3 ?? [])] };
}
