import { Quantity } from '@typernetes/openapi/meta';
import type { Container, Pod, PodSpec } from '@typernetes/openapi/types/core/v1';
import type { ResourceList } from '../../validation/index.ts';
import { compareQuantities, isHugePages, isOvercommitAllowed, quantityOf, sign } from '../../validation/index.ts';
import { isRestartableInitContainer } from './phase.ts';

/** Quantities of a resource list are kept to a thousandth; finer ones round up, and then have their canonical text. */
export function roundUpResources(list: ResourceList | undefined | null): void {
  if (!list) return;
  for (const [resource, value] of Object.entries(list)) {
    const quantity = quantityOf(value);
    if (quantity === undefined) continue;
    const [, scale] = Quantity.parts(quantity);
    const rounded = scale < -3 ? Quantity.fromMilli(quantity.scaledBigInt(-3), quantity.format) : quantity;
    list[resource] = rounded.toString();
  }
}

/** Resources that a pod as a whole can ask for (KEP-2837). */
const isPodLevelResource = (resource: string): boolean =>
  resource === 'cpu' || resource === 'memory' || isHugePages(resource);

/** A pod-level limit without a request gets one: what the containers ask for together, else the limit itself. */
export function defaultPodLevelResources(spec: PodSpec): void {
  const resources = spec.resources;
  if (!resources) return;
  const hasLimits = Object.keys(resources.limits ?? {}).length > 0;
  const hasRequests = Object.keys(resources.requests ?? {}).length > 0;
  if (hasLimits || hasRequests) {
    const limits = { ...resources.limits };
    for (const [resource, value] of Object.entries(aggregateResources(spec, 'limits'))) {
      if (isHugePages(resource) && resources.requests?.[resource] === undefined) limits[resource] ??= value;
    }
    if (Object.keys(limits).length > 0) resources.limits = limits;
  }
  if (Object.keys(resources.limits ?? {}).length === 0) return;
  const requests = { ...resources.requests };
  for (const [resource, value] of Object.entries(aggregateResources(spec, 'requests'))) {
    if (isPodLevelResource(resource) && isOvercommitAllowed(resource)) requests[resource] ??= value;
  }
  for (const [resource, value] of Object.entries(resources.limits ?? {})) {
    if (isPodLevelResource(resource)) requests[resource] ??= value;
  }
  if (Object.keys(requests).length > 0) resources.requests = requests;
}

/** What all containers need at once: main ones and sidecars together, or the hungriest init container beside the sidecars before it. */
export function aggregateResources(spec: PodSpec, kind: 'requests' | 'limits'): ResourceList {
  const total: ResourceList = {};
  for (const container of spec.containers ?? []) add(total, container.resources?.[kind]);
  const sidecars: ResourceList = {};
  const peak: ResourceList = {};
  for (const container of spec.initContainers ?? []) {
    const own: ResourceList = { ...container.resources?.[kind] };
    if (isRestartableInitContainer(container)) {
      add(total, own);
      add(sidecars, own);
      maximum(peak, sidecars);
    } else {
      add(own, sidecars);
      maximum(peak, own);
    }
  }
  maximum(total, peak);
  return total;
}

function add(target: ResourceList, list: ResourceList | undefined): void {
  for (const [resource, value] of Object.entries(list ?? {})) {
    const present = target[resource];
    target[resource] = present === undefined ? value : sum(present, value);
  }
}

function sum(left: string, right: string): string {
  const a = quantityOf(left);
  const b = quantityOf(right);
  return a && b ? a.add(b).canonical() : left;
}

function maximum(target: ResourceList, list: ResourceList): void {
  for (const [resource, value] of Object.entries(list)) {
    const present = target[resource];
    if (present === undefined || compareQuantities(value, present) > 0) target[resource] = value;
  }
}

export type QualityOfService = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** A pod is Guaranteed if every container's cpu and memory are limited and requested alike, BestEffort if none asks for any. */
export function computeQualityOfService(pod: Pod): QualityOfService {
  const requests: ResourceList = {};
  const limits: ResourceList = {};
  let everyLimitSet = true;
  const sources: { requests?: ResourceList; limits?: ResourceList }[] = pod.spec?.resources
    ? [pod.spec.resources]
    : [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].map(
        (container: Container) => container.resources ?? {},
      );
  for (const source of sources) {
    add(requests, computeResources(source.requests));
    const limited = computeResources(source.limits);
    add(limits, limited);
    // Pod-level resources without any limit are judged by the sums below alone, as upstream does.
    const judged = !pod.spec?.resources || Object.keys(source.limits ?? {}).length > 0;
    if (judged && (limited['cpu'] === undefined || limited['memory'] === undefined)) everyLimitSet = false;
  }
  const names = Object.keys(requests);
  if (names.length === 0 && Object.keys(limits).length === 0) return 'BestEffort';
  const alike = names.every((name) => {
    const limit = limits[name];
    return limit !== undefined && compareQuantities(limit, requests[name] ?? 0) === 0;
  });
  return everyLimitSet && alike && names.length === Object.keys(limits).length ? 'Guaranteed' : 'Burstable';
}

function computeResources(list: ResourceList | undefined): ResourceList {
  return Object.fromEntries(
    Object.entries(list ?? {}).filter(([name, value]) => (name === 'cpu' || name === 'memory') && sign(value) > 0),
  );
}
