/** What admission asks of the served kinds, answered from the endpoints: those built in and those of definitions. */
import { schemaByName, schemaFor } from '@typernetes/openapi/catalogue';
import {
  formatApiVersion,
  type GroupVersionKind,
  type GroupVersionResource,
  type KubernetesObject,
} from '@typernetes/openapi/meta';
import { deepCopy, typedNode } from '@typernetes/openapi/schema';
import type { AdmissionObjects, ParamReader, ServedKind } from '../admission/objects.ts';
import type { ObjectDecoder, ResourceEndpoint } from '../endpoints/resource-endpoint.ts';
import type { CustomResources } from '../extensions/index.ts';
import { EntryView } from '../registry/generic/entry-view.ts';
import type { RegistryStore } from '../registry/generic/store.ts';

type StoredEndpoint = ResourceEndpoint & { store: RegistryStore };

export interface AdmissionObjectsOptions {
  endpoints: readonly ResourceEndpoint[];
  custom: () => Pick<CustomResources, 'endpoints' | 'find'>;
  decode: ObjectDecoder;
}

export function admissionObjects({ endpoints, custom, decode }: AdmissionObjectsOptions): AdmissionObjects {
  const byResource = new Map<string, ResourceEndpoint>();
  const byKind = new Map<string, ResourceEndpoint>();
  const byStore = new Map<RegistryStore, ResourceEndpoint[]>();
  for (const endpoint of endpoints) {
    byResource.set(`${endpoint.apiVersion}/${endpoint.resource}`, endpoint);
    byKind.set(`${endpoint.apiVersion}/${endpoint.kind}`, endpoint);
    if (endpoint.store === undefined) continue;
    const same = byStore.get(endpoint.store);
    if (same === undefined) byStore.set(endpoint.store, [endpoint]);
    else same.push(endpoint);
  }
  const endpointOf = (resource: GroupVersionResource): ResourceEndpoint | undefined => {
    const apiVersion = formatApiVersion(resource);
    return (
      byResource.get(`${apiVersion}/${resource.resource}`) ?? custom().endpoints(apiVersion)?.get(resource.resource)
    );
  };
  const endpointOfKind = (kind: GroupVersionKind): ResourceEndpoint | undefined =>
    byKind.get(`${formatApiVersion(kind)}/${kind.kind}`) ?? custom().find(kind)?.endpoints.get(kind.version);
  const siblings = (endpoint: ResourceEndpoint): Iterable<ResourceEndpoint> => {
    const built = endpoint.store && byStore.get(endpoint.store);
    const { group, version, kind } = endpoint;
    return built ?? custom().find({ group, version, kind })?.endpoints.values() ?? [endpoint];
  };

  const converted = async (endpoint: StoredEndpoint, object: Readonly<KubernetesObject>): Promise<KubernetesObject> => {
    const { group, version, kind, apiVersion } = endpoint;
    const resource = custom().find({ group, version, kind });
    return resource === undefined
      ? convertBuiltIn(endpoint, object)
      : resource.convertTo(deepCopy(object) as KubernetesObject, apiVersion);
  };

  return {
    equivalents(resource, subresource) {
      const endpoint = endpointOf(resource);
      if (endpoint === undefined) return [];
      const found: ServedKind[] = [];
      for (const { group, version, resource: name, kind, subresources } of siblings(endpoint)) {
        const below = subresources.get(subresource);
        if (subresource !== '' && below === undefined) continue;
        found.push({ resource: { group, version, resource: name }, kind: below?.kind ?? { group, version, kind } });
      }
      return found;
    },
    async convert(object, kind) {
      const endpoint = endpointOfKind(kind);
      if (!isStored(endpoint) || object.kind !== kind.kind) return object;
      return converted(endpoint, object);
    },
    async restore(changed, original, resource) {
      if (changed.apiVersion === original.apiVersion || changed.kind !== original.kind) return changed;
      const endpoint = endpointOf(resource);
      if (!isStored(endpoint)) return changed;
      if (original.apiVersion !== endpoint.apiVersion) return endpoint.store.definition.convertToStorage(changed);
      return converted(endpoint, changed);
    },
    decode(value, kind, strict = false) {
      const { object, strictErrors } = decode(value, kind);
      if (strict && strictErrors.length > 0 && custom().find(kind) === undefined)
        throw new Error(`strict decoding error: ${strictErrors.join(', ')}`);
      return object;
    },
    typeOf(kind) {
      const schema = custom().find(kind)?.versions.schema(formatApiVersion(kind));
      if (schema !== undefined) return typedNode(schema, schemaByName, { custom: true });
      const builtIn = schemaFor(kind);
      return builtIn && typedNode(builtIn, schemaByName);
    },
    params(kind) {
      const endpoint = endpointOfKind(kind);
      return isStored(endpoint) ? paramReader(endpoint) : undefined;
    },
  };
}

function isStored(endpoint: ResourceEndpoint | undefined): endpoint is StoredEndpoint {
  return endpoint?.store !== undefined;
}

/** Custom resources have no version in which they are stored as they stand. */
const isCustom = ({ store }: StoredEndpoint): boolean => store.definition.storageApiVersion === '';

function readCustom({ store, apiVersion }: StoredEndpoint, object: Readonly<KubernetesObject>): KubernetesObject {
  return store.definition.convertFromStorage(deepCopy(object) as KubernetesObject, apiVersion);
}

function convertBuiltIn({ store, apiVersion }: StoredEndpoint, object: Readonly<KubernetesObject>): KubernetesObject {
  if (object.apiVersion === apiVersion) return object;
  const { definition } = store;
  const copy = deepCopy(object) as KubernetesObject;
  const stored = copy.apiVersion === definition.storageApiVersion ? copy : definition.convertToStorage(copy);
  return definition.convertFromStorage(stored, apiVersion);
}

function paramReader(endpoint: StoredEndpoint): ParamReader {
  const { group, version, resource, kind, apiVersion, store, namespaced } = endpoint;
  const read = (stored: KubernetesObject): KubernetesObject => {
    const object = isCustom(endpoint) ? readCustom(endpoint, stored) : convertBuiltIn(endpoint, stored);
    return { ...object, apiVersion, kind };
  };
  return {
    resource: { group, version, resource },
    namespaced,
    async get(namespace, name) {
      const { entry } = await store.storage.get(store.key(namespace, name), {});
      return entry && read(EntryView.of(entry).parse());
    },
    async list(namespace, selector) {
      const prefix = namespace === '' ? store.definition.prefix : `${store.definition.prefix}${namespace}/`;
      const { entries } = await store.storage.list({ prefix });
      return entries
        .filter((entry) => selector.matches(EntryView.of(entry).attributes(store).labels))
        .map((entry) => read(EntryView.of(entry).parse()));
    },
  };
}
