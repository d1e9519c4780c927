import { methodNotSupported } from '@typernetes/openapi/meta';
import { ensureNamespace, wipeSystemFields } from '../../registry/generic/before-create.ts';
import { parseWriteOptions } from '../../registry/generic/options.ts';
import { note, noted } from '../../tracing/index.ts';
import { readBody } from '../body.ts';
import { decodeObject, parseBody } from '../decode.ts';
import { negotiateInput, negotiateOutput } from '../negotiation.ts';
import type { RequestContext } from '../request-context.ts';
import {
  type HandlerDependencies,
  hasTable,
  type ResourceEndpoint,
  restContext,
  type SubresourceEndpoint,
} from '../resource-endpoint.ts';
import {
  type AdmissionRequest,
  admissionAttributes,
  dedupOwnerReferences,
  managerOf,
  mutate,
  sendEntry,
  sendObject,
  writeContext,
  writeNotes,
} from './operation.ts';

/** POST to a collection, or to a subresource that is created (bindings, tokens, evictions). */
export async function handleCreate(
  context: RequestContext,
  endpoint: ResourceEndpoint,
  dependencies: HandlerDependencies,
  subresource?: SubresourceEndpoint,
): Promise<void> {
  const { info } = context;
  const resource = { group: endpoint.group, resource: endpoint.resource };
  const format = negotiateOutput(context, hasTable(endpoint, subresource), endpoint.untyped);
  const mediaType = negotiateInput(context);
  const body = await readBody(context);
  const options = parseWriteOptions(context.query, 'CreateOptions');
  const kind = subresource?.kind ?? { group: endpoint.group, version: endpoint.version, kind: endpoint.kind };
  note('About to convert to expected version');
  const parsed = await parseBody(body, mediaType, kind, options.fieldValidation);
  const object = decodeObject(parsed, kind, options.fieldValidation, context, dependencies);
  note('Conversion done');
  const metadata = (object.metadata ??= {});
  context.audit?.requestObject(object);
  // Of a Binding or a TokenRequest, uid and resource version are preconditions.
  if (subresource === undefined) wipeSystemFields(object);
  const isNamespace = endpoint.group === '' && endpoint.resource === 'namespaces';
  ensureNamespace(object, endpoint.namespaced ? info.namespace : '');
  dedupOwnerReferences(object, context);
  const request: AdmissionRequest = {
    operation: 'CREATE',
    kind,
    options: writeOptions(context.query, 'CreateOptions'),
    dryRun: options.dryRun,
    name: subresource === undefined ? (metadata.name ?? '') : info.name,
  };
  if (isNamespace && subresource === undefined) request.name = metadata.name ?? '';

  if (subresource !== undefined) {
    const { registration } = subresource;
    if (registration?.create === undefined) throw methodNotSupported(resource, 'create');
    registration.defaults?.(object);
    // The answer alone tells of them: what is made here is not stored.
    dependencies.fieldManager(endpoint, subresource).update(undefined, object, managerOf(context, options));
    await dependencies.admission.mutate(admissionAttributes(context, request, object, undefined));
    await dependencies.admission.validate(admissionAttributes(context, request, object, undefined));
    const result = await registration.create(info.name, object, restContext(context, dependencies, options.dryRun));
    await sendObject(context, 201, format, result);
    return;
  }
  dependencies.fieldManager(endpoint).update(undefined, object, managerOf(context, options));
  await mutate(context, dependencies, admissionAttributes(context, request, object, undefined));
  dedupOwnerReferences(object, context);
  const { registration } = endpoint;
  if (registration?.virtualCreate !== undefined) {
    await dependencies.admission.validate(admissionAttributes(context, request, object, undefined));
    await sendObject(
      context,
      201,
      format,
      await registration.virtualCreate(object, restContext(context, dependencies, options.dryRun)),
    );
    return;
  }
  const { store } = endpoint;
  if (store === undefined) throw methodNotSupported(resource, 'create');
  const write = writeContext(context, endpoint, dependencies, request);
  const entry = await noted(
    () => store.create(store.definition.convertToStorage(object), write),
    writeNotes(body.length),
  );
  await sendEntry(context, endpoint, dependencies, 201, entry, format);
}

/** As admission is told of them: a patch is an update, and what makes a new object a create. */
export function writeOptions(query: URLSearchParams, kind: 'CreateOptions' | 'UpdateOptions'): Record<string, unknown> {
  const options: Record<string, unknown> = { kind, apiVersion: 'meta.k8s.io/v1' };
  if (query.has('dryRun')) options.dryRun = query.getAll('dryRun');
  for (const name of ['fieldManager', 'fieldValidation']) if (query.has(name)) options[name] = query.get(name);
  return options;
}
