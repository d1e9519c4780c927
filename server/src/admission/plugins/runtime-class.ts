/** A pod's RuntimeClass must exist; its overhead and scheduling rules become the pod's. */

import { quote } from '@typernetes/openapi/meta';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { RuntimeClass } from '@typernetes/openapi/types/node/v1';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { refuse } from '../refusal.ts';
import { resourceList } from './resource-list.ts';
import { mergeTolerations } from './tolerations.ts';

export function runtimeClass({ registry }: AdmissionDependencies): AdmissionPlugin {
  const find = async (attributes: AdmissionAttributes): Promise<RuntimeClass | undefined> => {
    const name = nameOf(attributes);
    if (name === undefined) return undefined;
    const found = await registry.get<RuntimeClass>({ group: 'node.k8s.io', resource: 'runtimeclasses' }, '', name);
    if (found === undefined) throw refuse(attributes, `pod rejected: RuntimeClass ${quote(name)} not found`);
    return found;
  };
  const adopt = async (attributes: AdmissionAttributes): Promise<void> => {
    const found = await find(attributes);
    const { spec } = attributes.object as Pod;
    if (found === undefined || spec === undefined) return;
    const overhead = found.overhead?.podFixed;
    if (overhead !== undefined) {
      if (Object.keys(spec.overhead ?? {}).length > 0 && !isSame(spec.overhead, overhead)) throw mismatch(attributes);
      spec.overhead = { ...overhead };
    }
    if (found.scheduling === undefined) return;
    for (const [key, value] of Object.entries(found.scheduling.nodeSelector ?? {})) {
      const own = spec.nodeSelector?.[key];
      if (own !== undefined && own !== value) {
        throw refuse(
          attributes,
          `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
        );
      }
      spec.nodeSelector = { ...spec.nodeSelector, [key]: value };
    }
    const tolerations = mergeTolerations(spec.tolerations ?? [], found.scheduling.tolerations ?? []);
    if (tolerations.length > 0) spec.tolerations = tolerations;
  };
  const check = async (attributes: AdmissionAttributes): Promise<void> => {
    const found = await find(attributes);
    const overhead = (attributes.object as Pod).spec?.overhead;
    if (found?.overhead !== undefined) {
      if (!isSame(overhead, found.overhead.podFixed)) throw mismatch(attributes);
    } else if (overhead !== undefined) {
      throw refuse(attributes, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
    }
  };
  return {
    name: 'RuntimeClass',
    resources: ['pods'],
    handles: (operation) => operation === 'CREATE',
    admit: (attributes) => (nameOf(attributes) === undefined ? undefined : adopt(attributes)),
    validate(attributes) {
      const hasOverhead = (attributes.object as Pod).spec?.overhead !== undefined;
      return hasOverhead || nameOf(attributes) !== undefined ? check(attributes) : undefined;
    },
  };
}

/** The same amounts, however they are written. */
function isSame(left: Readonly<Record<string, unknown>> | undefined, right: typeof left): boolean {
  const [own, other] = [resourceList(left), resourceList(right)];
  return (
    own.size === other.size &&
    [...own].every(([name, amount]) => {
      const same = other.get(name);
      return same !== undefined && amount.equals(same);
    })
  );
}

function nameOf(attributes: AdmissionAttributes): string | undefined {
  return (attributes.object as Pod).spec?.runtimeClassName;
}

function mismatch(attributes: AdmissionAttributes): Error {
  return refuse(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
}
