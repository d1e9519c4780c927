/** /metrics: upstream's names for what the handler chain sees of requests, and the process's own figures. */
import {
  type Cell,
  Counter,
  type Distribution,
  Gauge,
  Histogram,
  MetricsRegistry,
  Watermark,
} from '../metrics/index.ts';
import { type Filter, header, type RequestContext } from './request-context.ts';

/** Of upstream's /metrics, as Prometheus reads it. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores';

const durationBuckets = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];
const watchLabels = ['group', 'version', 'resource'];
const sliBuckets = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
const endpointLabels = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'];

const reportedVerbs: Record<string, string> = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
};
const plainMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
const connectSubresources = new Set(['exec', 'attach', 'portforward', 'proxy', 'log']);
/** Paths that are no resources, by which requests are told apart. Others share one label, whatever clients ask for. */
const knownPath = /^\/(?:healthz|livez|readyz|metrics|version|openapi\/v[23]|apis?)?$/;
/** Clients whose requests upstream counts apart. */
const systemClient = /^(kube-apiserver|kube-controller-manager|kube-scheduler|cluster-policy-controller)\//;

/** Told what a watch sends. */
export interface WatchObserver {
  sent(bytes: number): void;
  initialEventsSent(): void;
}

/** The children of one endpoint and verb, looked up once. */
interface Series {
  readonly durations: Distribution;
  readonly sli: Distribution | undefined;
  readonly sizes: Distribution | undefined;
  readonly byOutcome: Map<string, Pick<Cell, 'inc'>>;
}

export class ApiMetrics {
  readonly registry = new MetricsRegistry();
  readonly #series = new Map<string, Series>();
  readonly #readOnly = new Watermark();
  readonly #mutating = new Watermark();
  readonly #requests = this.registry.register(
    new Counter({
      name: 'apiserver_request_total',
      help: 'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
      stability: 'STABLE',
      labels: [...endpointLabels, 'dry_run', 'code', 'system_client'],
    }),
  );
  readonly #durations = this.registry.register(
    new Histogram({
      name: 'apiserver_request_duration_seconds',
      help: 'Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.',
      stability: 'STABLE',
      labels: [...endpointLabels, 'dry_run'],
      buckets: durationBuckets,
    }),
  );
  readonly #sli = this.registry.register(
    new Histogram({
      name: 'apiserver_request_sli_duration_seconds',
      help: 'Response latency distribution (not counting webhook duration and priority & fairness queue wait times) in seconds for each verb, group, version, resource, subresource, scope and component.',
      stability: 'ALPHA',
      labels: endpointLabels,
      buckets: sliBuckets,
    }),
  );
  readonly #sizes = this.registry.register(
    new Histogram({
      name: 'apiserver_response_sizes',
      help: 'Response size distribution in bytes for each group, version, verb, resource, subresource, scope and component.',
      stability: 'STABLE',
      labels: endpointLabels,
      buckets: [1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000],
    }),
  );
  readonly #longRunning = this.registry.register(
    new Gauge({
      name: 'apiserver_longrunning_requests',
      help: 'Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.',
      stability: 'STABLE',
      labels: endpointLabels,
    }),
  );
  readonly #bodies = this.registry.histogram(
    'apiserver_request_body_size_bytes',
    'ALPHA',
    'Apiserver request body size in bytes broken out by resource and verb.',
    ['resource', 'verb', 'group'],
    Array.from({ length: 31 }, (_, index) => 50_000 + index * 100_000),
  );
  readonly #watchEvents = this.registry.counter(
    'apiserver_watch_events_total',
    'ALPHA',
    'Number of events sent in watch clients',
    watchLabels,
  );
  readonly #watchSizes = this.registry.histogram(
    'apiserver_watch_events_sizes',
    'ALPHA',
    'Watch event size distribution in bytes',
    watchLabels,
    Array.from({ length: 8 }, (_, index) => 1024 * 2 ** index),
  );
  readonly #watchLists = this.registry.histogram(
    'apiserver_watch_list_duration_seconds',
    'BETA',
    'Response latency distribution in seconds for watch list requests broken by group, version, resource and scope.',
    [...watchLabels, 'scope'],
    [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 15, 20, 30, 45, 60],
  );
  readonly #deprecated = this.registry.register(
    new Gauge({
      name: 'apiserver_requested_deprecated_apis',
      help: 'Gauge of deprecated APIs that have been requested, broken out by API group, version, resource, subresource, and removed_release.',
      stability: 'STABLE',
      labels: ['group', 'version', 'resource', 'subresource', 'removed_release'],
    }),
  );
  readonly #terminations = this.registry.register(
    new Counter({
      name: 'apiserver_request_terminations_total',
      help: 'Number of requests which apiserver terminated in self-defense.',
      stability: 'ALPHA',
      labels: [...endpointLabels, 'code'],
    }),
  );

  constructor() {
    const inFlight = this.registry.register(
      new Gauge({
        name: 'apiserver_current_inflight_requests',
        help: 'Maximal number of currently used inflight request limit of this apiserver per request kind in last second.',
        stability: 'STABLE',
        labels: ['request_kind'],
      }),
    );
    this.registry.collect(() => {
      inFlight.with('readOnly').set(this.#readOnly.read());
      inFlight.with('mutating').set(this.#mutating.read());
    });
  }

  /** Bytes of each whole store, asked for when scraped; one that cannot be asked is not shown. */
  watchStorageSizes(sizes: readonly (() => Promise<number>)[]): void {
    const gauge = this.registry.register(
      new Gauge({
        name: 'apiserver_storage_size_bytes',
        help: 'Size of the storage database file physically allocated in bytes.',
        stability: 'STABLE',
        labels: ['storage_cluster_id'],
      }),
    );
    this.registry.collect(async () => {
      const known = await Promise.all(sizes.map((size) => size().catch(() => undefined)));
      gauge.clear();
      for (const [index, bytes] of known.entries()) if (bytes !== undefined) gauge.with(`etcd-${index}`).set(bytes);
    });
  }

  /** Objects per resource, counted when scraped. */
  watchObjectCounts(counts: () => Iterable<readonly [resource: string, count: Promise<number>]>): void {
    const gauge = this.registry.register(
      new Gauge({
        name: 'apiserver_storage_objects',
        help: '(Deprecated since 1.34.0) [DEPRECATED, consider using apiserver_resource_objects instead] Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.',
        stability: 'STABLE',
        labels: ['resource'],
      }),
    );
    this.registry.collect(async () => {
      const known = await Promise.all(
        Array.from(counts(), async ([resource, count]) => [resource, await count.catch(() => -1)] as const),
      );
      gauge.clear();
      for (const [resource, count] of known) gauge.with(resource).set(count);
    });
  }

  async expose(): Promise<{ contentType: string; text: string }> {
    const { processMetrics } = await import('../metrics/process.ts');
    const [own, process] = await Promise.all([this.registry.text(), processMetrics()]);
    return { contentType: metricsContentType, text: own + process };
  }

  filter(): Filter {
    return (next) => async (context) => {
      const { longRunning, info } = context;
      const mark = info.verb === 'get' || info.verb === 'list' ? this.#readOnly : this.#mutating;
      // What no endpoint answers is not counted: its labels would be the client's choice, and kept for ever.
      let gauge: Pick<Cell, 'inc' | 'dec'> | undefined;
      if (longRunning) {
        context.endpointReached = () => {
          gauge = this.#longRunning.with(...labelsOf(context));
          gauge.inc();
        };
      } else mark.enter();
      try {
        await next(context);
      } finally {
        if (!longRunning) mark.leave();
        gauge?.dec();
        if (context.deprecated === true) this.#noteDeprecated(context);
        const { code } = context.outcome;
        if (code === 429 || code === 504) this.#terminated(context, code);
        if (context.endpointFound || !info.isResourceRequest) this.#record(context);
      }
    };
  }

  /** For one watch. */
  watch({ info, receivedAt }: RequestContext): WatchObserver {
    const labels = [info.apiGroup, info.apiVersion, info.resource];
    const [events, sizes] = [this.#watchEvents.with(...labels), this.#watchSizes.with(...labels)];
    return {
      sent(bytes) {
        events.inc();
        sizes.observe(bytes);
      },
      initialEventsSent: () => {
        const scope = info.name !== '' ? 'resource' : info.namespace !== '' ? 'namespace' : 'cluster';
        this.#watchLists.with(...labels, scope).observe((performance.now() - receivedAt) / 1000);
      },
    };
  }

  /** A request that was cut short or turned away to protect the server. */
  #terminated(context: RequestContext, code: number): void {
    const counted = context.endpointFound || !context.info.isResourceRequest;
    const labels = counted ? labelsOf(context) : [verbOf(context), '', '', '', '', '', 'apiserver'];
    this.#terminations.with(...labels, String(code)).inc();
  }

  #noteDeprecated({ info }: RequestContext): void {
    this.#deprecated.with(info.apiGroup, info.apiVersion, info.resource, info.subresource, '').set(1);
  }

  #record(context: RequestContext): void {
    const { info, outcome, longRunning } = context;
    const dryRun = context.query.has('dryRun') ? 'All' : '';
    const labels = labelsOf(context);
    const key = `${labels.join('\u0000')}\u0000${dryRun}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      const [verb] = labels;
      series = {
        durations: this.#durations.with(...labels, dryRun),
        sli: longRunning || dryRun !== '' ? undefined : this.#sli.with(...labels),
        sizes: verb === 'GET' || verb === 'LIST' ? this.#sizes.with(...labels) : undefined,
        byOutcome: new Map(),
      };
      this.#series.set(key, series);
    }
    const client = systemClient.exec(header(context, 'user-agent'))?.[1] ?? '';
    const outcomeKey = `${outcome.code} ${client}`;
    let counter = series.byOutcome.get(outcomeKey);
    if (counter === undefined) {
      counter = this.#requests.with(...labels, dryRun, String(outcome.code), client);
      series.byOutcome.set(outcomeKey, counter);
    }
    counter.inc();
    const elapsed = (performance.now() - context.receivedAt) / 1000;
    series.durations.observe(elapsed);
    series.sli?.observe(elapsed - context.waitedMs / 1000);
    const { bodyBytes } = context;
    if (bodyBytes !== undefined) this.#bodies.with(info.resource, info.verb, info.apiGroup).observe(bodyBytes);
    if (info.isResourceRequest) series.sizes?.observe(outcome.bytes);
  }
}

/** In the order of `endpointLabels`. */
function labelsOf(context: RequestContext): string[] {
  const { info, method } = context;
  if (!info.isResourceRequest) {
    const verb = plainMethods.has(method) ? method : 'OTHER';
    return [verb, '', '', '', knownPath.test(info.path) ? info.path : '', '', 'apiserver'];
  }
  return [
    verbOf(context),
    info.apiGroup,
    info.apiVersion,
    info.resource,
    info.subresource,
    info.name !== '' || info.verb === 'create' ? 'resource' : info.namespace !== '' ? 'namespace' : 'cluster',
    'apiserver',
  ];
}

function verbOf(context: RequestContext): string {
  const { info } = context;
  if (connectSubresources.has(info.subresource)) return 'CONNECT';
  if (info.verb === 'patch' && header(context, 'content-type') === 'application/apply-patch+yaml') return 'APPLY';
  return reportedVerbs[info.verb] ?? 'OTHER';
}
