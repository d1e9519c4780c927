/** /metrics: upstream's names for what the handler chain sees of requests, and the process's own figures. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Filter, RequestContext } from './request-context.ts';

const durationBuckets = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];
const requestLabels = ['verb', 'dry_run', 'group', 'version', 'resource', 'subresource', 'scope', 'component'] as const;

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
const connectSubresources = new Set(['exec', 'attach', 'portforward', 'proxy', 'log']);

export class ApiMetrics {
  readonly registry = new Registry();
  readonly #requests: Counter;
  readonly #durations: Histogram;
  readonly #sizes: Histogram;
  /** Counted here and told when asked: a gauge works out its labels on every change. */
  readonly #inFlight = { readOnly: 0, mutating: 0 };
  readonly #longRunning: Gauge;

  constructor() {
    const registers = [this.registry];
    this.#requests = new Counter({
      name: 'apiserver_request_total',
      help: 'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
      labelNames: [...requestLabels, 'code'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'apiserver_request_duration_seconds',
      help: 'Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.',
      labelNames: [...requestLabels],
      buckets: durationBuckets,
      registers,
    });
    this.#sizes = new Histogram({
      name: 'apiserver_response_sizes',
      help: 'Response size distribution in bytes for each group, version, verb, resource, subresource, scope and component.',
      labelNames: ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'],
      buckets: [1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000],
      registers,
    });
    const inFlight: Gauge = new Gauge({
      name: 'apiserver_current_inflight_requests',
      help: 'Requests being served right now, by kind.',
      labelNames: ['request_kind'],
      registers,
      collect: () => {
        for (const [request_kind, count] of Object.entries(this.#inFlight)) inFlight.set({ request_kind }, count);
      },
    });
    this.#longRunning = new Gauge({
      name: 'apiserver_longrunning_requests',
      help: 'Long-running requests being served right now.',
      labelNames: ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'],
      registers,
    });
  }

  /** Objects per resource, counted when scraped. */
  watchObjectCounts(counts: () => Promise<Map<string, number>>): void {
    const gauge = new Gauge({
      name: 'apiserver_storage_objects',
      help: 'Number of stored objects at the time of last check split by kind.',
      labelNames: ['resource'],
      registers: [this.registry],
      collect: async () => {
        for (const [resource, count] of await counts()) gauge.set({ resource }, count);
      },
    });
  }

  #processMetrics = false;

  async expose(): Promise<{ contentType: string; text: string }> {
    if (!this.#processMetrics) {
      this.#processMetrics = true;
      collectDefaultMetrics({ register: this.registry });
    }
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }

  filter(): Filter {
    return (next) => async (context) => {
      const longRunning = context.longRunning;
      const kind = ['get', 'list'].includes(context.info.verb) ? 'readOnly' : 'mutating';
      const common = labelsOf(context);
      if (longRunning) this.#longRunning.inc(common);
      else this.#inFlight[kind]++;
      try {
        await next(context);
      } finally {
        if (longRunning) this.#longRunning.dec(common);
        else this.#inFlight[kind]--;
        const dry_run = context.query.has('dryRun') ? 'All' : '';
        this.#requests.inc({ ...common, dry_run, code: String(context.outcome.code) });
        if (!longRunning) {
          this.#durations.observe({ ...common, dry_run }, (performance.now() - context.receivedAt) / 1000);
          if (common.verb === 'GET' || common.verb === 'LIST') this.#sizes.observe(common, context.outcome.bytes);
        }
      }
    };
  }
}

function labelsOf({ info, method }: RequestContext) {
  const connect = connectSubresources.has(info.subresource);
  const verb = connect ? 'CONNECT' : info.isResourceRequest ? (reportedVerbs[info.verb] ?? 'OTHER') : method;
  const scope = !info.isResourceRequest
    ? ''
    : info.name !== ''
      ? 'resource'
      : info.namespace !== ''
        ? 'namespace'
        : 'cluster';
  return {
    verb,
    group: info.apiGroup,
    version: info.apiVersion,
    resource: info.resource,
    subresource: info.isResourceRequest ? info.subresource : info.path.length < 32 ? info.path : '',
    scope,
    component: 'apiserver',
  };
}
