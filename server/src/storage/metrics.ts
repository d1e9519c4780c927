/** What goes to the storage and what the caches above it do, by resource. */
import type { Cell, Counter, Distribution, Histogram, MetricsRegistry } from '../metrics/index.ts';
import type { CacherGroup } from './cacher/index.ts';
import { ForwardingStorage } from './forwarding-storage.ts';
import type { Entry, GetResult, ListOptions, ListResult, ReadOptions, Storage, WriteOptions } from './storage.ts';

export interface StoredResource {
  group: string;
  resource: string;
}

const labels = ['group', 'resource'];
const durations = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
const waits = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3];

type Operation = 'get' | 'list' | 'create' | 'update' | 'delete' | 'count';

interface Series {
  requests: Pick<Cell, 'inc'>;
  duration: Distribution;
}

export class StorageMetrics {
  readonly #requests: Counter;
  readonly #durations: Histogram;
  readonly #series = new Map<string, Series>();
  readonly #resourceOf: (key: string) => StoredResource;
  readonly #lists: Record<'total' | 'fetched' | 'evaluated' | 'returned', Counter>;

  /** `resourceOf`: of a key or of the folder that it is in. */
  constructor(registry: MetricsRegistry, resourceOf: (key: string) => StoredResource) {
    this.#resourceOf = resourceOf;
    const requestLabels = ['operation', ...labels];
    this.#requests = registry.counter(
      'etcd_requests_total',
      'ALPHA',
      'Etcd request counts for each operation and object type.',
      requestLabels,
    );
    this.#durations = registry.histogram(
      'etcd_request_duration_seconds',
      'ALPHA',
      'Etcd request latency in seconds for each operation and object type.',
      requestLabels,
      durations,
    );
    const list = (what: string, help: string): Counter =>
      registry.counter(`apiserver_storage_list_${what}`, 'ALPHA', help, labels);
    const course = 'in the course of serving a LIST request from storage';
    this.#lists = {
      total: list('total', 'Number of LIST requests served from storage'),
      fetched: list(
        'fetched_objects_total',
        'Number of objects read from storage in the course of serving a LIST request',
      ),
      evaluated: list('evaluated_objects_total', `Number of objects tested ${course}`),
      returned: list('returned_objects_total', 'Number of objects returned for a LIST request from storage'),
    };
  }

  /** The storage, with its calls counted. */
  measured(storage: Storage): Storage {
    return new MeasuredStorage(storage, this);
  }

  async request<T>(operation: Operation, key: string, call: Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await call;
    } finally {
      const { requests, duration } = this.#seriesOf(operation, key);
      requests.inc();
      duration.observe((performance.now() - started) / 1000);
    }
  }

  listed(prefix: string, { entries }: ListResult): void {
    const { group, resource } = this.#resourceOf(prefix);
    this.#lists.total.with(group, resource).inc();
    for (const counter of [this.#lists.fetched, this.#lists.evaluated, this.#lists.returned])
      counter.with(group, resource).inc(entries.length);
  }

  #seriesOf(operation: Operation, key: string): Series {
    const { group, resource } = this.#resourceOf(key);
    const name = `${operation} ${group} ${resource}`;
    let series = this.#series.get(name);
    if (series === undefined) {
      const values = [operation, group, resource];
      series = { requests: this.#requests.with(...values), duration: this.#durations.with(...values) };
      this.#series.set(name, series);
    }
    return series;
  }
}

class MeasuredStorage extends ForwardingStorage {
  readonly #metrics: StorageMetrics;

  constructor(storage: Storage, metrics: StorageMetrics) {
    super(storage);
    this.#metrics = metrics;
  }

  override get(key: string, options?: ReadOptions): Promise<GetResult> {
    return this.#metrics.request('get', key, super.get(key, options));
  }
  override async list(options: ListOptions): Promise<ListResult> {
    const result = await this.#metrics.request('list', options.prefix, super.list(options));
    this.#metrics.listed(options.prefix, result);
    return result;
  }
  override count(prefix: string): Promise<number> {
    return this.#metrics.request('count', prefix, super.count(prefix));
  }
  override create(key: string, value: Buffer, options?: WriteOptions): Promise<Entry> {
    return this.#metrics.request('create', key, super.create(key, value, options));
  }
  override update(key: string, value: Buffer, expectedModRevision: number, options?: WriteOptions): Promise<Entry> {
    return this.#metrics.request('update', key, super.update(key, value, expectedModRevision, options));
  }
  override delete(key: string, expectedModRevision: number, signal?: AbortSignal): Promise<number> {
    return this.#metrics.request('delete', key, super.delete(key, expectedModRevision, signal));
  }
}

/** Reads the Cachers' own statistics when somebody asks. */
export function watchCachers(
  registry: MetricsRegistry,
  cachers: Pick<CacherGroup, 'all'>,
  resourceOf: (prefix: string) => StoredResource,
): void {
  const counter = (name: string, help: string, more: readonly string[] = []): Counter =>
    registry.counter(name, 'ALPHA', help, [...labels, ...more]);
  const cache = 'apiserver_watch_cache_';
  const byType = 'broken by resource type.';
  const received = registry.counter(
    'apiserver_storage_events_received_total',
    'BETA',
    'Number of etcd events received split by kind.',
    labels,
  );
  const cacheReceived = counter(`${cache}events_received_total`, `Counter of events received in watch cache ${byType}`);
  const dispatched = counter(
    `${cache}events_dispatched_total`,
    `Counter of events dispatched in watch cache ${byType}`,
  );
  const initializations = counter(`${cache}initializations_total`, `Counter of watch cache initializations ${byType}`);
  const consistent = counter(`${cache}consistent_read_total`, 'Counter for consistent reads from cache.', [
    'success',
    'fallback',
  ]);
  const lists = counter('apiserver_cache_list_total', 'Number of LIST requests served from watch cache', ['index']);
  const fetched = counter(
    'apiserver_cache_list_fetched_objects_total',
    'Number of objects read from watch cache in the course of serving a LIST request',
    ['index'],
  );
  const returned = counter(
    'apiserver_cache_list_returned_objects_total',
    'Number of objects returned for a LIST request from watch cache',
  );
  const waited = registry.histogram(
    `${cache}read_wait_seconds`,
    'ALPHA',
    'Histogram of time spent waiting for a watch cache to become fresh.',
    labels,
    waits,
  );
  const gauge = (name: string, help: string) => registry.gauge(name, 'ALPHA', help, labels);
  const revision = gauge(
    `${cache}resource_version`,
    `Current resource version of watch cache ${byType} This is truncated to the 15 least significant digits.`,
  );
  const capacity = gauge('watch_cache_capacity', `Total capacity of watch cache ${byType}`);
  const checked = 'In case of a fetching error, the value will be -1.';
  const objects = gauge(
    'apiserver_resource_objects',
    `Number of stored objects at the time of last check split by kind. ${checked}`,
  );
  const bytes = gauge(
    'apiserver_resource_size_estimate_bytes',
    `Estimated size of stored objects in database. Estimate is based on sum of last observed sizes of serialized objects. ${checked}`,
  );
  registry.collect(() => {
    for (const gauge of [revision, capacity, objects, bytes]) gauge.clear();
    for (const [prefix, cacher] of cachers.all()) {
      const { group, resource } = resourceOf(prefix);
      const { statistics } = cacher;
      const of = [group, resource] as const;
      const show = (counter: Counter, value: number, ...more: string[]): void => {
        counter.with(...of, ...more).value = value;
      };
      show(initializations, statistics.initializations);
      show(lists, statistics.lists, '');
      show(fetched, statistics.objectsFetched, '');
      show(returned, statistics.objectsReturned);
      if (statistics.eventsReceived > 0) {
        show(received, statistics.eventsReceived);
        show(cacheReceived, statistics.eventsReceived);
        show(dispatched, statistics.eventsDispatched);
      }
      const { consistentReads, consistentReadFallbacks } = statistics;
      if (consistentReads > 0) show(consistent, consistentReads - consistentReadFallbacks, 'true', 'false');
      if (consistentReadFallbacks > 0) show(consistent, consistentReadFallbacks, 'false', 'true');
      if (statistics.waited.counts.some((count) => count > 0)) waited.show(statistics.waited, ...of);
      if (!cacher.ready) continue;
      revision.with(...of).set(cacher.revision);
      capacity.with(...of).set(cacher.cache.ring.capacity);
      objects.with(...of).set(cacher.cache.size.count);
      bytes.with(...of).set(cacher.cache.size.bytes);
    }
  });
}
