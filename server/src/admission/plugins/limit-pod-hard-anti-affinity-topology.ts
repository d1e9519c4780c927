import { forbidden } from '@typernetes/openapi/meta';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { AdmissionPlugin } from '../admission.ts';

const hostname = 'kubernetes.io/hostname';

/** Off by default: a pod may keep others off its node, not out of its zone. */
export function limitPodHardAntiAffinityTopology(): AdmissionPlugin {
  return {
    name: 'LimitPodHardAntiAffinityTopology',
    resources: ['pods'],
    handles: (operation) => operation === 'CREATE' || operation === 'UPDATE',
    validate({ object, resource }) {
      const { metadata, spec } = object as Pod;
      const terms = spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
      const other = terms.find((term) => term.topologyKey !== hostname);
      if (other === undefined) return undefined;
      throw forbidden(
        resource,
        metadata?.name ?? '',
        `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${other.topologyKey} but only key ${hostname} is allowed`,
      );
    },
  };
}
