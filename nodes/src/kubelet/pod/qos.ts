/** Quality of service: Guaranteed when every container limits cpu and memory at its request, BestEffort when none says anything. */
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { allContainers, type QosClass, specOf } from './pod.ts';
import { milliValue, quantityValue } from './quantities.ts';

type ResourceList = Record<string, unknown> | undefined;
const measured = ['cpu', 'memory'];

const amount = (resource: string, list: ResourceList): number => {
  const quantity = list?.[resource];
  if (typeof quantity !== 'string' && typeof quantity !== 'number') return 0;
  return resource === 'cpu' ? milliValue(quantity) : quantityValue(quantity);
};

export function qosClass(pod: Pod): QosClass {
  const podLevel = specOf(pod).resources;
  const holders =
    podLevel?.requests !== undefined || podLevel?.limits !== undefined
      ? [{ resources: podLevel }]
      : allContainers({ ...pod, spec: { ...specOf(pod), ephemeralContainers: [] } });
  let any = false;
  let guaranteed = true;
  for (const { resources } of holders) {
    for (const resource of measured) {
      const request = amount(resource, resources?.requests);
      const limit = amount(resource, resources?.limits);
      if (request > 0 || limit > 0) any = true;
      if (limit === 0 || (request !== 0 && request !== limit)) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
