import type { GroupVersionResource, KubernetesObject } from '../meta/index.ts';

/**
 * A resource and, for the compiler, the type of its objects. A plain `{group, version, resource}` is one; `kind` and
 * `namespaced` help where an object must be named without being fetched (owner references, events).
 */
export interface ResourceType<T extends KubernetesObject = KubernetesObject> extends GroupVersionResource {
  readonly kind?: string;
  readonly namespaced?: boolean;
  /** Never set: carries the type. */
  readonly object?: T;
}

export function apiVersionOf(resource: { group: string; version: string }): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** `/api/v1/namespaces/default/pods/web/status` and the like. */
export function resourcePath(
  resource: GroupVersionResource,
  namespace: string | undefined,
  name?: string,
  subresource?: string,
): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${root}${scope}/${resource.resource}${object}${subresource ? `/${subresource}` : ''}`;
}
