import type { KubernetesObject } from '@typernetes/openapi/meta';
import { deepCopy } from '@typernetes/openapi/schema';
import type { Container, Pod } from '@typernetes/openapi/types/core/v1';
import type { ResourceRegistration, SubresourceRegistration } from '../../generic/strategy.ts';
import { bindPod } from './binding.ts';
import { evictPod } from './eviction.ts';
import { podDeleteStrategy, podSelectableFields, podStrategy } from './strategy.ts';
import { podTable } from './table.ts';

const POD_KIND = { group: '', version: 'v1', kind: 'Pod' };

/** A subresource that shows the whole pod and takes over one part of what is written to it. */
function partOfPod(take: (from: Pod, into: Pod) => void): SubresourceRegistration<Pod> {
  return {
    kind: POD_KIND,
    view: (pod) => deepCopy(pod) as KubernetesObject,
    apply(view, pod) {
      // Preconditions of the request count for the pod it is written into.
      const { resourceVersion, uid } = view.metadata ?? {};
      pod.metadata = { ...pod.metadata, ...(resourceVersion ? { resourceVersion } : {}), ...(uid ? { uid } : {}) };
      take(view as Pod, pod);
    },
  };
}

/** Only resources and what becomes of a container when they change; a different list of containers is left for validation to refuse. */
function takeResources(from: Pod, into: Pod): void {
  if (!from.spec || !into.spec) return;
  for (const field of ['containers', 'initContainers'] as const) {
    const next: Container[] = from.spec[field] ?? [];
    const old: Container[] = into.spec[field] ?? [];
    const sameList =
      next.length === old.length && next.every((container, index) => container.name === old[index]?.name);
    if (!sameList) {
      into.spec[field] = next;
      continue;
    }
    for (const [index, container] of old.entries()) {
      const { resources, resizePolicy } = next[index] ?? {};
      container.resources = resources ?? {};
      if (resizePolicy) container.resizePolicy = resizePolicy;
      else delete container.resizePolicy;
    }
  }
  if (from.spec.resources) into.spec.resources = from.spec.resources;
  else delete into.spec.resources;
}

export const pods: ResourceRegistration<Pod> = {
  resource: { group: '', resource: 'pods' },
  strategy: podStrategy,
  deleteStrategy: podDeleteStrategy,
  selectableFields: podSelectableFields,
  table: podTable,
  subresources: {
    binding: { kind: { group: '', version: 'v1', kind: 'Binding' }, create: bindPod },
    eviction: { kind: { group: 'policy', version: 'v1', kind: 'Eviction' }, create: evictPod },
    ephemeralcontainers: partOfPod((from, into) => {
      if (!into.spec) return;
      const given = from.spec?.ephemeralContainers ?? [];
      if (given.length > 0) into.spec.ephemeralContainers = given;
      else delete into.spec.ephemeralContainers;
    }),
    resize: partOfPod(takeResources),
  },
};
