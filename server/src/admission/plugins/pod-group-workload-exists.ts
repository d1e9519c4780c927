/** For feature gate GenericWorkload: a PodGroup that names a Workload's template is made only where there is one. */
import { quote } from '@typernetes/openapi/meta';
import type { PodGroup, Workload } from '@typernetes/openapi/types/scheduling/v1alpha2';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { refuse } from '../refusal.ts';
import { isEnabled } from './feature-gates.ts';

const workloads = { group: 'scheduling.k8s.io', resource: 'workloads' };

export function podGroupWorkloadExists(dependencies: AdmissionDependencies): AdmissionPlugin | undefined {
  if (!isEnabled(dependencies, 'GenericWorkload')) return undefined;
  const check = async (attributes: AdmissionAttributes, name: string, template: string): Promise<void> => {
    const no = (reason: string): Error => refuse(attributes, `PodGroup rejected: ${reason}`);
    const workload = await dependencies.registry.get<Workload>(workloads, attributes.namespace, name);
    if (workload === undefined) throw no(`Workload ${quote(name)} not found`);
    if (workload.metadata?.deletionTimestamp !== undefined) throw no(`Workload ${quote(name)} is being deleted`);
    if ((workload.spec?.podGroupTemplates ?? []).some((each) => each.name === template)) return;
    throw no(`PodGroupTemplate ${quote(template)} not found in Workload ${quote(name)}`);
  };
  return {
    name: 'PodGroupWorkloadExists',
    resources: ['podgroups.scheduling.k8s.io'],
    handles: (operation) => operation === 'CREATE',
    validate(attributes) {
      const reference = (attributes.object as PodGroup).spec?.podGroupTemplateRef?.workload;
      if (reference === undefined) return undefined;
      return check(attributes, reference.workloadName, reference.podGroupTemplateName);
    },
  };
}
