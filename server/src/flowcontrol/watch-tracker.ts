/** How many watches a write concerns; selectors do not count, save for pods watched by node. */
import { parseFieldSelector } from '@typernetes/openapi/meta';
import type { RequestInfo } from '../endpoints/request-info.ts';

export class WatchTracker {
  readonly #counts = new Map<string, number>();

  /** Returns what forgets the watch. */
  register(info: RequestInfo): () => void {
    // A watch by node sees few of the events that there are.
    if (info.resource === 'pods' && watchesOneNode(info.fieldSelector)) return () => undefined;
    const key = keyOf(info, info.namespace, info.name);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return () => {
      const left = (this.#counts.get(key) ?? 1) - 1;
      if (left > 0) this.#counts.set(key, left);
      else this.#counts.delete(key);
    };
  }

  /** Watches of all objects, of the namespace, and of the object itself. */
  interested(info: RequestInfo): number {
    let count = this.#counts.get(keyOf(info, '', '')) ?? 0;
    if (info.namespace !== '') count += this.#counts.get(keyOf(info, info.namespace, '')) ?? 0;
    if (info.name !== '') count += this.#counts.get(keyOf(info, info.namespace, info.name)) ?? 0;
    return count;
  }
}

function keyOf(info: RequestInfo, namespace: string, name: string): string {
  return `${info.apiGroup}/${info.resource}/${namespace}/${name}`;
}

function watchesOneNode(selector: string): boolean {
  if (!selector.includes('spec.nodeName')) return false;
  try {
    return (parseFieldSelector(selector).requiresExactMatch('spec.nodeName') ?? '') !== '';
  } catch {
    return false;
  }
}
