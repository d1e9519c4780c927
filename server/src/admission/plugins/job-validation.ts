/** For feature gates GenericWorkload and WorkloadWithJob: pods that start together or not at all stay as many as they are. */
import { quote } from '@typernetes/openapi/meta';
import type { Job } from '@typernetes/openapi/types/batch/v1';
import type { PodGroup } from '@typernetes/openapi/types/scheduling/v1alpha2';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { refuse } from '../refusal.ts';
import { isEnabled } from './feature-gates.ts';

const podGroups = { group: 'scheduling.k8s.io', resource: 'podgroups' };

export function jobValidation(dependencies: AdmissionDependencies): AdmissionPlugin | undefined {
  if (!isEnabled(dependencies, 'GenericWorkload') && !isEnabled(dependencies, 'WorkloadWithJob')) return undefined;
  const { registry } = dependencies;
  /** The group that the job's template names, or those that the job controls. */
  const groupsOf = async ({ metadata, spec }: Job, namespace: string): Promise<PodGroup[]> => {
    const named = spec?.template.spec?.schedulingGroup?.podGroupName;
    if (named !== undefined) return [(await registry.get<PodGroup>(podGroups, namespace, named)) ?? []].flat();
    const all = await registry.list<PodGroup>(podGroups, namespace);
    return all.filter((group) =>
      group.metadata?.ownerReferences?.some((owner) => owner.controller === true && owner.uid === metadata?.uid),
    );
  };
  const check = async (attributes: AdmissionAttributes, old: Job): Promise<void> => {
    const gang = (await groupsOf(old, attributes.namespace)).find(({ spec }) => spec?.schedulingPolicy?.gang);
    if (gang === undefined) return;
    throw refuse(
      attributes,
      `cannot change parallelism for a Job referencing gang-scheduled PodGroup ${quote(gang.metadata?.name ?? '')}`,
    );
  };
  return {
    name: 'JobValidation',
    resources: ['jobs.batch'],
    handles: (operation) => operation === 'UPDATE',
    validate(attributes) {
      const old = attributes.oldObject as Job;
      const isSame = (attributes.object as Job).spec?.parallelism === old.spec?.parallelism;
      return isSame ? undefined : check(attributes, old);
    },
  };
}
