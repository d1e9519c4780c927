/** A bound pod is not changed in a way that its node does not say it can follow (status.declaredFeatures). */
import { quote } from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import type { Node, Pod } from '@typernetes/openapi/types/core/v1';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { refuse } from '../refusal.ts';
import { isEnabled } from './feature-gates.ts';

/** By the features' names, in their order: whether the change needs the feature. */
const features: Readonly<Record<string, (pod: Pod, old: Pod) => boolean>> = {
  InPlacePodLevelResourcesVerticalScaling: ({ spec }, { spec: old }) => !deepEqual(spec?.resources, old?.resources),
  InPlacePodVerticalScalingInitContainers: ({ spec }, { spec: old }) =>
    (old?.initContainers ?? []).some(
      ({ restartPolicy, resources }, index) =>
        restartPolicy !== 'Always' && !deepEqual(resources, spec?.initContainers?.[index]?.resources),
    ),
};

export function nodeDeclaredFeatureValidator(dependencies: AdmissionDependencies): AdmissionPlugin | undefined {
  if (!isEnabled(dependencies, 'NodeDeclaredFeatures')) return undefined;
  const check = async (attributes: AdmissionAttributes, name: string, needed: readonly string[]): Promise<void> => {
    const node = await dependencies.registry.get<Node>({ group: '', resource: 'nodes' }, '', name);
    if (node === undefined) throw refuse(attributes, `node ${quote(name)} not found`);
    const declared = node.status?.declaredFeatures ?? [];
    const missing = needed.filter((feature) => !declared.includes(feature));
    if (missing.length === 0) return;
    throw refuse(
      attributes,
      `pod update requires features ${missing.join(', ')} which are not available on node ${quote(name)}`,
    );
  };
  return {
    name: 'NodeDeclaredFeatureValidator',
    resources: ['pods', 'pods/resize'],
    handles: (operation) => operation === 'UPDATE',
    validate(attributes) {
      const pod = attributes.object as Pod;
      const old = attributes.oldObject as Pod;
      const { nodeName } = pod.spec ?? {};
      if (!nodeName || old.metadata?.generation === pod.metadata?.generation) return undefined;
      const needed = Object.keys(features).filter((feature) => features[feature]?.(pod, old));
      return needed.length === 0 ? undefined : check(attributes, nodeName, needed);
    },
  };
}
