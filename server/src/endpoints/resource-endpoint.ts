/** One resource as one group version serves it: what routing, decoding and answering need to know. */
import type { GroupVersionKind, KubernetesObject } from '@typernetes/openapi/meta';
import type { FieldManager, NumberReading } from '@typernetes/openapi/schema';
import type { AdmissionAttributes } from '../admission/admission.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { EntryReader } from '../registry/generic/entry-view.ts';
import type { RegistryReader, RestContext } from '../registry/generic/rest.ts';
import type { RegistryStore } from '../registry/generic/store.ts';
import type { ResourceRegistration, SubresourceRegistration } from '../registry/generic/strategy.ts';
import type { TableDefinition } from '../registry/generic/table.ts';
import type { WatchObserver } from './metrics.ts';
import type { RequestContext } from './request-context.ts';

/** A decoded request body: the object and what strict decoding has to say about it. */
export interface DecodedObject {
  object: KubernetesObject;
  /** Unknown and duplicate fields, upstream's wording. */
  strictErrors: string[];
  /** Custom resources: unknown fields are found after decoding, and told after all duplicate ones. */
  untyped?: boolean;
}

/** A body's value does not have the kind's types. The message is the decoder's. */
export class TypeMismatch extends Error {
  /** In the words of the converter that strategic merge patches go through. */
  readonly conversion: string;

  constructor(message: string, conversion: string) {
    super(message);
    this.conversion = conversion;
  }
}

export interface SubresourceEndpoint {
  name: string;
  /** The kind of its bodies. */
  kind: GroupVersionKind;
  /** get, update, patch, create as discovery lists them. */
  verbs: ReadonlySet<string>;
  registration: SubresourceRegistration | undefined;
}

export interface ResourceEndpoint {
  group: string;
  version: string;
  apiVersion: string;
  resource: string;
  singular: string;
  kind: string;
  namespaced: boolean;
  verbs: ReadonlySet<string>;
  /** Undefined for kinds that are answered and never stored. */
  store: RegistryStore | undefined;
  /** The store, or a stand-in where there is none. */
  reader: EntryReader;
  registration: ResourceRegistration | undefined;
  table: TableDefinition;
  /** A field label of this version as the store's; undefined if there is no such label. Absent: they are the same. */
  fieldLabel?(label: string): string | undefined;
  subresources: ReadonlyMap<string, SubresourceEndpoint>;
  /** Custom resources: the items of their lists say their kind, and the lists have an empty continue token for none. */
  untyped?: boolean;
  /** Told to whoever uses this version. */
  deprecationWarning?: string;
}

/** Their status comes as an object even to those who ask for a Table. */
const withoutStatusTable: ReadonlySet<string> = new Set([
  'customresourcedefinitions.apiextensions.k8s.io',
  'apiservices.apiregistration.k8s.io',
  'resourceclaims.resource.k8s.io',
  'devicetaintrules.resource.k8s.io',
  'resourcepoolstatusrequests.resource.k8s.io',
]);

/** Whether answers can be Tables: of what is stored, and of the subresources that upstream gave columns. */
export function hasTable(endpoint: ResourceEndpoint, subresource?: SubresourceEndpoint): boolean {
  if (subresource !== undefined) {
    const plain = withoutStatusTable.has(`${endpoint.resource}.${endpoint.group}`);
    return subresource.name === 'scale' || (subresource.name === 'status' && !plain);
  }
  return endpoint.store !== undefined;
}

/** Mutating, then validating admission; the composition root builds it from the enabled plugins. */
export interface AdmissionChain {
  mutate(attributes: AdmissionAttributes): Promise<void>;
  validate(attributes: AdmissionAttributes): Promise<void>;
}

/**
 * Turns parsed JSON into an object of `kind`: types checked (TypeMismatch), unknown fields dropped, defaults set.
 */
export type ObjectDecoder = (value: unknown, kind: GroupVersionKind, numbers?: NumberReading) => DecodedObject;

export interface HandlerDependencies {
  registry: RegistryReader;
  admission: AdmissionChain;
  authorizer: Authorizer;
  decode: ObjectDecoder;
  /** Whether the server knows this kind at all: decides between two messages for a wrong kind in a body. */
  knowsKind(kind: GroupVersionKind): boolean;
  /** Custom resources: bodies must say their version. */
  isUntyped?(kind: GroupVersionKind): boolean;
  /** Schema-driven merge, keyed as upstream's patchMergeKey tags say. */
  strategicMerge(original: KubernetesObject, patch: unknown, kind: GroupVersionKind): KubernetesObject;
  /** Keeps managedFields of what is written through an endpoint, or through one of its subresources. */
  fieldManager(endpoint: ResourceEndpoint, subresource?: SubresourceEndpoint): FieldManager;
  minRequestTimeoutSeconds: number;
  /** For metrics. */
  watched?(context: RequestContext): WatchObserver;
  /** In [0, 1); spreads watch timeouts. */
  random(): number;
  now(): Date;
}

export function restContext(context: RequestContext, dependencies: HandlerDependencies, dryRun: boolean): RestContext {
  return {
    user: context.user,
    namespace: context.info.namespace,
    asked: context.info,
    now: dependencies.now(),
    dryRun,
    signal: context.signal,
    query: context.query,
    http: {
      request: context.request,
      response: context.response,
      ...(context.upgrade === undefined ? {} : { socket: context.upgrade.socket, head: context.upgrade.head }),
    },
    warn: (message) => void context.warnings.add(message),
    registry: dependencies.registry,
  };
}
