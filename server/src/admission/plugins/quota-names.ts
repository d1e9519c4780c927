/** Which of a quota's names are about objects of one resource. Admission and the quota controller read them alike. */
import { formatGroupResource, type GroupResource } from '@typernetes/openapi/meta';
import { type DeviceClasses, deviceClassSuffix, extendedClaimPrefix } from './quota-devices.ts';

/** Never stored, or never counted. */
const ignored: ReadonlySet<string> = new Set([
  'bindings',
  'componentstatuses',
  'tokenreviews.authentication.k8s.io',
  'selfsubjectreviews.authentication.k8s.io',
  'subjectaccessreviews.authorization.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'localsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io',
  'events',
  'events.events.k8s.io',
]);

const compute = ['cpu', 'memory', 'ephemeral-storage'];
const claims = ['persistentvolumeclaims', 'requests.storage'];

/** Beside `count/…`. */
const own: Readonly<Record<string, readonly string[]>> = {
  pods: ['pods', ...['', 'requests.', 'limits.'].flatMap((prefix) => compute.map((name) => `${prefix}${name}`))],
  services: ['services', 'services.nodeports', 'services.loadbalancers'],
  persistentvolumeclaims: claims,
  configmaps: ['configmaps'],
  resourcequotas: ['resourcequotas'],
  replicationcontrollers: ['replicationcontrollers'],
  secrets: ['secrets'],
};

/** Those that are counted by names of their own, claims of devices besides. */
export const resourcesWithNames: readonly GroupResource[] = Object.keys(own).map((resource) => ({
  group: '',
  resource,
}));

export function isCounted(resource: GroupResource): boolean {
  return !ignored.has(formatGroupResource(resource));
}

export function countName(resource: GroupResource): string {
  return `count/${formatGroupResource(resource)}`;
}

/** `classes`: without them no class of devices stands for an extended resource. */
export function namesAbout(resource: GroupResource, names: readonly string[], classes?: DeviceClasses): string[] {
  const full = formatGroupResource(resource);
  const listed = Object.hasOwn(own, full) ? (own[full] ?? []) : [];
  return names.filter(
    (name) => name === countName(resource) || listed.includes(name) || isPatterned(full, name, classes),
  );
}

function isPatterned(full: string, name: string, classes: DeviceClasses | undefined): boolean {
  switch (full) {
    case 'pods':
      return /^(requests\.)?hugepages-/.test(name) || isExtendedQuotaName(name);
    case 'persistentvolumeclaims':
      return claims.some((counted) => name.endsWith(`.storageclass.storage.k8s.io/${counted}`));
    case 'resourceclaims.resource.k8s.io':
      return (
        name.endsWith(deviceClassSuffix) ||
        (isExtendedQuotaName(name) && classes?.provides(name.slice('requests.'.length)) === true)
      );
    default:
      return false;
  }
}

/** `requests.example.com/gpu`: of pods, and of claims where a class of devices provides it. */
export function isExtendedQuotaName(name: string): boolean {
  if (name.startsWith(extendedClaimPrefix)) return true;
  return name.startsWith('requests.') && name.includes('/') && !name.includes('kubernetes.io/');
}
