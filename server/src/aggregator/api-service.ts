/** APIServices: names, order and the Available condition. */
import { formatTime, type GroupVersion } from '@typernetes/openapi/meta';
import type { APIService, APIServiceCondition } from '@typernetes/openapi/types/apiregistration/v1';
import { compareVersions } from '../extensions/discovery.ts';

export const apiServices = { group: 'apiregistration.k8s.io', resource: 'apiservices' };

export interface Priority {
  group: number;
  version: number;
}

export interface ServiceReference {
  namespace: string;
  name: string;
  port: number;
}

export function apiServiceName({ group, version }: GroupVersion): string {
  return `${version}.${group}`;
}

export function groupVersionOf(name: string): GroupVersion {
  const dot = name.indexOf('.');
  return { group: name.slice(dot + 1), version: name.slice(0, dot) };
}

/** Where another server serves the group version; undefined for a local one. */
export function serviceOf(apiService: Readonly<APIService>): ServiceReference | undefined {
  const service = apiService.spec?.service;
  if (service === undefined || service === null) return undefined;
  return { namespace: service.namespace ?? '', name: service.name ?? '', port: service.port ?? 443 };
}

export function availableCondition(apiService: Readonly<APIService>): APIServiceCondition | undefined {
  return apiService.status?.conditions?.find(({ type }) => type === 'Available');
}

export function isAvailable(apiService: Readonly<APIService>): boolean {
  return availableCondition(apiService)?.status === 'True';
}

/** Reason and message are always the newest; the time only changes with the status. True if anything did. */
export function setAvailable(
  apiService: APIService,
  { status, reason, message }: { status: 'True' | 'False' | 'Unknown'; reason: string; message: string },
  now: Date,
): boolean {
  const conditions = ((apiService.status ??= {}).conditions ??= []);
  const known = conditions.find(({ type }) => type === 'Available');
  if (known === undefined) {
    conditions.push({ type: 'Available', status, reason, message, lastTransitionTime: formatTime(now) });
    return true;
  }
  if (known.status === status && known.reason === reason && known.message === message) return false;
  if (known.status !== status) known.lastTransitionTime = formatTime(now);
  Object.assign(known, { status, reason, message });
  return true;
}

export interface RankedVersion extends GroupVersion {
  priority: Priority;
}

/** Group names and their versions, most preferred first: by priority, then by the names of the APIServices. */
export function sortedByGroupAndVersion<T extends RankedVersion>(versions: readonly T[]): [group: string, T[]][] {
  const byGroup = [...versions].sort((a, b) => {
    if (a.priority.group !== b.priority.group) return b.priority.group - a.priority.group;
    return apiServiceName(a) < apiServiceName(b) ? -1 : 1;
  });
  const groups = Map.groupBy(byGroup, ({ group }) => group);
  return [...groups].map(([group, members]) => [
    group,
    members.sort((a, b) =>
      a.priority.version === b.priority.version
        ? compareVersions(a.version, b.version)
        : b.priority.version - a.priority.version,
    ),
  ]);
}
