/** Keeps the Endpoints object of Services with selectors, for what does not read EndpointSlices yet. */
import {
  type Lister,
  type ReconcileResult,
  type Reconciler,
  type RestClient,
  type Running,
  resources,
  splitKey,
} from '@typernetes/openapi/client';
import { isAlreadyExists, isNotFound, selectorFromSet } from '@typernetes/openapi/meta';
import type { Endpoints, Pod, Service } from '@typernetes/openapi/types/core/v1';
import type { ControllerContext } from '../context.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { hasEndpoints, headlessLabel, isHeadless } from '../services/pod-endpoints.ts';
import { startServiceController } from '../services/service-controller.ts';
import { endpointSubsets } from './subsets.ts';

const managedByLabel = 'endpoints.kubernetes.io/managed-by';
const managedBy = 'endpoint-controller';
const overCapacityAnnotation = 'endpoints.kubernetes.io/over-capacity';

class EndpointsReconciler implements Reconciler {
  readonly #client: RestClient;
  readonly #services: Lister<Service>;
  readonly #pods: Lister<Pod>;
  readonly #endpoints: Lister<Endpoints>;

  constructor(options: {
    client: RestClient;
    services: Lister<Service>;
    pods: Lister<Pod>;
    endpoints: Lister<Endpoints>;
  }) {
    this.#client = options.client;
    this.#services = options.services;
    this.#pods = options.pods;
    this.#endpoints = options.endpoints;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { namespace, name } = splitKey(key);
    const service = this.#services.get(namespace, name);
    const current = this.#endpoints.get(namespace, name);
    const resource = this.#client.resource(resources.endpoints);
    if (!service) {
      // Of a Service that had no selector the Endpoints are someone else's, but they go with it just the same.
      if (current && !isLeaderElection(current))
        await resource.delete(namespace, name, { signal }).catch(ignoreNotFound);
      return undefined;
    }
    if (!hasEndpoints(service)) return undefined;
    const pods = this.#pods.list(namespace, selectorFromSet(service.spec?.selector));
    const { subsets, truncated } = endpointSubsets(service, pods);
    const { [headlessLabel]: _headless, ...serviceLabels } = service.metadata?.labels ?? {};
    const labels = {
      ...serviceLabels,
      ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
      [managedByLabel]: managedBy,
    };
    const { [overCapacityAnnotation]: _capacity, ...kept } = current?.metadata?.annotations ?? {};
    const annotations = truncated ? { ...kept, [overCapacityAnnotation]: 'truncated' } : kept;
    if (
      current &&
      semanticallyEqual(current.subsets, subsets) &&
      semanticallyEqual(current.metadata?.labels, labels) &&
      semanticallyEqual(current.metadata?.annotations, annotations)
    ) {
      return undefined;
    }
    const desired: Endpoints = {
      ...current,
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { ...current?.metadata, name, ...(namespace ? { namespace } : {}), labels, annotations },
      subsets,
    };
    if (current) await resource.update(desired, { signal });
    else {
      await resource.create(namespace, desired, { signal }).catch((error: unknown) => {
        // The cache is late; its event brings the key back.
        if (!isAlreadyExists(error)) throw error;
      });
    }
    return undefined;
  }
}

function isLeaderElection(endpoints: Readonly<Endpoints>): boolean {
  return endpoints.metadata?.annotations?.['control-plane.alpha.kubernetes.io/leader'] !== undefined;
}

function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}

export function startEndpointsController(context: ControllerContext): Running {
  const endpoints = context.informers.informer(resources.endpoints);
  const reconciler = new EndpointsReconciler({
    client: context.clientFor('endpoint-controller'),
    services: context.informers.informer(resources.services).lister,
    pods: context.informers.informer(resources.pods).lister,
    endpoints: endpoints.lister,
  });
  return startServiceController(context, {
    name: 'endpoint',
    reconciler,
    sizeOf: (key) =>
      endpoints.lister.getByKey(key)?.subsets?.reduce((sum, subset) => sum + (subset.addresses?.length ?? 0), 0) ?? 0,
    synced: [endpoints.synced],
    watch: (queue) => {
      const enqueue = (object: Readonly<Endpoints>): void =>
        queue.add(`${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}`);
      return [endpoints.addEventHandler({ add: (object, initial) => initial && enqueue(object), delete: enqueue })];
    },
  });
}
