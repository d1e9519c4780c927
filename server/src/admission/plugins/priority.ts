/** Turns a pod's priority class into the number the scheduler sorts by; keeps the default class single. */
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { PriorityClass } from '@typernetes/openapi/types/scheduling/v1';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { concerns, refuse } from '../refusal.ts';

const priorityClasses = { group: 'scheduling.k8s.io', resource: 'priorityclasses' };
/** Every cluster has these two, with upstream's values; they answer before the objects are there. */
const systemClasses: ReadonlyMap<string, number> = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
]);

export function priority({ registry }: AdmissionDependencies): AdmissionPlugin {
  const defaultClass = async (): Promise<PriorityClass | undefined> => {
    const classes = (await registry.list<PriorityClass>(priorityClasses)).filter((item) => item.globalDefault === true);
    return classes.reduce<PriorityClass | undefined>(
      (lowest, item) => (lowest === undefined || (item.value ?? 0) < (lowest.value ?? 0) ? item : lowest),
      undefined,
    );
  };
  const resolve = async (
    attributes: AdmissionAttributes,
    name: string,
  ): Promise<Pick<PriorityClass, 'metadata' | 'value' | 'preemptionPolicy'>> => {
    if (name === '') return (await defaultClass()) ?? { value: 0, preemptionPolicy: 'PreemptLowerPriority' };
    const found = await registry.get<PriorityClass>(priorityClasses, '', name);
    if (found !== undefined) return found;
    const value = systemClasses.get(name);
    if (value === undefined) throw refuse(attributes, `no PriorityClass with name ${name} was found`);
    return { metadata: { name }, value, preemptionPolicy: 'PreemptLowerPriority' };
  };
  return {
    name: 'Priority',
    handles: (operation) => operation !== 'CONNECT',
    async admit(attributes) {
      if (!concerns(attributes, 'pods') || attributes.operation === 'DELETE') return;
      const spec = ((attributes.object as Pod).spec ??= { containers: [] });
      if (attributes.operation === 'UPDATE') {
        const old = (attributes.oldObject as Pod).spec;
        if (spec.priority === undefined && old?.priority !== undefined) spec.priority = old.priority;
        if (spec.preemptionPolicy === undefined && old?.preemptionPolicy !== undefined)
          spec.preemptionPolicy = old.preemptionPolicy;
        return;
      }
      const found = await resolve(attributes, spec.priorityClassName ?? '');
      const { value = 0, preemptionPolicy, metadata } = found;
      if (spec.priority !== undefined && spec.priority !== value) {
        throw refuse(
          attributes,
          `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
        );
      }
      if (
        preemptionPolicy !== undefined &&
        spec.preemptionPolicy !== undefined &&
        spec.preemptionPolicy !== preemptionPolicy
      ) {
        throw refuse(
          attributes,
          `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`,
        );
      }
      if (metadata?.name) spec.priorityClassName = metadata.name;
      spec.priority = value;
      if (preemptionPolicy !== undefined) spec.preemptionPolicy = preemptionPolicy;
    },
    async validate(attributes) {
      if (!concerns(attributes, 'priorityclasses.scheduling.k8s.io') || attributes.operation === 'DELETE') return;
      const own = attributes.object as PriorityClass;
      if (own.globalDefault !== true) return;
      const current = await defaultClass();
      if (current === undefined) return;
      if (attributes.operation === 'CREATE' || current.metadata?.name !== own.metadata?.name) {
        throw refuse(
          attributes,
          `PriorityClass ${current.metadata?.name ?? ''} is already marked as default. Only one default can exist`,
        );
      }
    },
  };
}
