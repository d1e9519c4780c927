/** From the catalogue and the registrations: the stores, and one endpoint per resource and group version. */
import {
  catalogue,
  definitionName,
  findKind,
  type ResourceDefinition,
  type Served,
  schemaByName,
  schemaFor,
} from '@typernetes/openapi/catalogue';
import {
  formatApiVersion,
  type GroupResource,
  type GroupVersionKind,
  type KubernetesObject,
  parseApiVersion,
} from '@typernetes/openapi/meta';
import {
  checkTypes,
  type NumberReading,
  plainNumbers,
  type Schema,
  strategicMergePatch,
  unknownFieldMessage,
} from '@typernetes/openapi/schema';
import {
  type DecodedObject,
  type ResourceEndpoint,
  type SubresourceEndpoint,
  TypeMismatch,
} from '../endpoints/resource-endpoint.ts';
import { defaultTable } from '../endpoints/table.ts';
import { type SharedStorage, sharedStorageOf } from '../registry/conversion/index.ts';
import {
  kindsReturningDeletedObject,
  metadataChecksOf,
  resourceKey,
  type StoreDefinition,
} from '../registry/generic/definition.ts';
import { readAttributes } from '../registry/generic/entry-view.ts';
import { RegistryStore } from '../registry/generic/store.ts';
import type {
  ConnectHandler,
  ResourceRegistration,
  Strategy,
  SubresourceRegistration,
} from '../registry/generic/strategy.ts';
import type { Storage } from '../storage/storage.ts';
import { deprecationWarning } from './deprecations.ts';

export interface ServedResourcesOptions {
  isServed: Served;
  registrations: readonly ResourceRegistration[];
  /** The storage of one resource's folder, which ends in `/`. */
  storageFor(prefix: string, resource: GroupResource): Storage;
  /** Ends in `/`. */
  root: string;
  /** Streams to nodes, by `resource/subresource`; they go before what a registration says. */
  connectHandlers: Readonly<Record<string, ConnectHandler>>;
}

export interface ServedResources {
  endpoints: ResourceEndpoint[];
  stores: ReadonlyMap<string, RegistryStore>;
  decode(value: unknown, kind: GroupVersionKind, numbers?: NumberReading): DecodedObject;
  knowsKind(kind: GroupVersionKind): boolean;
  strategicMerge(original: KubernetesObject, patch: unknown, kind: GroupVersionKind): KubernetesObject;
}

export function serveResources(options: ServedResourcesOptions): ServedResources {
  const registrations = new Map(options.registrations.map((each) => [resourceKey(each.resource), each]));
  const stores = new Map<string, RegistryStore>();
  const endpoints: ResourceEndpoint[] = [];
  const defaulters = new Map<string, (object: KubernetesObject) => void>();

  for (const definition of catalogue()) {
    const apiVersion = formatApiVersion(definition);
    const shared = sharedStorageOf(apiVersion, definition.resource);
    const key = resourceKey(shared?.owner ?? definition);
    const registration = registrations.get(key);
    const strategy = { ...registration?.strategy, ...registration?.strategyIn?.[apiVersion] };
    const setDefaults = shared?.defaults?.[apiVersion] ?? strategy.default?.bind(strategy);
    // Patches may make objects of versions that are not served.
    if (setDefaults !== undefined) defaulters.set(`${apiVersion}/${definition.kind}`, setDefaults);
    if (!options.isServed(definition)) continue;
    let store = stores.get(key);
    if (store === undefined && isStored(definition)) {
      store = new RegistryStore(
        storeDefinition(definition, registration, shared, options.root),
        options.storageFor(prefixOf(definition, registration, options.root), shared?.owner ?? definition),
      );
      stores.set(key, store);
    }
    const served = store && shared ? storeServedAs(store, definition, registration?.strategyIn?.[apiVersion]) : store;
    const endpoint = endpointOf(definition, apiVersion, served, registration, options.connectHandlers);
    const fieldLabel = shared?.fieldLabel?.bind(shared);
    const warning = deprecationWarning(apiVersion, definition.kind);
    if (warning !== undefined) endpoint.deprecationWarning = warning;
    endpoints.push(
      fieldLabel === undefined ? endpoint : { ...endpoint, fieldLabel: (label) => fieldLabel(label, apiVersion) },
    );
  }

  return {
    endpoints,
    stores,
    decode(value, kind, numbers) {
      const schema = reference(kind);
      if (schema === undefined) {
        if (numbers === 'asWritten') plainNumbers(value);
        return { object: value as KubernetesObject, strictErrors: [] };
      }
      const { error, conversionError, unknownFields } = checkTypes(value, schema, schemaByName, numbers);
      if (error !== undefined) throw new TypeMismatch(error, conversionError ?? error);
      const object = value as KubernetesObject;
      defaulters.get(`${formatApiVersion(kind)}/${kind.kind}`)?.(object);
      return { object, strictErrors: unknownFields.map(unknownFieldMessage) };
    },
    knowsKind: (kind) => findKind(kind) !== undefined || schemaFor(kind) !== undefined,
    strategicMerge(original, patch, kind) {
      const schema = schemaFor(kind);
      if (schema === undefined) throw new Error(`no schema for ${formatApiVersion(kind)} ${kind.kind}`);
      return strategicMergePatch(original as never, patch as never, schema, schemaByName) as KubernetesObject;
    },
  };
}

/** The same objects as another group calls and checks them. */
function storeServedAs(
  store: RegistryStore,
  { group, resource }: ResourceDefinition,
  strategy: Strategy | undefined,
): RegistryStore {
  const { definition, storage } = store;
  if (group === definition.resource.group) return store;
  const own = { servedAs: { group, resource }, strategy: { ...definition.strategy, ...strategy } };
  return new RegistryStore({ ...definition, ...own }, storage, store);
}

/** Versions of one group that differ in name only. */
const labelled = (object: KubernetesObject, apiVersion: string): KubernetesObject =>
  object.apiVersion === apiVersion ? object : { ...object, apiVersion };

/** A converted object with all fields that its version always has. */
function complete(object: KubernetesObject): KubernetesObject {
  const schema = reference({ ...parseApiVersion(object.apiVersion ?? ''), kind: object.kind ?? '' });
  if (schema !== undefined) checkTypes(object, schema, schemaByName);
  return object;
}

const references = new Map<string, Schema>();

/** A reference to the kind's schema, always the same one: type errors name the Go type it leads to. */
function reference(kind: GroupVersionKind): Schema | undefined {
  const name = definitionName(kind);
  if (name === undefined) return undefined;
  let schema = references.get(name);
  if (schema === undefined) references.set(name, (schema = { $ref: name }));
  return schema;
}

/** What can only be created (reviews, bindings) is answered and never stored. */
function isStored(definition: ResourceDefinition): boolean {
  return definition.verbs.includes('get') && definition.resource !== 'componentstatuses';
}

function prefixOf(
  definition: ResourceDefinition,
  registration: ResourceRegistration | undefined,
  root: string,
): string {
  return `${root}${registration?.storagePrefix ?? definition.resource}/`;
}

function storeDefinition(
  definition: ResourceDefinition,
  registration: ResourceRegistration | undefined,
  shared: SharedStorage | undefined,
  root: string,
): StoreDefinition {
  const resource = shared?.owner ?? { group: definition.group, resource: definition.resource };
  const strategy = registration?.strategy ?? {};
  const storageApiVersion = shared?.storageApiVersion ?? formatApiVersion(definition);
  const isNamespaces = resource.group === '' && resource.resource === 'namespaces';
  return {
    resource,
    kind: definition.kind,
    namespaced: definition.namespaced,
    storageApiVersion,
    // Asked for at the first write: schemas are read from disk on demand.
    get hasGeneration() {
      return strategy.hasGeneration ?? schemaFor(definition)?.properties?.spec !== undefined;
    },
    prefix: prefixOf(definition, registration, root),
    registration: registration ?? { resource },
    strategy,
    deleteStrategy: { ...(isNamespaces ? namespaceDeletion : {}), ...registration?.deleteStrategy },
    selectableFields: registration?.selectableFields,
    returnsDeletedObject:
      registration?.deleteStrategy?.returnsDeletedObject ??
      (kindsReturningDeletedObject.has(resourceKey(resource)) || resource.group === 'resource.k8s.io'),
    metadataChecks: metadataChecksOf(resource),
    convertFromStorage(object, apiVersion) {
      if (shared === undefined) return labelled(object, apiVersion);
      return apiVersion === storageApiVersion ? object : complete(shared.fromStorage(object, apiVersion));
    },
    convertToStorage(object) {
      if (shared === undefined) return labelled(object, storageApiVersion);
      const stored = shared.toStorage(object);
      // What has its version's defaults gets no other's: it is checked as it came.
      return stored === object ? object : complete(stored);
    },
  };
}

/** Namespaces go in two steps: the first delete marks them, their controller empties them and their finalizers. */
const namespaceDeletion = {
  alwaysMarkFirst: true,
  otherFinalizers: (object: Readonly<KubernetesObject>) =>
    (object as { spec?: { finalizers?: string[] } }).spec?.finalizers ?? [],
  markDeleted(object: KubernetesObject) {
    const namespace = object as KubernetesObject & { status?: { phase?: string } };
    namespace.status = { ...namespace.status, phase: 'Terminating' };
  },
};

function endpointOf(
  definition: ResourceDefinition,
  apiVersion: string,
  store: RegistryStore | undefined,
  registration: ResourceRegistration | undefined,
  connectHandlers: Readonly<Record<string, ConnectHandler>>,
): ResourceEndpoint {
  const core = definition.group === '';
  const subresources = new Map<string, SubresourceEndpoint>();
  for (const { name, group, version, kind, verbs } of definition.subresources) {
    const connect = core ? connectHandlers[`${definition.resource}/${name}`] : undefined;
    const own = registration?.subresources?.[name];
    const registered: SubresourceRegistration | undefined = connect === undefined ? own : { ...own, connect };
    subresources.set(name, { name, kind: { group, version, kind }, verbs: new Set(verbs), registration: registered });
  }
  return {
    group: definition.group,
    version: definition.version,
    apiVersion,
    resource: definition.resource,
    singular: definition.singularName,
    kind: definition.kind,
    namespaced: definition.namespaced,
    verbs: new Set(definition.verbs),
    store,
    reader: store ?? {
      storageApiVersion: apiVersion,
      attributes: (object) => readAttributes(object, registration?.selectableFields, definition.namespaced),
      convertFromStorage: (object) => object,
    },
    registration,
    table: registration?.table ?? defaultTable,
    subresources,
  };
}
