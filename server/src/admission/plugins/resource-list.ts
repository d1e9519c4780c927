/** Amounts of resources by name: what quotas and limits calculate with. */
import { parseQuantity, Quantity } from '@typernetes/openapi/meta';
import type { Pod } from '@typernetes/openapi/types/core/v1';

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

/** `name=amount` pairs, sorted. */
export function printList(list: ResourceList): string {
  return [...list]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, amount]) => `${name}=${amount.toString()}`)
    .join(',');
}

/** Resources that `spec.resources` of a pod may set for all its containers together. */
const podLevel = /^(cpu|memory|hugepages-.+)$/;

/**
 * What a pod needs in all: its containers together, or its init containers one after another (those that keep running
 * counted along), whichever is more. Pod-level resources go before the sum; `overhead` adds the runtime's own.
 */
export function podResources(
  pod: Readonly<Pod>,
  what: 'requests' | 'limits',
  options: { overhead: boolean },
): ResourceList {
  const { spec } = pod;
  const total = sum(...(spec?.containers ?? []).map((container) => resourceList(container.resources?.[what])));
  const sidecars: ResourceList = new Map();
  const initial: ResourceList = new Map();
  for (const container of spec?.initContainers ?? []) {
    const own = resourceList(container.resources?.[what]);
    if (container.restartPolicy === 'Always') {
      addTo(total, own);
      addTo(sidecars, own);
      maximize(initial, sidecars);
    } else {
      maximize(initial, sum(own, sidecars));
    }
  }
  maximize(total, initial);
  for (const [name, amount] of resourceList(spec?.resources?.[what])) if (podLevel.test(name)) total.set(name, amount);
  if (!options.overhead) return total;
  for (const [name, amount] of resourceList(spec?.overhead)) {
    // A limit that is not there stays unlimited.
    if (what === 'requests' || (total.get(name)?.sign() ?? 0) > 0)
      total.set(name, total.get(name)?.add(amount) ?? amount);
  }
  return total;
}
