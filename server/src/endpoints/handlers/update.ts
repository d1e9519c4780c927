import {
  type KubernetesObject,
  type ManagedFieldsEntry,
  methodNotSupported,
  parseApiVersion,
} from '@typernetes/openapi/meta';
import { deepCopy, fieldElement, parentManagedFields, scaleManagedFields } from '@typernetes/openapi/schema';
import { sharedStorageOf } from '../../registry/conversion/index.ts';
import { ensureNamespace } from '../../registry/generic/before-create.ts';
import type { WriteContext } from '../../registry/generic/definition.ts';
import { EntryView } from '../../registry/generic/entry-view.ts';
import { parseWriteOptions } from '../../registry/generic/options.ts';
import type { RegistryStore, Transform } from '../../registry/generic/store.ts';
import { note, noted } from '../../tracing/index.ts';
import { readBody } from '../body.ts';
import { type ConvertVersion, decodeObject, parseBody } from '../decode.ts';
import { negotiateInput, negotiateOutput } from '../negotiation.ts';
import type { RequestContext } from '../request-context.ts';
import {
  type HandlerDependencies,
  hasTable,
  type ResourceEndpoint,
  type SubresourceEndpoint,
} from '../resource-endpoint.ts';
import { writeOptions } from './create.ts';
import {
  type AdmissionRequest,
  admissionAttributes,
  asOperation,
  checkName,
  converted,
  dedupOwnerReferences,
  managerOf,
  mutate,
  sendEntry,
  sendObject,
  writeContext,
  writeNotes,
} from './operation.ts';

/** How a write maps between the endpoint's object and the stored one: the object itself, or a view (scale). */
export interface Projection {
  /** What is written to, with its managedFields. Never changes `stored`, but may be it or share with it. */
  live(stored: KubernetesObject): KubernetesObject;
  /** What to store. Never changes `stored`; `view` may be changed and used. */
  write(view: KubernetesObject, stored: KubernetesObject | undefined): KubernetesObject;
  /** What clients are shown of it. */
  show(stored: KubernetesObject): KubernetesObject;
  /** What a patch has made an object of another version; absent for views. */
  convert?: ConvertVersion;
  /** Whether admission, too, sees what clients see. */
  isView: boolean;
}

export function projectionOf(
  endpoint: ResourceEndpoint,
  store: RegistryStore,
  subresource: SubresourceEndpoint | undefined,
): Projection {
  const registration = subresource?.registration;
  if (registration?.view !== undefined && registration.apply !== undefined) {
    const managed = subresource?.kind.kind === 'Scale' ? scaleFields(endpoint.apiVersion) : sameFields;
    return {
      live: (stored) =>
        withManagedFields(
          registration.updateView?.(stored) ?? registration.view!(stored),
          managed.read(stored.metadata?.managedFields),
        ),
      write: (object, stored) => {
        const parent = deepCopy(stored!);
        registration.apply!(object, parent);
        const version = object.metadata?.resourceVersion ?? '';
        if (version === '' && registration.keepsVersion !== true) delete parent.metadata!.resourceVersion;
        else if (version !== '') parent.metadata!.resourceVersion = version;
        const { managedFields } = object.metadata ?? {};
        return withManagedFields(parent, managed.write(stored!.metadata?.managedFields, managedFields));
      },
      show: (stored) => registration.view!(stored),
      isView: true,
    };
  }
  const { definition } = store;
  return {
    live: (stored) =>
      endpoint.apiVersion === definition.storageApiVersion
        ? stored
        : definition.convertFromStorage(deepCopy(stored), endpoint.apiVersion),
    write: (object) => definition.convertToStorage(object),
    show: (stored) => definition.convertFromStorage(stored, endpoint.apiVersion),
    convert: (object) =>
      servesVersion(endpoint, object.apiVersion)
        ? definition.convertFromStorage(definition.convertToStorage(object), endpoint.apiVersion)
        : undefined,
    isView: false,
  };
}

type Entries = ManagedFieldsEntry[] | undefined;

/** Who manages a view, from who manages its parent, and back. */
interface ManagedFieldsMapping {
  read(parent: Entries): Entries;
  write(parent: Entries, view: Entries): Entries;
}

const sameFields: ManagedFieldsMapping = { read: (parent) => parent, write: (_, view) => view };
const replicas = [fieldElement('spec'), fieldElement('replicas')];
const appsVersions = ['apps/v1', 'apps/v1beta1', 'apps/v1beta2'];

function scaleFields(apiVersion: string): ManagedFieldsMapping {
  const versions = apiVersion === 'apps/v1' ? appsVersions : [apiVersion];
  const mapping = { replicas: Object.fromEntries(versions.map((version) => [version, replicas])) };
  return {
    read: (parent) => scaleManagedFields(parent, mapping),
    write: (parent, view) => parentManagedFields(parent, view, apiVersion, mapping),
  };
}

function withManagedFields(object: KubernetesObject, entries: Entries): KubernetesObject {
  const { managedFields: _, ...metadata } = object.metadata ?? {};
  object.metadata = entries === undefined ? metadata : { ...metadata, managedFields: entries };
  return object;
}

function servesVersion({ group, apiVersion, resource }: ResourceEndpoint, other = ''): boolean {
  const shared = sharedStorageOf(apiVersion, resource);
  return shared === undefined ? parseApiVersion(other).group === group : shared.apiVersions.includes(other);
}

export function kindOf(endpoint: ResourceEndpoint, subresource: SubresourceEndpoint | undefined) {
  return subresource?.kind ?? { group: endpoint.group, version: endpoint.version, kind: endpoint.kind };
}

export function isView(subresource: SubresourceEndpoint | undefined): boolean {
  return subresource?.registration?.view !== undefined;
}

/** PUT of an object, its status, or a view of it. */
export async function handleUpdate(
  context: RequestContext,
  endpoint: ResourceEndpoint,
  dependencies: HandlerDependencies,
  subresource?: SubresourceEndpoint,
): Promise<void> {
  const { store } = endpoint;
  if (store === undefined) throw methodNotSupported({ group: endpoint.group, resource: endpoint.resource }, 'update');
  const { info } = context;
  const format = negotiateOutput(context, hasTable(endpoint, subresource), endpoint.untyped);
  const body = await readBody(context);
  const options = parseWriteOptions(context.query, 'UpdateOptions');
  const mediaType = negotiateInput(context);
  const kind = kindOf(endpoint, subresource);
  note('About to convert to expected version');
  const parsed = await parseBody(body, mediaType, kind, options.fieldValidation);
  const object = decodeObject(parsed, kind, options.fieldValidation, context, dependencies);
  note('Conversion done');
  context.audit?.requestObject(object);
  ensureNamespace(object, endpoint.namespaced ? info.namespace : '');
  checkName(object, context);
  dedupOwnerReferences(object, context);
  const request: AdmissionRequest = {
    operation: 'UPDATE',
    kind,
    options: writeOptions(context.query, 'UpdateOptions'),
    dryRun: options.dryRun,
    name: info.name,
  };
  const projection = projectionOf(endpoint, store, subresource);
  const fieldManager = dependencies.fieldManager(endpoint, subresource);
  const manager = managerOf(context, options);
  const transform: Transform = async (existing) => {
    const view = deepCopy(object);
    const live = existing === undefined ? undefined : projection.live(existing);
    await converted(() => fieldManager.update(live, view, manager));
    return admitted(context, dependencies, request, projection, view, existing);
  };
  const write = writeContext(context, endpoint, dependencies, request);
  const writing = { ...write, ...validationOf(write, projection), uidIsPrecondition: true };
  const result = await noted(() => store.update(info.name, transform, writing), writeNotes(body.length));
  const code = result.created ? 201 : 200;
  if (isView(subresource)) {
    await sendObject(context, code, format, projection.show(EntryView.of(result.entry).parse()));
    return;
  }
  await sendEntry(context, endpoint, dependencies, code, result.entry, format);
}

/** Mutating admission of the new state, as CREATE where there is no old one; what is then to be stored. */
export async function admitted(
  context: RequestContext,
  dependencies: HandlerDependencies,
  request: AdmissionRequest,
  projection: Projection,
  written: KubernetesObject,
  existing: KubernetesObject | undefined,
): Promise<KubernetesObject> {
  const { isView } = projection;
  const object = isView ? written : projection.write(written, existing);
  const old = isView && existing !== undefined ? projection.live(existing) : existing;
  await mutate(context, dependencies, admissionAttributes(context, asOperation(request, existing), object, old));
  dedupOwnerReferences(object, context);
  return isView ? projection.write(object, existing) : object;
}

/** Validating admission sees of a view what mutating admission has seen. */
export function validationOf(write: WriteContext, projection: Projection): Pick<WriteContext, 'validateAdmission'> {
  if (!projection.isView) return {};
  const show = (object: KubernetesObject | undefined) => object && projection.live(object);
  return {
    validateAdmission: async (object, old) => write.validateAdmission?.(show(object), show(old)),
  };
}
