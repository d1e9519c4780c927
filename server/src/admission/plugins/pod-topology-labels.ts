import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { Node, Pod } from '@typernetes/openapi/types/core/v1';
import type { AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { concerns } from '../refusal.ts';
import { isEnabled } from './feature-gates.ts';

const topologyLabels = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/** A pod carries its node's zone and region, so that it can read them without access to nodes. */
export function podTopologyLabels(dependencies: AdmissionDependencies): AdmissionPlugin | undefined {
  if (!isEnabled(dependencies, 'PodTopologyLabelsAdmission')) return undefined;
  const { registry } = dependencies;
  const label = async (object: KubernetesObject, nodeName: string): Promise<void> => {
    const node = await registry.get<Node>({ group: '', resource: 'nodes' }, '', nodeName);
    for (const key of topologyLabels) {
      const value = node?.metadata?.labels?.[key];
      if (value !== undefined) ((object.metadata ??= {}).labels ??= {})[key] = value;
    }
  };
  return {
    name: 'PodTopologyLabels',
    resources: ['pods', 'pods/binding'],
    handles: (operation) => operation === 'CREATE',
    admit(attributes) {
      const { object } = attributes;
      if (object === undefined) return undefined;
      const nodeName = concerns(attributes, 'pods') ? (object as Pod).spec?.nodeName : targetOf(object);
      return nodeName ? label(object, nodeName) : undefined;
    },
  };
}

function targetOf(binding: KubernetesObject & { target?: { kind?: string; name?: string } }): string | undefined {
  return binding.target?.kind === 'Node' ? binding.target.name : undefined;
}
