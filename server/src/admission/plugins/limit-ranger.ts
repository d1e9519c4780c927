/** LimitRanges of a namespace: defaults for containers that say nothing, bounds for those that do. */
import { aggregateMessages, parseQuantity, type Quantity } from '@typernetes/openapi/meta';
import type { Container, LimitRange, PersistentVolumeClaim, Pod } from '@typernetes/openapi/types/core/v1';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { refuse } from '../refusal.ts';
import { podResources, type ResourceList, resourceList } from './resource-list.ts';

type Limit = NonNullable<LimitRange['spec']>['limits'][number];
const annotation = 'kubernetes.io/limit-ranger';

export function limitRanger({ registry }: AdmissionDependencies): AdmissionPlugin {
  const ranges = (attributes: AdmissionAttributes): Promise<LimitRange[]> =>
    registry.list<LimitRange>({ group: '', resource: 'limitranges' }, attributes.namespace);
  return {
    name: 'LimitRanger',
    handles: (operation) => operation === 'CREATE' || operation === 'UPDATE',
    async admit(attributes) {
      if (!applies(attributes) || attributes.kind.kind !== 'Pod') return;
      for (const range of await ranges(attributes)) applyDefaults(attributes.object as Pod, range);
    },
    async validate(attributes) {
      if (!applies(attributes)) return;
      for (const range of await ranges(attributes)) {
        const limits = range.spec?.limits ?? [];
        const errors =
          attributes.kind.kind === 'Pod'
            ? checkPod(attributes.object as Pod, limits)
            : checkClaim(attributes.object as PersistentVolumeClaim, limits);
        const message = aggregateMessages(errors);
        if (message !== undefined) throw refuse(attributes, message);
      }
    },
  };
}

/** Pods when they are made or resized, claims when they are made or changed; nothing that is on its way out. */
function applies(attributes: AdmissionAttributes): boolean {
  const { kind, operation, subresource } = attributes;
  if (kind.group !== '' || attributes.oldObject?.metadata?.deletionTimestamp !== undefined) return false;
  if (kind.kind === 'Pod') return operation === 'CREATE' ? subresource === '' : subresource === 'resize';
  return kind.kind === 'PersistentVolumeClaim' && subresource === '';
}

function applyDefaults(pod: Pod, range: LimitRange): void {
  const requests: Record<string, string> = {};
  const limits: Record<string, string> = {};
  for (const limit of range.spec?.limits ?? []) {
    if (limit.type !== 'Container') continue;
    Object.assign(requests, limit.defaultRequest);
    Object.assign(limits, limit.default);
  }
  const notes = [
    ...(pod.spec?.containers ?? []).flatMap((container) => fill(container, 'container', requests, limits)),
    ...(pod.spec?.initContainers ?? []).flatMap((container) => fill(container, 'init container', requests, limits)),
  ];
  if (notes.length === 0) return;
  const metadata = (pod.metadata ??= {});
  metadata.annotations = { ...metadata.annotations, [annotation]: `LimitRanger plugin set: ${notes.join('; ')}` };
}

function fill(
  container: Container,
  kind: string,
  requests: Record<string, string>,
  limits: Record<string, string>,
): string[] {
  const set = (field: 'requests' | 'limits', defaults: Record<string, string>): string[] => {
    const own = container.resources?.[field] ?? {};
    const missing = Object.keys(defaults).filter((name) => !Object.hasOwn(own, name));
    if (missing.length === 0) return [];
    const added = Object.fromEntries(missing.map((name) => [name, defaults[name] ?? '']));
    container.resources = { ...container.resources, [field]: { ...own, ...added } };
    return [`${missing.sort().join(', ')} ${field.slice(0, -1)} for ${kind} ${container.name}`];
  };
  return [...set('requests', requests), ...set('limits', limits)];
}

function checkPod(pod: Pod, limits: readonly Limit[]): string[] {
  return limits.flatMap((limit) => {
    if (limit.type === 'Container') {
      const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
      return containers.flatMap(({ resources }) =>
        check(limit, resourceList(resources?.requests), resourceList(resources?.limits)),
      );
    }
    if (limit.type !== 'Pod') return [];
    const options = { overhead: false, podLevel: /^(cpu|memory)$/ };
    return check(limit, podResources(pod, 'requests', options), podResources(pod, 'limits', options));
  });
}

function checkClaim(claim: PersistentVolumeClaim, limits: readonly Limit[]): string[] {
  const requests = resourceList(claim.spec?.resources?.requests);
  return limits.flatMap((limit) => {
    if (limit.type !== 'PersistentVolumeClaim') return [];
    return [
      ...each(limit.min, (name, bound) => minimum(limit.type, name, bound, requests, new Map())),
      ...each(limit.max, (name, bound) => {
        const request = requests.get(name);
        const head = `maximum ${name} usage per ${limit.type} is ${bound.toString()}`;
        if (request === undefined) return `${head}.  No request is specified`;
        return exceeds(request, bound) ? `${head}, but request is ${request.toString()}` : undefined;
      }),
    ];
  });
}

function check(limit: Limit, requests: ResourceList, limits: ResourceList): string[] {
  return [
    ...each(limit.min, (name, bound) => minimum(limit.type, name, bound, requests, limits)),
    ...each(limit.max, (name, bound) => maximum(limit.type, name, bound, requests, limits)),
    ...each(limit.maxLimitRequestRatio, (name, bound) => ratio(limit.type, name, bound, requests, limits)),
  ];
}

function each(
  bounds: Readonly<Record<string, unknown>> | undefined,
  test: (name: string, bound: Quantity) => string | undefined,
): string[] {
  return Object.entries(bounds ?? {}).flatMap(([name, bound]) => test(name, parseQuantity(String(bound))) ?? []);
}

/** As exact as limits are: to the thousandth, rounded up. */
function exceeds(amount: Quantity, bound: Quantity): boolean {
  return amount.scaledBigInt(-3) > bound.scaledBigInt(-3);
}

function minimum(
  type: string,
  name: string,
  bound: Quantity,
  requests: ResourceList,
  limits: ResourceList,
): string | undefined {
  const head = `minimum ${name} usage per ${type} is ${bound.toString()}`;
  const request = requests.get(name);
  const limit = limits.get(name);
  if (request === undefined) return `${head}.  No request is specified`;
  if (exceeds(bound, request)) return `${head}, but request is ${request.toString()}`;
  return limit !== undefined && exceeds(bound, limit) ? `${head}, but limit is ${limit.toString()}` : undefined;
}

function maximum(
  type: string,
  name: string,
  bound: Quantity,
  requests: ResourceList,
  limits: ResourceList,
): string | undefined {
  const head = `maximum ${name} usage per ${type} is ${bound.toString()}`;
  const request = requests.get(name);
  const limit = limits.get(name);
  if (limit === undefined) return `${head}.  No limit is specified`;
  if (exceeds(limit, bound)) return `${head}, but limit is ${limit.toString()}`;
  return request !== undefined && exceeds(request, bound) ? `${head}, but request is ${request.toString()}` : undefined;
}

function ratio(
  type: string,
  name: string,
  bound: Quantity,
  requests: ResourceList,
  limits: ResourceList,
): string | undefined {
  const head = `${name} max limit to request ratio per ${type} is ${bound.toString()}`;
  const request = requests.get(name);
  const limit = limits.get(name);
  if (request === undefined || request.isZero()) return `${head}, but no request is specified or request is 0`;
  if (limit === undefined || limit.isZero()) return `${head}, but no limit is specified or limit is 0`;
  const observed = limit.milliValue() / request.milliValue();
  return observed * 1000 > bound.milliValue() ? `${head}, but provided ratio is ${observed.toFixed(6)}` : undefined;
}
