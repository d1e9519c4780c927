/** Amounts of resources by name: what quotas and limits calculate with. */
import { parseQuantity, Quantity } from '@typernetes/openapi/meta';
import type { Container, Pod } from '@typernetes/openapi/types/core/v1';

export type ResourceList = Map<string, Quantity>;

const zero = Quantity.fromNumber(0);

export function resourceList(stored: Readonly<Record<string, unknown>> | undefined): ResourceList {
  return new Map(Object.entries(stored ?? {}).map(([name, amount]) => [name, parseQuantity(String(amount))]));
}

export function storedList(list: ResourceList): Record<string, string> {
  return Object.fromEntries([...list].map(([name, amount]) => [name, amount.toString()]));
}

function addTo(list: ResourceList, other: ResourceList): void {
  for (const [name, amount] of other) list.set(name, list.get(name)?.add(amount) ?? amount);
}

function maximize(list: ResourceList, other: ResourceList): void {
  for (const [name, amount] of other) {
    const own = list.get(name);
    if (own === undefined || own.compare(amount) < 0) list.set(name, amount);
  }
}

export function sum(...lists: readonly ResourceList[]): ResourceList {
  const result: ResourceList = new Map();
  for (const list of lists) addTo(result, list);
  return result;
}

/** What is more in `left` than in `right`; never negative. */
export function increase(left: ResourceList, right: ResourceList): ResourceList {
  const result: ResourceList = new Map();
  for (const [name, amount] of left) {
    const more = amount.sub(right.get(name) ?? zero);
    result.set(name, more.sign() < 0 ? zero : more);
  }
  return result;
}

export function withoutZeros(list: ResourceList): ResourceList {
  return new Map([...list].filter(([, amount]) => !amount.isZero()));
}

/** `name=amount` pairs, sorted. */
export function printList(list: ResourceList): string {
  return [...list]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, amount]) => `${name}=${amount.toString()}`)
    .join(',');
}

/** Resources that `spec.resources` of a pod may set for all its containers together. */
export const podLevel = /^(cpu|memory|hugepages-.+)$/;

export interface PodResourcesOptions {
  /** Adds what the runtime itself takes. */
  overhead: boolean;
  /** Counts what containers were given as well as what they ask for now: a resize may not have happened yet. */
  byStatus?: boolean;
  /** Which resources of the whole pod go before the sum; `podLevel` unless told. */
  podLevel?: RegExp;
}

type What = 'requests' | 'limits';

/**
 * What a pod needs in all: its containers together, or its init containers one after another (those that keep running
 * counted along), whichever is more.
 */
export function podResources(pod: Readonly<Pod>, what: What, options: PodResourcesOptions): ResourceList {
  const { spec } = pod;
  const given = options.byStatus ? actual(pod, what) : (container: Readonly<Container>) => stated(container, what);
  const total = sum(...(spec?.containers ?? []).map(given));
  const sidecars: ResourceList = new Map();
  const initial: ResourceList = new Map();
  for (const container of spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      const own = given(container);
      addTo(total, own);
      addTo(sidecars, own);
      maximize(initial, sidecars);
    } else {
      maximize(initial, sum(stated(container, what), sidecars));
    }
  }
  maximize(total, initial);
  const whole = options.podLevel ?? podLevel;
  for (const [name, amount] of resourceList(spec?.resources?.[what])) if (whole.test(name)) total.set(name, amount);
  if (!options.overhead) return total;
  for (const [name, amount] of resourceList(spec?.overhead)) {
    // A limit that is not there stays unlimited.
    if (what === 'requests' || (total.get(name)?.sign() ?? 0) > 0)
      total.set(name, total.get(name)?.add(amount) ?? amount);
  }
  return total;
}

function stated(container: Readonly<Container>, what: What): ResourceList {
  return resourceList(container.resources?.[what]);
}

/** The most of what is asked for, allocated and actually set; a resize that cannot be is not asked for. */
function actual({ status }: Readonly<Pod>, what: What): (container: Readonly<Container>) => ResourceList {
  const statuses = new Map(
    [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].map((each) => [each.name, each]),
  );
  const pending = status?.conditions?.find(({ type }) => type === 'PodResizePending');
  return (container) => {
    const own = statuses.get(container.name);
    if (own?.resources === undefined) return stated(container, what);
    const result: ResourceList = pending?.reason === 'Infeasible' ? new Map() : stated(container, what);
    maximize(result, resourceList(own.resources[what]));
    if (what === 'requests') maximize(result, resourceList(own.allocatedResources));
    return result;
  };
}
