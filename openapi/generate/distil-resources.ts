import type { SpecResource, SpecSubresource } from './spec.ts';
import type { ResourceEntry } from './upstream.ts';

/** Resources of one APIResourceList, subresources below their resource, in the order of discovery. */
export function distilResources(entries: readonly ResourceEntry[]): SpecResource[] {
  const resources = new Map<string, SpecResource>();
  for (const entry of entries) {
    if (entry.name.includes('/')) continue;
    resources.set(entry.name, {
      name: entry.name,
      singularName: entry.singularName,
      kind: entry.kind,
      namespaced: entry.namespaced,
      ...(entry.shortNames === undefined ? {} : { shortNames: entry.shortNames }),
      ...(entry.categories === undefined ? {} : { categories: entry.categories }),
      verbs: entry.verbs,
      ...(entry.storageVersionHash === undefined ? {} : { storageVersionHash: entry.storageVersionHash }),
    });
  }
  for (const entry of entries) {
    const slash = entry.name.indexOf('/');
    if (slash < 0) continue;
    const parent = resources.get(entry.name.slice(0, slash));
    if (parent === undefined) throw new Error(`subresource without a resource: ${entry.name}`);
    const subresource: SpecSubresource = { name: entry.name.slice(slash + 1), kind: entry.kind, verbs: entry.verbs };
    if (entry.group !== undefined) subresource.group = entry.group;
    if (entry.version !== undefined) subresource.version = entry.version;
    (parent.subresources ??= []).push(subresource);
  }
  return [...resources.values()];
}
