/** Keeps the EndpointSlices of Services with selectors. */
import {
  type Lister,
  type ReconcileResult,
  type Reconciler,
  type RestClient,
  type Running,
  resources,
  splitKey,
} from '@typernetes/openapi/client';
import { isNotFound, selectorFromSet } from '@typernetes/openapi/meta';
import type { Node, Pod, Service } from '@typernetes/openapi/types/core/v1';
import type { EndpointSlice } from '@typernetes/openapi/types/discovery/v1';
import type { ControllerContext } from '../context.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { controllerReference } from '../ownership/controller-reference.ts';
import { hasEndpoints, headlessLabel, isHeadless, serviceFamilies } from '../services/pod-endpoints.ts';
import { startServiceController } from '../services/service-controller.ts';
import { type EndpointGroup, endpointGroups, planSlices } from './desired-slices.ts';

const serviceNameLabel = 'kubernetes.io/service-name';
const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
const managedBy = 'endpointslice-controller.k8s.io';
const maxEndpointsPerSlice = 100;
const serviceIndex = 'service';

/** `namespace/name` of the Service whose slice this is, if this controller keeps it. */
function serviceKeyOf(slice: Readonly<EndpointSlice>): string | undefined {
  const labels = slice.metadata?.labels;
  const name = labels?.[serviceNameLabel];
  return name && labels[managedByLabel] === managedBy ? `${slice.metadata?.namespace ?? ''}/${name}` : undefined;
}

class EndpointSliceReconciler implements Reconciler {
  readonly #client: RestClient;
  readonly #services: Lister<Service>;
  readonly #pods: Lister<Pod>;
  readonly #nodes: Lister<Node>;
  readonly #slices: Lister<EndpointSlice>;
  /** Versions written but perhaps not seen yet, by uid: a cache older than that must not be planned on. */
  readonly #written = new Map<string, Map<string, { resourceVersion: number; deleted: boolean; name: string }>>();

  constructor(options: {
    client: RestClient;
    services: Lister<Service>;
    pods: Lister<Pod>;
    nodes: Lister<Node>;
    slices: Lister<EndpointSlice>;
  }) {
    this.#client = options.client;
    this.#services = options.services;
    this.#pods = options.pods;
    this.#nodes = options.nodes;
    this.#slices = options.slices;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { namespace, name } = splitKey(key);
    const service = this.#services.get(namespace, name);
    if (!service) {
      // The garbage collector removes the slices.
      this.#written.delete(key);
      return undefined;
    }
    if (!hasEndpoints(service) || service.metadata?.deletionTimestamp) return undefined;
    // The slice's event brings the key back.
    if (this.#isStale(key)) return { requeueAfter: 1000 };
    const slices = this.#slices.byIndex(serviceIndex, key).filter((slice) => !slice.metadata?.deletionTimestamp);
    const selector = selectorFromSet(service.spec?.selector);
    const pods = this.#pods.list(namespace, selector);
    const families = serviceFamilies(service);
    for (const family of families) {
      const groups = endpointGroups(service, pods, family, (node) => this.#nodes.get(undefined, node));
      const plan = planSlices(
        groups,
        slices.filter((slice) => slice.addressType === family),
        maxEndpointsPerSlice,
      );
      const relabel = slices.filter(
        (slice) => slice.addressType === family && !plan.delete.includes(slice) && this.#labelsDiffer(service, slice),
      );
      const updates = new Map(plan.update.map(({ slice, endpoints }) => [slice, endpoints]));
      for (const slice of relabel) if (!updates.has(slice)) updates.set(slice, slice.endpoints ?? []);
      for (const [slice, endpoints] of updates) {
        this.#note(
          key,
          await this.#client
            .resource(resources.endpointSlices)
            .update(this.#updated(service, slice, endpoints), { signal }),
        );
      }
      for (const group of plan.create) {
        this.#note(
          key,
          await this.#client
            .resource(resources.endpointSlices)
            .create(namespace, newSlice(service, family, group), { signal }),
        );
      }
      for (const slice of plan.delete) await this.#delete(key, slice, signal);
    }
    for (const slice of slices)
      if (!families.some((family) => family === slice.addressType)) await this.#delete(key, slice, signal);
    return undefined;
  }

  #labelsDiffer(service: Readonly<Service>, slice: Readonly<EndpointSlice>): boolean {
    return !semanticallyEqual(sliceLabels(service), slice.metadata?.labels);
  }

  #updated(
    service: Readonly<Service>,
    slice: Readonly<EndpointSlice>,
    endpoints: EndpointSlice['endpoints'],
  ): EndpointSlice {
    return { ...slice, metadata: { ...slice.metadata, labels: sliceLabels(service) }, endpoints };
  }

  async #delete(key: string, slice: Readonly<EndpointSlice>, signal: AbortSignal): Promise<void> {
    const { namespace, name = '' } = slice.metadata ?? {};
    try {
      await this.#client.resource(resources.endpointSlices).delete(namespace, name, { signal });
      this.#note(key, slice, true);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #note(key: string, slice: Readonly<EndpointSlice>, deleted = false): void {
    const written =
      this.#written.get(key) ?? new Map<string, { resourceVersion: number; deleted: boolean; name: string }>();
    this.#written.set(key, written);
    const { uid = '', resourceVersion = '0', name = '' } = slice.metadata ?? {};
    written.set(uid, { resourceVersion: Number(resourceVersion), deleted, name });
  }

  /** Forgets what the cache has caught up with. */
  #isStale(key: string): boolean {
    const written = this.#written.get(key);
    const { namespace } = splitKey(key);
    for (const [uid, { resourceVersion, deleted, name }] of written ?? []) {
      const cached = this.#slices.get(namespace, name);
      const present = cached?.metadata?.uid === uid;
      const seen = deleted ? !present : present && Number(cached.metadata?.resourceVersion ?? 0) >= resourceVersion;
      if (!seen) return true;
      written?.delete(uid);
    }
    return false;
  }

  /** A slice vanished that someone else may have deleted: not to be waited for. */
  forget(key: string, slice: Readonly<EndpointSlice>): void {
    this.#written.get(key)?.delete(slice.metadata?.uid ?? '');
  }
}

function sliceLabels(service: Readonly<Service>): Record<string, string> {
  const { [headlessLabel]: _, ...labels } = service.metadata?.labels ?? {};
  return {
    ...labels,
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
    [serviceNameLabel]: service.metadata?.name ?? '',
    [managedByLabel]: managedBy,
  };
}

function newSlice(service: Readonly<Service>, addressType: 'IPv4' | 'IPv6', group: EndpointGroup): EndpointSlice {
  const { name = '', namespace } = service.metadata ?? {};
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      ...(namespace ? { namespace } : {}),
      labels: sliceLabels(service),
      ownerReferences: [controllerReference(service, resources.services)],
    },
    addressType,
    endpoints: group.endpoints,
    ports: group.ports,
  };
}

export function startEndpointSliceController(context: ControllerContext): Running {
  const informers = context.informers;
  const slices = informers.informer(resources.endpointSlices);
  const nodes = informers.informer(resources.nodes);
  slices.addIndex(serviceIndex, (slice) => {
    const key = serviceKeyOf(slice);
    return key === undefined ? [] : [key];
  });
  const reconciler = new EndpointSliceReconciler({
    client: context.clientFor('endpointslice-controller'),
    services: informers.informer(resources.services).lister,
    pods: informers.informer(resources.pods).lister,
    nodes: nodes.lister,
    slices: slices.lister,
  });
  return startServiceController(context, {
    name: 'endpoint_slice',
    reconciler,
    sizeOf: (key) =>
      slices.lister.byIndex(serviceIndex, key).reduce((sum, slice) => sum + (slice.endpoints?.length ?? 0), 0),
    synced: [slices.synced, nodes.synced],
    watch: (queue) => {
      const enqueue = (slice: Readonly<EndpointSlice>): void => {
        const key = serviceKeyOf(slice);
        if (key !== undefined) queue.add(key);
      };
      return [
        slices.addEventHandler({
          add: enqueue,
          update: (previous, slice) => {
            enqueue(slice);
            if (serviceKeyOf(previous) !== serviceKeyOf(slice)) enqueue(previous);
          },
          delete: (slice) => {
            const key = serviceKeyOf(slice);
            if (key !== undefined) reconciler.forget(key, slice);
            enqueue(slice);
          },
        }),
      ];
    },
  });
}
