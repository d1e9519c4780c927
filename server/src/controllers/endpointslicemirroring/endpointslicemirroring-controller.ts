/** Mirrors the Endpoints of Services without selector into slices, for those who read only slices. */
import { Controller, keyOf, type Running, resources, splitKey } from '@typernetes/openapi/client';
import { isNotFound } from '@typernetes/openapi/meta';
import type { Endpoints } from '@typernetes/openapi/types/core/v1';
import type { EndpointSlice } from '@typernetes/openapi/types/discovery/v1';
import type { ControllerContext } from '../context.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { controllerReference } from '../ownership/controller-reference.ts';
import { isNamespaceTerminating } from '../pods/pod-control.ts';
import { startControllers } from '../running.ts';
import { groupKey, mirroredSlices } from './mirrored-slices.ts';

const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
const managedBy = 'endpointslicemirroring-controller.k8s.io';
const serviceNameLabel = 'kubernetes.io/service-name';
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'endpoints.kubernetes.io/over-capacity',
]);

export function startEndpointSliceMirroringController(context: ControllerContext): Running {
  const { clock, logger } = context;
  const client = context.clientFor('endpointslicemirroring-controller').resource(resources.endpointSlices);
  const services = context.informers.informer(resources.services);
  const endpoints = context.informers.informer(resources.endpoints);
  const slices = context.informers.informer(resources.endpointSlices);
  const serviceIndex = 'mirroredService';
  slices.addIndex(serviceIndex, ({ metadata }) =>
    metadata?.labels?.[managedByLabel] === managedBy
      ? [`${metadata.namespace ?? ''}/${metadata.labels[serviceNameLabel] ?? ''}`]
      : [],
  );

  const wanted = (namespace: string | undefined, name: string): Readonly<Endpoints> | undefined => {
    const source = endpoints.lister.get(namespace, name);
    const service = services.lister.get(namespace, name);
    const isMirrored =
      source &&
      service &&
      !service.metadata?.deletionTimestamp &&
      service.spec?.selector === undefined &&
      source.metadata?.labels?.[skipLabel] !== 'true' &&
      source.metadata?.annotations?.[leaderAnnotation] === undefined;
    return isMirrored ? source : undefined;
  };

  const controller = new Controller({
    name: 'endpoint_slice_mirroring',
    synced: [services.synced, endpoints.synced, slices.synced],
    clock,
    logger,
    baseDelayMs: 1000,
    maxDelayMs: 100_000,
    reconciler: {
      async reconcile(key, signal) {
        const { namespace, name } = splitKey(key);
        const source = wanted(namespace, name);
        const present = new Set(slices.lister.byIndex(serviceIndex, key));
        for (const { addressType, ports, endpoints: list } of source ? mirroredSlices(source) : []) {
          const group = groupKey(addressType, ports);
          const current = [...present].find((slice) => groupKey(slice.addressType, slice.ports) === group);
          if (current) present.delete(current);
          const metadata = metadataOf(source ?? {}, name);
          const isRight =
            current &&
            semanticallyEqual(current.endpoints, list) &&
            semanticallyEqual(current.metadata?.labels, metadata.labels) &&
            semanticallyEqual(current.metadata?.annotations, metadata.annotations);
          if (isRight) continue;
          const desired: EndpointSlice = {
            addressType,
            ports: current?.ports ?? ports,
            endpoints: list,
            metadata: { ...current?.metadata, ...metadata, ...(current ? {} : { generateName: `${name}-` }) },
          };
          try {
            if (current) await client.update(desired, { signal });
            else await client.create(namespace, desired, { signal });
          } catch (error) {
            if (!isNamespaceTerminating(error)) throw error;
          }
        }
        for (const slice of present) {
          try {
            await client.delete(namespace, slice.metadata?.name ?? '', { signal });
          } catch (error) {
            if (!isNotFound(error)) throw error;
          }
        }
        return undefined;
      },
    },
  });
  const enqueue = (object: Parameters<typeof keyOf>[0]): void => controller.queue.add(keyOf(object));
  const sliceChanged = ({ metadata }: Readonly<EndpointSlice>): void => {
    if (metadata?.labels?.[managedByLabel] === managedBy)
      controller.queue.add(`${metadata.namespace ?? ''}/${metadata.labels[serviceNameLabel] ?? ''}`);
  };
  const registrations = [
    services.addEventHandler({
      add: enqueue,
      update: (previous, service) => {
        if ((previous.spec?.selector === undefined) !== (service.spec?.selector === undefined)) enqueue(service);
      },
      delete: enqueue,
    }),
    endpoints.addEventHandler({
      add: enqueue,
      update: (_, source) => {
        if (services.lister.getByKey(keyOf(source))?.spec?.selector === undefined) enqueue(source);
      },
      delete: enqueue,
    }),
    slices.addEventHandler({ update: (_, slice) => sliceChanged(slice), delete: sliceChanged }),
  ];
  return startControllers([controller], registrations);
}

function metadataOf(
  source: Readonly<Endpoints>,
  name: string,
): Pick<NonNullable<EndpointSlice['metadata']>, 'labels' | 'annotations' | 'ownerReferences' | 'namespace'> {
  const annotations = Object.entries(source.metadata?.annotations ?? {}).filter(([key]) => !notCopied.has(key));
  return {
    ...(source.metadata?.namespace ? { namespace: source.metadata.namespace } : {}),
    labels: { ...source.metadata?.labels, [serviceNameLabel]: name, [managedByLabel]: managedBy },
    annotations: Object.fromEntries(annotations),
    ownerReferences: [controllerReference(source, resources.endpoints)],
  };
}
