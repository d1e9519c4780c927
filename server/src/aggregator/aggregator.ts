/**
 * API aggregation: group versions that other servers serve, each announced by an APIService. Follows the APIServices,
 * keeps those of what this server serves itself, passes requests on, and adds the others to discovery and OpenAPI.
 *
 *   APIServices ─► AutoRegistration (local ones)   Services, EndpointSlices
 *        │                                               │
 *        ├───────► Backend per remote one ◄──── Availability (condition Available)
 *        │             │
 *        │             ├─► RemoteDiscovery, RemoteOpenApi ─► documents
 *        └─► route ────┴─► proxyToBackend
 */
import type { Running } from '@typernetes/openapi/client';
import type { GroupVersion } from '@typernetes/openapi/meta';
import type { APIService } from '@typernetes/openapi/types/apiregistration/v1';
import { type Follower, follow, type ObjectSource } from '../authorization/object-source.ts';
import type { Handler, Logger, RequestContext } from '../endpoints/request-context.ts';
import { type Definition, definitions } from '../extensions/definition.ts';
import { type MetricsRegistry, WorkQueueMetrics } from '../metrics/index.ts';
import type { RegistryReader } from '../registry/generic/rest.ts';
import type { ServiceResolver } from '../webhooks/index.ts';
import { apiServiceName, apiServices, groupVersionOf, isAvailable, type Priority, serviceOf } from './api-service.ts';
import { AutoRegistration } from './auto-registration.ts';
import { Availability } from './availability.ts';
import { Backend, type BackendOptions } from './backend.ts';
import { AvailabilityMetrics } from './metrics.ts';
import { builtInPriority, customPriority, ownPriority } from './priorities.ts';
import { proxyToBackend } from './proxy.ts';
import { RemoteDiscovery } from './remote-discovery.ts';
import { RemoteOpenApi } from './remote-openapi.ts';

export interface AggregatorOptions {
  registry: RegistryReader;
  source: ObjectSource;
  /** What this server serves without definitions. */
  builtIn: readonly GroupVersion[];
  resolve: ServiceResolver;
  clientCertificate?: { cert: string; key: string };
  rejectRedirects: boolean;
  /** Unique to this server. */
  id: string;
  metrics: MetricsRegistry;
  logger: Logger;
  now: () => Date;
}

export class Aggregator {
  readonly #options: AggregatorOptions;
  readonly #backendOptions: BackendOptions;
  readonly #metrics: AvailabilityMetrics;
  readonly #apiServices = new Map<string, Readonly<APIService>>();
  readonly #backends = new Map<string, Backend>();
  readonly #autoRegistration: AutoRegistration;
  readonly #availability: Availability;
  readonly #discovery: RemoteDiscovery;
  readonly #openApi: RemoteOpenApi;
  readonly #followers: Follower[] = [];
  readonly #stopping = new AbortController();
  readonly #running: Running[] = [];
  /** Grows with every change of what discovery or OpenAPI show. */
  revision = 0;

  constructor(options: AggregatorOptions) {
    this.#options = options;
    const { registry, source, now, builtIn, resolve, clientCertificate, id } = options;
    this.#backendOptions = { resolve, via: id, ...(clientCertificate === undefined ? {} : { clientCertificate }) };
    const get = (name: string): Readonly<APIService> | undefined => this.#apiServices.get(name);
    const backend = (name: string): Backend | undefined => this.#backends.get(name);
    const changed = (): void => void (this.revision += 1);
    const metrics = new AvailabilityMetrics(options.metrics);
    this.#metrics = metrics;
    const queues = new WorkQueueMetrics(options.metrics);
    this.#autoRegistration = new AutoRegistration({ registry, builtIn, current: get, queues });
    this.#availability = new Availability({
      queues,
      registry,
      source,
      now,
      get,
      backend,
      observe: (name, verdict, hasChanged) => {
        metrics.observe(name, verdict, hasChanged);
        if (hasChanged && verdict !== undefined && verdict.reason !== 'Local')
          options.logger.info({ name, ...verdict }, 'changing APIService availability');
      },
    });
    this.#discovery = new RemoteDiscovery({ backend, changed, queues });
    this.#openApi = new RemoteOpenApi({ backend, changed, queues });
  }

  /** Resolves when all APIServices are known and those of what is built in are on their way. */
  async start(): Promise<void> {
    const { source } = this.#options;
    const { signal } = this.#stopping;
    const known = follow<Definition>(source, definitions, (type, object) =>
      this.#autoRegistration.definitionChanged(object.metadata?.name ?? '', type === 'put' ? object : undefined),
    );
    const followed = follow<APIService>(source, apiServices, (type, object) =>
      this.#changed(object.metadata?.name ?? '', type === 'put' ? object : undefined),
    );
    this.#followers.push(known, followed);
    await Promise.all([known.ready, followed.ready]);
    this.#start(this.#autoRegistration.start(this.#apiServices.keys(), signal));
    this.#start(this.#availability.start(signal));
    this.#start(this.#openApi.start(signal));
    const discovery = this.#discovery.start([...this.#backends.keys()], signal);
    this.#start(discovery);
    await discovery.ready;
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the server is shutting down'));
    for (const follower of this.#followers) follower.stop();
    await Promise.all(this.#running.map((each) => each.stop()));
    for (const backend of this.#backends.values()) backend.destroy();
  }

  /** Names of built-in APIServices that have not been available yet. */
  get missing(): ReadonlySet<string> {
    return this.#autoRegistration.missing;
  }

  /** Resolves when there are none of these any more. */
  get allRegistered(): Promise<void> {
    return this.#autoRegistration.complete;
  }

  get discovery(): RemoteDiscovery {
    return this.#discovery;
  }

  get openApi(): RemoteOpenApi {
    return this.#openApi;
  }

  /** Group versions that have an APIService, local or remote. */
  registered(): (GroupVersion & { name: string; remote: boolean })[] {
    return [...this.#apiServices.keys()].map((name) => ({
      ...groupVersionOf(name),
      name,
      remote: this.#backends.has(name),
    }));
  }

  /** What its APIService says, or what a new one would. */
  priority(groupVersion: GroupVersion): Priority {
    if (groupVersion.group === apiServices.group) return ownPriority;
    const spec = this.#apiServices.get(apiServiceName(groupVersion))?.spec;
    if (spec !== undefined) return { group: spec.groupPriorityMinimum, version: spec.versionPriority };
    return builtInPriority(groupVersion) ?? customPriority;
  }

  /** The handler of a request for another server; undefined where it is for this one. */
  route(context: RequestContext): Handler | undefined {
    if (this.#backends.size === 0) return undefined;
    const { path } = context;
    const match = /^\/apis\/([^/]+)\/([^/]+)(?:\/|$)/.exec(path);
    if (match !== null) return this.#to(this.#backends.get(`${match[2]!}.${match[1]!}`));
    const document = /^\/openapi\/v3\/(.+)$/.exec(path)?.[1];
    if (document === undefined) return undefined;
    for (const { name, path: offered } of this.#openApi.v3())
      if (offered === document && this.#serves(name, document)) return this.#to(this.#backends.get(name));
    return undefined;
  }

  /** Of another server's documents only those of group versions that are registered to it: the rest we have ourselves. */
  #serves(name: string, document: string): boolean {
    const { group, version } = groupVersionOf(name);
    return document === `apis/${group}/${version}`;
  }

  /** Links to documents of version 3 that other servers have. */
  openApiV3Links(): Map<string, string> {
    const links = new Map<string, string>();
    for (const { name, path, url } of this.#openApi.v3()) if (this.#serves(name, path)) links.set(path, url);
    return links;
  }

  /** Shows other servers this certificate from now on. */
  identify(clientCertificate: { cert: string; key: string }): void {
    this.#backendOptions.clientCertificate = clientCertificate;
    for (const [name, before] of this.#backends) {
      const apiService = this.#apiServices.get(name)!;
      this.#backends.set(name, new Backend(apiService, before.available, this.#backendOptions, before));
    }
  }

  #to(backend: Backend | undefined): Handler | undefined {
    if (backend === undefined) return undefined;
    const { rejectRedirects } = this.#options;
    return (context) => proxyToBackend(context, backend, { rejectRedirects });
  }

  #start(running: Running): void {
    this.#running.push(running);
  }

  #changed(name: string, apiService: Readonly<APIService> | undefined): void {
    const before = this.#backends.get(name);
    const service = apiService === undefined ? undefined : serviceOf(apiService);
    if (apiService === undefined) this.#apiServices.delete(name);
    else this.#apiServices.set(name, apiService);
    if (apiService === undefined || service === undefined) {
      before?.close();
      this.#backends.delete(name);
    } else this.#backends.set(name, new Backend(apiService, isAvailable(apiService), this.#backendOptions, before));
    this.revision += 1;
    if (apiService === undefined || service === undefined) this.#metrics.local(name, apiService !== undefined);
    this.#autoRegistration.apiServiceChanged(name, apiService !== undefined && isAvailable(apiService));
    // A local one is available from its creation; there is nothing to look after unless it was remote, or is not marked so.
    if (service !== undefined || before !== undefined || (apiService !== undefined && !isAvailable(apiService)))
      this.#availability.changed(name, service);
    if (service === undefined && before === undefined) return;
    this.#discovery.changed(name);
    this.#openApi.changed(name);
  }
}
