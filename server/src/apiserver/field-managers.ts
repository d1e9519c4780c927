/** One FieldManager per endpoint and subresource, made when it is first written through. */
import { catalogue, definitionName, schemaByName } from '@typernetes/openapi/catalogue';
import {
  formatApiVersion,
  type GroupVersionKind,
  type JsonObject,
  parseApiVersion,
  StatusError,
} from '@typernetes/openapi/meta';
import {
  deepCopy,
  describeKind,
  describeObject,
  FieldManager,
  type FieldManagerOptions,
  type Schema,
  type VersionConverter,
} from '@typernetes/openapi/schema';
import {
  type ObjectDecoder,
  type ResourceEndpoint,
  type SubresourceEndpoint,
  TypeMismatch,
} from '../endpoints/resource-endpoint.ts';
import { sharedStorageOf } from '../registry/conversion/index.ts';
import { resetFieldsOf } from '../registry/generic/reset-fields.ts';
import type { RegistryStore } from '../registry/generic/store.ts';

export interface FieldManagersOptions {
  /** Checks and defaults merged objects, as those that clients send. */
  decode: ObjectDecoder;
  /** A kind that a CustomResourceDefinition defines, at all versions that it names. */
  customVersions?: (kind: GroupVersionKind) => VersionConverter | undefined;
  now: () => Date;
  /** Told of objects whose fields could not be tracked. */
  onError?: (error: unknown) => void;
}

export type FieldManagerOf = (endpoint: ResourceEndpoint, subresource?: SubresourceEndpoint) => FieldManager;

export function fieldManagers(options: FieldManagersOptions): FieldManagerOf {
  const managers = new WeakMap<ResourceEndpoint, Map<string, FieldManager>>();
  return (endpoint, subresource) => {
    let ofEndpoint = managers.get(endpoint);
    if (ofEndpoint === undefined) managers.set(endpoint, (ofEndpoint = new Map()));
    const name = subresource?.name ?? '';
    let manager = ofEndpoint.get(name);
    if (manager === undefined) ofEndpoint.set(name, (manager = makeManager(endpoint, subresource, options)));
    return manager;
  };
}

/** The managers of what is written past the endpoints, in the version that is stored. */
export function storeFieldManagers(
  endpoints: readonly ResourceEndpoint[],
  fieldManagerOf: FieldManagerOf,
): (store: RegistryStore, subresource?: string) => FieldManager | undefined {
  const homes = new Map<RegistryStore, ResourceEndpoint>();
  for (const endpoint of endpoints) {
    const { store, apiVersion } = endpoint;
    if (store !== undefined && store.storageApiVersion === apiVersion) homes.set(store, endpoint);
  }
  return (store, subresource = '') => {
    const endpoint = homes.get(store);
    return endpoint && fieldManagerOf(endpoint, endpoint.subresources.get(subresource));
  };
}

function makeManager(
  endpoint: ResourceEndpoint,
  subresource: SubresourceEndpoint | undefined,
  { decode, customVersions, now, onError }: FieldManagersOptions,
): FieldManager {
  const { group, version, resource, store } = endpoint;
  const gvk: GroupVersionKind = subresource?.kind ?? { group, version, kind: endpoint.kind };
  const apiVersions = versionsOf(endpoint);
  // /scale of a custom resource is autoscaling/v1 Scale, which is built in.
  const custom = customVersions?.(gvk);
  const filter = resetFieldsOf(
    { group, resource },
    subresource?.name ?? '',
    endpoint.subresources.has('status'),
    custom !== undefined,
  );
  const managerOptions: FieldManagerOptions = {
    gvk,
    schema: custom === undefined ? schemaOf(gvk) : custom.schema(endpoint.apiVersion),
    ...(custom === undefined ? {} : { custom: true, versions: custom }),
    resolve: schemaByName,
    now,
    applyDefaults: (object, applied) => checkMerged(object, applied, gvk, decode),
    ...(subresource === undefined ? {} : { subresource: subresource.name }),
    ...(filter === undefined ? {} : { resetFields: Object.fromEntries(apiVersions.map((each) => [each, filter])) }),
    ...(store === undefined || apiVersions.length < 2 ? {} : { versions: converter(store, gvk.kind, apiVersions) }),
    ...(onError === undefined ? {} : { onError }),
  };
  return new FieldManager(managerOptions);
}

/** Of the objects that the endpoint serves, served or not; custom resources have converters of their own. */
function versionsOf({ group, resource, apiVersion }: ResourceEndpoint): readonly string[] {
  const shared = sharedStorageOf(apiVersion, resource);
  if (shared !== undefined) return shared.apiVersions;
  const known = catalogue().filter((each) => each.group === group && each.resource === resource);
  return known.length === 0 ? [apiVersion] : known.map(formatApiVersion);
}

/** By reference: its name says which of its fields Go always writes. */
function schemaOf(gvk: GroupVersionKind): Schema | undefined {
  const name = definitionName(gvk);
  return name === undefined ? undefined : { $ref: `#/definitions/${name}` };
}

function checkMerged(object: JsonObject, applied: JsonObject, gvk: GroupVersionKind, decode: ObjectDecoder): void {
  try {
    decode(object, gvk, 'converted');
  } catch (error) {
    if (error instanceof StatusError) throw error;
    // Upstream answers with a bare error here: 500 without a reason.
    const problem = error instanceof TypeMismatch ? error.conversion : (error as Error).message;
    const message = `failed to convert new object (${describeObject(applied)}) to proper version: unable to convert unstructured object to ${describeKind(applied)}: ${problem}`;
    throw new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 });
  }
}

function converter(store: RegistryStore, kind: string, apiVersions: readonly string[]): VersionConverter {
  const { definition } = store;
  return {
    schema: (apiVersion) =>
      apiVersions.includes(apiVersion) ? schemaOf({ ...parseApiVersion(apiVersion), kind }) : undefined,
    convert: (object, apiVersion) =>
      definition.convertFromStorage(definition.convertToStorage(deepCopy(object) as never), apiVersion) as JsonObject,
  };
}
