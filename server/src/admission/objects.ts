/** What webhooks and policies need to know of the kinds that are served: built in and custom alike. */
import type { GroupVersionKind, GroupVersionResource, KubernetesObject, Selector } from '@typernetes/openapi/meta';
import type { TypedNode } from '@typernetes/openapi/schema';

export interface ServedKind {
  resource: GroupVersionResource;
  kind: GroupVersionKind;
}

/** Objects of one kind, as a policy's parameters are read. */
export interface ParamReader {
  resource: GroupVersionResource;
  namespaced: boolean;
  get(namespace: string, name: string): Promise<KubernetesObject | undefined>;
  /** `namespace` empty: of all. */
  list(namespace: string, selector: Selector): Promise<KubernetesObject[]>;
}

export interface AdmissionObjects {
  /** All group versions that serve the same stored objects, with the subresource's kind where one is named. */
  equivalents(resource: GroupVersionResource, subresource: string): readonly ServedKind[];
  /** The object as `kind`. Does not change what it is given, but may return it or share with it. */
  convert(object: Readonly<KubernetesObject>, kind: GroupVersionKind): Promise<KubernetesObject>;
  /** `changed`, of whichever served version, in the version that `original` has. `resource` is the request's. */
  restore(
    changed: KubernetesObject,
    original: Readonly<KubernetesObject>,
    resource: GroupVersionResource,
  ): Promise<KubernetesObject>;
  /** Checks the fields' types and sets defaults, in place. Throws an Error; if `strict`, on unknown fields of built-in kinds too. */
  decode(object: KubernetesObject, kind: GroupVersionKind, strict?: boolean): KubernetesObject;
  /** The type for structured merges; undefined where the kind is not served. */
  typeOf(kind: GroupVersionKind): TypedNode | undefined;
  params(kind: GroupVersionKind): ParamReader | undefined;
}

export function kindText({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}, Kind=${kind}`;
}
