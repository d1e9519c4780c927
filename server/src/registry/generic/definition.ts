/** What the generic store must know of a resource, gathered once from the catalogue and its registration. */
import type { GroupResource, KubernetesObject } from '@typernetes/openapi/meta';
import type { UserInfo } from '../../authentication/authenticator.ts';
import type { Entry } from '../../storage/storage.ts';
import type { RestContext } from './rest.ts';
import type { DeleteStrategy, ResourceRegistration, SelectableFields, Strategy } from './strategy.ts';

export interface StoreDefinition {
  /** The resource that owns the storage; other group versions may serve the same objects. */
  resource: GroupResource;
  /** What messages call the resource, where another group than the owner's serves it. */
  servedAs?: GroupResource;
  kind: string;
  namespaced: boolean;
  /** apiVersion of the stored JSON. */
  storageApiVersion: string;
  /** metadata.generation is kept. */
  hasGeneration: boolean;
  /** Ends in `/`. */
  prefix: string;
  registration: ResourceRegistration;
  strategy: Strategy;
  deleteStrategy: DeleteStrategy;
  selectableFields: SelectableFields | undefined;
  returnsDeletedObject: boolean;
  metadataChecks: MetadataChecks;
  /** Its kind is a CustomResourceDefinition's. */
  isCustom?: boolean;
  /** Identity unless several versions are served. */
  convertFromStorage(object: KubernetesObject, apiVersion: string): KubernetesObject;
  convertToStorage(object: KubernetesObject): KubernetesObject;
  /** An update that changes nothing is written all the same: what is stored has another form than what would be. */
  mustRewrite?(entry: Entry): boolean;
}

/**
 * What the kind's own validation says of metadata. `core`: finalizers must be fully qualified or known. `plain`: they
 * need not. `none`: it says nothing, and metadata is looked at only where the rest is valid.
 */
export type MetadataChecks = 'core' | 'plain' | 'none';

const plainMetadata: ReadonlySet<string> = new Set([
  'customresourcedefinitions.apiextensions.k8s.io',
  'apiservices.apiregistration.k8s.io',
  'leases.coordination.k8s.io',
  'leasecandidates.coordination.k8s.io',
  'runtimeclasses.node.k8s.io',
]);
const ownMetadataUnchecked: ReadonlySet<string> = new Set(['events', 'poddisruptionbudgets.policy']);

export function metadataChecksOf(resource: GroupResource): MetadataChecks {
  const key = resourceKey(resource);
  if (ownMetadataUnchecked.has(key)) return 'none';
  return resource.group === 'admissionregistration.k8s.io' || plainMetadata.has(key) ? 'plain' : 'core';
}

/**
 * What the kind's own validation of an update says of metadata again, after what all kinds say: `change`, what may not
 * become of it; `whole`, what a new object's metadata would be told. Clients count on each cause being there.
 */
export type MetadataUpdateCheck = 'change' | 'whole';

const changeOnly: readonly MetadataUpdateCheck[] = ['change'];
const changeAndWhole: readonly MetadataUpdateCheck[] = ['change', 'whole'];

const updatesChecked: ReadonlyMap<string, readonly MetadataUpdateCheck[]> = new Map([
  ...[
    'configmaps',
    'secrets',
    'serviceaccounts',
    'endpoints',
    'pods',
    'persistentvolumeclaims',
    'namespaces',
    'nodes',
    'controllerrevisions.apps',
    'roles.rbac.authorization.k8s.io',
    'clusterroles.rbac.authorization.k8s.io',
    'rolebindings.rbac.authorization.k8s.io',
    'clusterrolebindings.rbac.authorization.k8s.io',
    'ingresses.networking.k8s.io',
    'ingressclasses.networking.k8s.io',
    'ipaddresses.networking.k8s.io',
    'storageclasses.storage.k8s.io',
    'csistoragecapacities.storage.k8s.io',
    'runtimeclasses.node.k8s.io',
    'apiservices.apiregistration.k8s.io',
    'volumeattributesclasses.storage.k8s.io',
    'certificatesigningrequests.certificates.k8s.io',
    'deviceclasses.resource.k8s.io',
    'resourceclaims.resource.k8s.io',
    'resourceclaimtemplates.resource.k8s.io',
  ].map((key) => [key, changeAndWhole] as const),
  ...[
    'limitranges',
    'jobs.batch',
    'csinodes.storage.k8s.io',
    'volumeattachments.storage.k8s.io',
    'validatingwebhookconfigurations.admissionregistration.k8s.io',
    'mutatingwebhookconfigurations.admissionregistration.k8s.io',
    'validatingadmissionpolicies.admissionregistration.k8s.io',
    'validatingadmissionpolicybindings.admissionregistration.k8s.io',
    'mutatingadmissionpolicybindings.admissionregistration.k8s.io',
    'endpointslices.discovery.k8s.io',
    'flowschemas.flowcontrol.apiserver.k8s.io',
    'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io',
  ].map((key) => [key, ['whole']] as const),
  ['persistentvolumes', ['whole', 'whole']],
  ['storageversions.internal.apiserver.k8s.io', []],
]);

const statusUpdatesChecked: ReadonlyMap<string, readonly MetadataUpdateCheck[]> = new Map([
  ['certificatesigningrequests.certificates.k8s.io', changeAndWhole],
  ['cronjobs.batch', []],
  ['validatingadmissionpolicies.admissionregistration.k8s.io', []],
  ['volumeattachments.storage.k8s.io', ['whole']],
]);

export function metadataUpdateChecksOf(resource: GroupResource, status: boolean): readonly MetadataUpdateCheck[] {
  return (status ? statusUpdatesChecked : updatesChecked).get(resourceKey(resource)) ?? changeOnly;
}

/** One write's surroundings, made by the request handler or by the loopback. */
export interface WriteContext {
  readonly user: UserInfo;
  readonly namespace: string;
  readonly now: Date;
  readonly dryRun: boolean;
  readonly subresource: string;
  /** An update of what is not there creates it, whatever the strategy says (server-side apply). */
  readonly forceAllowCreate?: boolean;
  /** A uid in the object must be that of what is there (PUT); else a changed uid is just invalid. */
  readonly uidIsPrecondition?: boolean;
  readonly signal: AbortSignal;
  readonly rest: RestContext;
  warn(message: string): void;
  /** Validating admission on the object as it will be stored (undefined on delete); throws to refuse. */
  validateAdmission?(object: KubernetesObject | undefined, old: KubernetesObject | undefined): Promise<void>;
  /** Whether the user may create, asked when an update of a missing object is about to create it. */
  authorizeCreate?(): Promise<void>;
}

/** Kinds whose delete answers with the object, as upstream. */
export const kindsReturningDeletedObject: ReadonlySet<string> = new Set([
  'resourceclaimtemplates.resource.k8s.io',
  'resourceslices.resource.k8s.io',
  'resourceclaims.resource.k8s.io',
  'deviceclasses.resource.k8s.io',
  'csidrivers.storage.k8s.io',
  'storageclasses.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'csinodes.storage.k8s.io',
  'volumeattributesclasses.storage.k8s.io',
  'resourcequotas',
  'persistentvolumes',
  'persistentvolumeclaims',
  'serviceaccounts',
  'namespaces',
  'pods',
  'services',
  'podtemplates',
]);

export function resourceKey(resource: GroupResource): string {
  return resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
}
