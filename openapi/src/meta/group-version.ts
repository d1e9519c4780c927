import type { GroupVersion, GroupVersionKind, KubernetesObject } from './object.ts';

export interface GroupLike {
  group: string;
  resource: string;
}

/** `deployments.apps`, or `pods` for the core group. */
export function formatGroupResource(resource: GroupLike): string {
  return resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
}

/** `v1` is the core group's v1, `apps/v1` the group apps. Throws on more than one slash. */
export function parseApiVersion(apiVersion: string): GroupVersion {
  if (apiVersion === '' || apiVersion === '/') return { group: '', version: '' };
  const parts = apiVersion.split('/');
  const [first = '', second] = parts;
  if (parts.length === 1) return { group: '', version: first };
  if (parts.length === 2 && second !== undefined) return { group: first, version: second };
  throw new SyntaxError(`unexpected GroupVersion string: ${apiVersion}`);
}

export function formatApiVersion(groupVersion: GroupVersion): string {
  return groupVersion.group === '' ? groupVersion.version : `${groupVersion.group}/${groupVersion.version}`;
}

/** What the object says of itself; fields it lacks are empty. */
export function gvkOf(object: Readonly<KubernetesObject>): GroupVersionKind {
  return { ...parseApiVersion(object.apiVersion ?? ''), kind: object.kind ?? '' };
}

/** `apps/v1, Kind=Deployment`, as upstream prints a GroupVersionKind. */
export function formatKind(kind: GroupVersionKind): string {
  return `${kind.group}/${kind.version}, Kind=${kind.kind}`;
}
