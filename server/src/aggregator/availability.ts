/**
 * Writes the Available condition of APIServices: local ones always are; a remote one must have a Service with that port,
 * ready endpoints, and answer for its group version. Checked on every change of any of these, and every 30 seconds.
 */
import { Controller, type ReconcileResult, type Reconciler, type Running } from '@typernetes/openapi/client';
import { isNotFound, type KubernetesObject } from '@typernetes/openapi/meta';
import type { APIService } from '@typernetes/openapi/types/apiregistration/v1';
import type { ObjectSource } from '../authorization/object-source.ts';
import type { WorkQueueMetrics } from '../metrics/index.ts';
import type { RegistryReader } from '../registry/generic/rest.ts';
import {
  apiServices,
  availableCondition,
  groupVersionOf,
  type ServiceReference,
  serviceOf,
  setAvailable,
} from './api-service.ts';
import { type Backend, hostPort } from './backend.ts';

const recheckMs = 30_000;
const attempts = 5;
const attemptTimeoutMs = 5000;
const checker = { name: 'system:kube-aggregator', groups: ['system:masters'] };

interface Service extends KubernetesObject {
  spec?: { type?: string; ports?: { name?: string; port: number }[] };
}

interface EndpointSlice extends KubernetesObject {
  endpoints?: { conditions?: { ready?: boolean } }[];
  ports?: { name?: string; port?: number }[];
}

interface Verdict {
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
}

export interface AvailabilityOptions {
  /** For metrics. */
  queues?: Pick<WorkQueueMetrics, 'queue'>;
  registry: Pick<RegistryReader, 'get' | 'list' | 'update'>;
  source: Pick<ObjectSource, 'onChange'>;
  now: () => Date;
  get(name: string): Readonly<APIService> | undefined;
  backend(name: string): Backend | undefined;
  /** For metrics. */
  observe: (name: string, verdict: Verdict | undefined, changed: boolean) => void;
}

const local: Verdict = { status: 'True', reason: 'Local', message: 'Local APIServices are always available' };
const passed: Verdict = { status: 'True', reason: 'Passed', message: 'all checks passed' };
const services = { group: '', resource: 'services' };
const endpointSlices = { group: 'discovery.k8s.io', resource: 'endpointslices' };

export class Availability implements Reconciler {
  readonly #options: AvailabilityOptions;
  readonly #controller: Controller;
  /** Remote APIServices by `NAMESPACE/NAME` of their Service. */
  readonly #byService = new Map<string, Set<string>>();
  readonly #serviceOf = new Map<string, string>();
  #stopFollowing: (() => void) | undefined;

  constructor(options: AvailabilityOptions) {
    this.#options = options;
    this.#controller = new Controller({
      name: 'RemoteAvailabilityController',
      observer: options.queues?.queue('RemoteAvailabilityController'),
      reconciler: this,
      concurrency: 5,
      maxDelayMs: recheckMs,
    });
  }

  start(signal: AbortSignal): Running {
    const running = this.#controller.start(signal);
    return {
      ready: running.ready,
      stop: () => {
        this.#stopFollowing?.();
        this.#stopFollowing = undefined;
        return running.stop();
      },
    };
  }

  /** Call for each APIService that is there, has changed, or has gone. */
  changed(name: string, service: ServiceReference | undefined): void {
    const key = service === undefined ? undefined : `${service.namespace}/${service.name}`;
    const before = this.#serviceOf.get(name);
    if (before !== key) {
      if (before !== undefined) this.#byService.get(before)?.delete(name);
      if (key === undefined) this.#serviceOf.delete(name);
      else {
        this.#serviceOf.set(name, key);
        let names = this.#byService.get(key);
        if (names === undefined) this.#byService.set(key, (names = new Set()));
        names.add(name);
        this.#follow();
      }
    }
    this.#controller.queue.add(name);
  }

  async reconcile(name: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const apiService = this.#options.get(name);
    if (apiService === undefined) {
      this.#options.observe(name, undefined, false);
      return undefined;
    }
    const service = serviceOf(apiService);
    if (service === undefined) {
      await this.#write(apiService, local);
      return undefined;
    }
    const verdict = (await this.#checkService(service)) ?? (await this.#checkDiscovery(name, signal));
    signal.throwIfAborted();
    await this.#write(apiService, verdict);
    if (verdict.reason === 'FailedDiscoveryCheck') throw new Error(verdict.message);
    return { requeueAfter: recheckMs };
  }

  /** Services and their endpoints matter only while there is a remote APIService. */
  #follow(): void {
    if (this.#stopFollowing !== undefined) return;
    const { source } = this.#options;
    const touched = (namespace = '', name = ''): void => {
      for (const each of this.#byService.get(`${namespace}/${name}`) ?? []) this.#controller.queue.add(each);
    };
    const stops = [
      source.onChange<Service>(services, (_, { metadata }) => touched(metadata?.namespace, metadata?.name)),
      source.onChange<EndpointSlice>(endpointSlices, (_, { metadata }) =>
        touched(metadata?.namespace, metadata?.labels?.['kubernetes.io/service-name']),
      ),
    ];
    this.#stopFollowing = () => {
      for (const stop of stops) stop();
    };
  }

  /** What is wrong with it; undefined where it should answer. */
  async #checkService({ namespace, name, port }: ServiceReference): Promise<Verdict | undefined> {
    const { registry } = this.#options;
    const refuse = (reason: string, message: string): Verdict => ({ status: 'False', reason, message });
    const place = `service/${name} in ${JSON.stringify(namespace)}`;
    const service = await registry.get<Service>(services, namespace, name);
    if (service === undefined) return refuse('ServiceNotFound', `${place} is not present`);
    if ((service.spec?.type ?? 'ClusterIP') !== 'ClusterIP') return undefined;
    const found = service.spec?.ports?.find((each) => each.port === port);
    if (found === undefined) return refuse('ServicePortError', `${place} is not listening on port ${port}`);
    const slices = (await registry.list<EndpointSlice>(endpointSlices, namespace)).filter(
      ({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === name,
    );
    if (slices.length === 0) return refuse('EndpointsNotFound', `cannot find endpointslices for ${place}`);
    const portName = found.name ?? '';
    const serves = slices.some(
      ({ endpoints, ports }) =>
        endpoints?.some(({ conditions }) => conditions?.ready !== false) === true &&
        ports?.some((each) => (each.name ?? '') === portName && each.port !== undefined) === true,
    );
    if (serves) return undefined;
    return refuse(
      'MissingEndpoints',
      `endpointslices for ${place} have no addresses with port name ${JSON.stringify(portName)}`,
    );
  }

  /** Several tries at a time, as there may be several endpoints; one good answer is enough. */
  async #checkDiscovery(name: string, signal: AbortSignal): Promise<Verdict> {
    const backend = this.#options.backend(name);
    if (backend === undefined) return passed;
    const { group, version } = groupVersionOf(name);
    const failures = await Promise.all(
      Array.from({ length: attempts }, () => this.#tryDiscovery(backend, `/apis/${group}/${version}`, signal)),
    );
    if (failures.includes(undefined)) return passed;
    return { status: 'False', reason: 'FailedDiscoveryCheck', message: failures.at(-1)! };
  }

  /** Why it failed. */
  async #tryDiscovery(backend: Backend, path: string, signal: AbortSignal): Promise<string | undefined> {
    let url = '';
    try {
      const target = await backend.resolve();
      url = `https://${hostPort(target.host, target.port)}${path}`;
      const { status } = await backend.fetch({ path, user: checker, timeoutMs: attemptTimeoutMs, signal }, target);
      if (status >= 200 && status < 300) return undefined;
      return `failing or missing response from ${url}: bad status from ${url}: ${status}`;
    } catch (error) {
      const { message } = error as Error;
      return url === '' ? message : `failing or missing response from ${url}: Get ${JSON.stringify(url)}: ${message}`;
    }
  }

  async #write(apiService: Readonly<APIService>, verdict: Verdict): Promise<void> {
    const name = apiService.metadata?.name ?? '';
    const { registry, now, observe } = this.#options;
    const was = availableCondition(apiService)?.status;
    observe(name, verdict, was !== verdict.status);
    if (!setAvailable(structuredClone(apiService) as APIService, verdict, now())) return;
    try {
      await registry.update<APIService>(
        apiServices,
        '',
        name,
        (current) => {
          setAvailable(current, verdict, now());
          return current;
        },
        { subresource: 'status', client: true },
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
