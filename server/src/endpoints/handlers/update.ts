import { type KubernetesObject, methodNotSupported } from '@typernetes/openapi/meta';
import { deepCopy } from '@typernetes/openapi/schema';
import { ensureNamespace } from '../../registry/generic/before-create.ts';
import { EntryView } from '../../registry/generic/entry-view.ts';
import { parseWriteOptions } from '../../registry/generic/options.ts';
import type { RegistryStore, Transform } from '../../registry/generic/store.ts';
import { readBody } from '../body.ts';
import { decodeObject, parseBody } from '../decode.ts';
import { negotiateInput, negotiateOutput } from '../negotiation.ts';
import type { RequestContext } from '../request-context.ts';
import type { HandlerDependencies, ResourceEndpoint, SubresourceEndpoint } from '../resource-endpoint.ts';
import { createOptions } from './create.ts';
import {
  type AdmissionRequest,
  admissionAttributes,
  checkName,
  dedupOwnerReferences,
  sendEntry,
  sendObject,
  writeContext,
} from './operation.ts';

/** How a write maps between the endpoint's object and the stored one: the object itself, or a view (scale). */
export interface Projection {
  read(stored: KubernetesObject): KubernetesObject;
  /** `stored` is a copy that may be changed; returns what to store. */
  write(view: KubernetesObject, stored: KubernetesObject | undefined): KubernetesObject;
}

export function projectionOf(
  endpoint: ResourceEndpoint,
  store: RegistryStore,
  subresource: SubresourceEndpoint | undefined,
): Projection {
  const registration = subresource?.registration;
  if (registration?.view !== undefined && registration.apply !== undefined) {
    return {
      read: (stored) => registration.view!(stored),
      write: (object, stored) => {
        const parent = stored!;
        registration.apply!(object, parent);
        const version = object.metadata?.resourceVersion ?? '';
        if (version === '') delete parent.metadata!.resourceVersion;
        else parent.metadata!.resourceVersion = version;
        return parent;
      },
    };
  }
  return {
    read: (stored) => store.definition.convertFromStorage(stored, endpoint.apiVersion),
    write: (object) => store.definition.convertToStorage(object),
  };
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
  const format = negotiateOutput(context, true);
  const body = await readBody(context);
  const options = parseWriteOptions(context.query, 'UpdateOptions');
  const mediaType = negotiateInput(context);
  const kind = kindOf(endpoint, subresource);
  const parsed = parseBody(body, mediaType, kind, options.fieldValidation);
  const object = decodeObject(parsed.value, parsed.strictErrors, kind, options.fieldValidation, context, dependencies);
  ensureNamespace(object, endpoint.namespaced ? info.namespace : '');
  checkName(object, context);
  dedupOwnerReferences(object, context);
  const request: AdmissionRequest = {
    operation: 'UPDATE',
    kind,
    options: { kind: 'UpdateOptions', apiVersion: 'meta.k8s.io/v1', ...createOptions(context.query) },
    dryRun: options.dryRun,
    name: info.name,
  };
  const projection = projectionOf(endpoint, store, subresource);
  const transform: Transform = async (existing) => {
    const view = deepCopy(object);
    const result = projection.write(view, existing === undefined ? undefined : deepCopy(existing));
    return admitted(context, dependencies, request, result, existing);
  };
  const result = await store.update(info.name, transform, writeContext(context, endpoint, dependencies, request));
  const code = result.created ? 201 : 200;
  if (isView(subresource)) {
    await sendObject(context, code, format, projection.read(EntryView.of(result.entry).parse()));
    return;
  }
  await sendEntry(context, endpoint, dependencies, code, result.entry, format);
}

/** Runs mutating admission over the new state, as CREATE where there is no old one. */
export async function admitted(
  context: RequestContext,
  dependencies: HandlerDependencies,
  request: AdmissionRequest,
  object: KubernetesObject,
  existing: KubernetesObject | undefined,
): Promise<KubernetesObject> {
  const operation = existing === undefined ? 'CREATE' : 'UPDATE';
  const attributes = admissionAttributes(context, { ...request, operation }, object, existing);
  await dependencies.admission.mutate(attributes);
  dedupOwnerReferences(object, context);
  return attributes.object ?? object;
}
