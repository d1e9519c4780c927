/** Amounts of resources, in integers that add up: milli-CPU, bytes, counts. */
import { parseQuantity } from '@typernetes/openapi/meta';
import type { Pod, ResourceRequirements } from '@typernetes/openapi/types/core/v1';

export interface Resources {
  milliCpu: number;
  memory: number;
  ephemeralStorage: number;
  /** Extended resources, huge pages and the like. */
  scalar: Map<string, number>;
}

export function noResources(): Resources {
  return { milliCpu: 0, memory: 0, ephemeralStorage: 0, scalar: new Map() };
}

export type ResourceList = Readonly<Record<string, string | number>>;

/** The same few texts come again and again: parse each once. */
const parsed = new Map<string, { value: number; milli: number }>();

function quantity(text: string | number): { value: number; milli: number } {
  const key = String(text);
  let result = parsed.get(key);
  if (!result) {
    const exact = parseQuantity(key);
    result = { value: exact.value(), milli: exact.milliValue() };
    if (parsed.size > 10_000) parsed.clear();
    parsed.set(key, result);
  }
  return result;
}

export function addList(resources: Resources, list: ResourceList | undefined): Resources {
  for (const [name, text] of Object.entries(list ?? {})) {
    const amount = quantity(text);
    switch (name) {
      case 'cpu':
        resources.milliCpu += amount.milli;
        break;
      case 'memory':
        resources.memory += amount.value;
        break;
      case 'ephemeral-storage':
        resources.ephemeralStorage += amount.value;
        break;
      case 'pods':
        break;
      default:
        resources.scalar.set(name, (resources.scalar.get(name) ?? 0) + amount.value);
    }
  }
  return resources;
}

export function countOf(list: ResourceList | undefined, name: string): number {
  const text = list?.[name];
  return text === undefined ? 0 : quantity(text).value;
}

/** Adds `amount` times `sign`. */
export function accumulate(total: Resources, amount: Readonly<Resources>, sign: 1 | -1): void {
  total.milliCpu += sign * amount.milliCpu;
  total.memory += sign * amount.memory;
  total.ephemeralStorage += sign * amount.ephemeralStorage;
  for (const [name, value] of amount.scalar) total.scalar.set(name, (total.scalar.get(name) ?? 0) + sign * value);
}

function raise(total: Resources, amount: Readonly<Resources>): void {
  total.milliCpu = Math.max(total.milliCpu, amount.milliCpu);
  total.memory = Math.max(total.memory, amount.memory);
  total.ephemeralStorage = Math.max(total.ephemeralStorage, amount.ephemeralStorage);
  for (const [name, value] of amount.scalar) total.scalar.set(name, Math.max(total.scalar.get(name) ?? 0, value));
}

/**
 * What a pod takes of a node: its containers and sidecars together, or its largest step of initialization (with the
 * sidecars started by then), whichever is more; requests of the pod as a whole win; plus overhead.
 */
export function podRequests(
  pod: Readonly<Pod>,
  requestsOf: (resources: ResourceRequirements | undefined) => ResourceList = (resources) => resources?.requests ?? {},
): Resources {
  const running = noResources();
  for (const container of pod.spec?.containers ?? []) addList(running, requestsOf(container.resources));
  const sidecars = noResources();
  const initialization = noResources();
  for (const container of pod.spec?.initContainers ?? []) {
    const own = addList(noResources(), requestsOf(container.resources));
    if (container.restartPolicy === 'Always') {
      accumulate(running, own, 1);
      accumulate(sidecars, own, 1);
      raise(initialization, sidecars);
    } else {
      accumulate(own, sidecars, 1);
      raise(initialization, own);
    }
  }
  raise(running, initialization);
  const whole = pod.spec?.resources?.requests;
  if (whole) {
    const list = addList(noResources(), whole);
    if ('cpu' in whole) running.milliCpu = list.milliCpu;
    if ('memory' in whole) running.memory = list.memory;
    for (const [name, value] of list.scalar) running.scalar.set(name, value);
  }
  return addList(running, pod.spec?.overhead);
}

/** Containers that ask for nothing count as a little when nodes are compared, so that they spread. */
const defaultMilliCpu = 100;
const defaultMemory = 200 * 1024 * 1024;

export function nonZeroRequests(pod: Readonly<Pod>): Resources {
  return podRequests(pod, (resources) => ({
    cpu: `${defaultMilliCpu}m`,
    memory: String(defaultMemory),
    ...resources?.requests,
  }));
}
