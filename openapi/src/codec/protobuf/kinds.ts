/** Which message stands for a kind. */
import { type MessageDescriptor, protobufDescriptors } from '../../catalogue/protobuf.ts';
import { parseApiVersion } from '../../meta/group-version.ts';
import type { GroupVersionKind } from '../../meta/object.ts';

/** Groups whose messages are not in `k8s.io.api`. */
const packages: Readonly<Record<string, string>> = {
  'meta.k8s.io': 'k8s.io.apimachinery.pkg.apis.meta',
  'apiextensions.k8s.io': 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions',
  'apiregistration.k8s.io': 'k8s.io.kube_aggregator.pkg.apis.apiregistration',
  'metrics.k8s.io': 'k8s.io.metrics.pkg.apis.metrics',
  'custom.metrics.k8s.io': 'k8s.io.metrics.pkg.apis.custom_metrics',
  'external.metrics.k8s.io': 'k8s.io.metrics.pkg.apis.external_metrics',
  'internal.apiserver.k8s.io': 'k8s.io.api.apiserverinternal',
};

/** Undefined for kinds without one: custom resources, and Table, which upstream does not serve as protobuf either. */
function messageOfKind(gvk: GroupVersionKind): MessageDescriptor | undefined {
  const descriptors = protobufDescriptors();
  const prefix = Object.hasOwn(packages, gvk.group) ? packages[gvk.group] : undefined;
  const named = prefix === undefined ? undefined : descriptors.message(`${prefix}.${gvk.version}.${gvk.kind}`);
  return named ?? descriptors.messageFor(gvk);
}

const rememberedKinds = 2048;
const known = new Map<string, MessageDescriptor>();

/** The same by `apiVersion` and `kind` as objects carry them. */
export function messageOfObject(apiVersion: string, kind: string): MessageDescriptor | undefined {
  const key = `${apiVersion}/${kind}`;
  let message = known.get(key);
  if (message !== undefined) return message;
  let groupVersion: { group: string; version: string };
  try {
    groupVersion = parseApiVersion(apiVersion);
  } catch {
    return undefined;
  }
  message = messageOfKind({ ...groupVersion, kind });
  // DeleteOptions and such exist in whatever group a client names.
  if (message !== undefined && known.size < rememberedKinds) known.set(key, message);
  return message;
}

/** False: such objects go out as JSON or not at all. */
export function hasProtobuf(gvk: GroupVersionKind): boolean {
  return messageOfKind(gvk) !== undefined;
}
