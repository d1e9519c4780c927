/** A controller keyed by Service, woken by the Service and by pods that it selects or selected. */
import {
  Controller,
  type HandlerRegistration,
  keyOf,
  type Reconciler,
  type Running,
  resources,
  type WorkQueue,
} from '@typernetes/openapi/client';
import { selectorFromSet } from '@typernetes/openapi/meta';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { ControllerContext } from '../context.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { startControllers } from '../running.ts';
import { endpointChanged, hasEndpoints } from './pod-endpoints.ts';

/**
 * Changes of many pods at once become one change of endpoints; the more there are, the longer it waits, because every
 * change writes them all and sends them to every watcher.
 */
export function batchMs(endpoints: number): number {
  return Math.min(25 + endpoints, 1000);
}

export function startServiceController(
  context: ControllerContext,
  options: {
    name: string;
    reconciler: Reconciler;
    /** How many endpoints the Service has now, roughly. */
    sizeOf: (key: string) => number;
    /** Further sources of keys, and what must have synced for them. */
    synced: readonly Promise<unknown>[];
    watch: (queue: WorkQueue) => HandlerRegistration[];
  },
): Running {
  const services = context.informers.informer(resources.services);
  const pods = context.informers.informer(resources.pods);
  const controller = new Controller({
    name: options.name,
    reconciler: options.reconciler,
    synced: [services.synced, pods.synced, ...options.synced],
    clock: context.clock,
    logger: context.logger,
    baseDelayMs: 1000,
    maxDelayMs: 100_000,
  });
  const { queue } = controller;
  const enqueueFor = (pod: Readonly<Pod>): void => {
    for (const service of services.lister.list(pod.metadata?.namespace)) {
      if (!hasEndpoints(service) || !selectorFromSet(service.spec?.selector).matches(pod.metadata?.labels)) continue;
      const key = keyOf(service);
      queue.addAfter(key, batchMs(options.sizeOf(key)));
    }
  };
  const registrations = [
    services.addEventHandler({
      add: (service) => queue.add(keyOf(service)),
      update: (_, service) => queue.add(keyOf(service)),
      delete: (service) => queue.add(keyOf(service)),
    }),
    pods.addEventHandler({
      add: enqueueFor,
      update: (previous, pod) => {
        const relabelled = !semanticallyEqual(previous.metadata?.labels, pod.metadata?.labels);
        if (relabelled) enqueueFor(previous);
        if (relabelled || endpointChanged(previous, pod)) enqueueFor(pod);
      },
      delete: enqueueFor,
    }),
    ...options.watch(queue),
  ];
  return startControllers([controller], registrations);
}
