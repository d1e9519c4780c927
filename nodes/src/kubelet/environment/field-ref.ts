/** Values of the downward API: fields of the pod, and resources of a container. */
import type { Container, ObjectFieldSelector, Pod, ResourceFieldSelector } from '@typernetes/openapi/types/core/v1';
import { findContainer, specOf } from '../pod/pod.ts';
import { milliValue, quantityValue } from '../pod/quantities.ts';

export class DownwardApiError extends Error {
  override readonly name = 'DownwardApiError';
}

/** What the API object does not hold (yet) when containers start. */
export interface PodRuntimeFacts {
  podIPs: readonly string[];
  hostIPs: readonly string[];
  nodeName: string;
}

/** As in a file: one `key="escaped value"` per line, keys sorted. */
function formatMap(map: Record<string, string> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}

/** `undefined`: not in this object; the environment asks for the runtime's fields first. */
export function fieldValue(pod: Pod, selector: ObjectFieldSelector, facts: PodRuntimeFacts): string {
  const { metadata = {} } = pod;
  const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(selector.fieldPath);
  if (subscript !== null)
    return (subscript[1] === 'labels' ? metadata.labels : metadata.annotations)?.[subscript[2] ?? ''] ?? '';
  switch (selector.fieldPath) {
    case 'metadata.name':
      return metadata.name ?? '';
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(metadata.labels);
    case 'metadata.annotations':
      return formatMap(metadata.annotations);
    case 'spec.nodeName':
      return specOf(pod).nodeName ?? facts.nodeName;
    case 'spec.serviceAccountName':
      return specOf(pod).serviceAccountName ?? '';
    case 'status.podIP':
      return facts.podIPs[0] ?? '';
    case 'status.podIPs':
      return facts.podIPs.join(',');
    case 'status.hostIP':
      return facts.hostIPs[0] ?? '';
    case 'status.hostIPs':
      return facts.hostIPs.join(',');
    default:
      throw new DownwardApiError(`unsupported fieldPath: ${selector.fieldPath}`);
  }
}

/** What a limit is where none is set: the node's whole. */
export type Allocatable = Readonly<Record<string, string | number | undefined>>;

export function resourceValue(
  pod: Pod,
  own: Container | undefined,
  selector: ResourceFieldSelector,
  allocatable: Allocatable,
): string {
  const container = selector.containerName === undefined ? own : findContainer(pod, selector.containerName);
  if (container === undefined) throw new DownwardApiError(`container ${selector.containerName ?? ''} not found`);
  const match = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/.exec(selector.resource);
  if (match === null) throw new DownwardApiError(`unsupported container resource : ${selector.resource}`);
  const [, kind = '', resource = ''] = match;
  const { limits, requests } = container.resources ?? {};
  const fallback = resource.startsWith('hugepages-') ? 0 : allocatable[resource];
  const quantity =
    kind === 'limits' ? (limits?.[resource] ?? fallback) : (requests?.[resource] ?? limits?.[resource] ?? 0);
  const divisor = selector.divisor ?? '0';
  if (resource === 'cpu') {
    const divisorMilli = divisor === '0' ? 1000 : milliValue(divisor);
    return String(Math.ceil(milliValue(quantity) / divisorMilli));
  }
  return String(Math.ceil(quantityValue(quantity) / (divisor === '0' ? 1 : quantityValue(divisor))));
}
