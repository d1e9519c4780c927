import { CodecError } from '@typernetes/openapi/codec';
import { badRequest, type KubernetesObject, methodNotSupported, successStatus } from '@typernetes/openapi/meta';
import { isObject } from '@typernetes/openapi/schema';
import { EntryView } from '../../registry/generic/entry-view.ts';
import { type DeleteOptions, parseDeleteOptions } from '../../registry/generic/options.ts';
import { note } from '../../tracing/index.ts';
import { readBody } from '../body.ts';
import { decodeBody } from '../decode.ts';
import { negotiateInput, negotiateOutput } from '../negotiation.ts';
import { presentList } from '../present.ts';
import type { RequestContext } from '../request-context.ts';
import type { HandlerDependencies, ResourceEndpoint } from '../resource-endpoint.ts';
import { parseIncludeObject } from '../table.ts';
import { listOptions } from './get.ts';
import {
  type AdmissionRequest,
  admissionAttributes,
  sendEncoded,
  sendEntry,
  sendObject,
  writeContext,
} from './operation.ts';

async function deleteOptions(context: RequestContext): Promise<DeleteOptions> {
  const body = await readBody(context);
  if (body.length === 0) return parseDeleteOptions(context.query, undefined);
  const mediaType = negotiateInput(context);
  let value: unknown;
  try {
    const decoded = await decodeBody(body, mediaType, { group: '', version: 'v1', kind: 'DeleteOptions' });
    value = decoded.object;
  } catch (error) {
    // Upstream says no more than what its decoder says.
    throw error instanceof CodecError ? badRequest(error.message) : error;
  }
  if (context.audit !== undefined && isObject(value)) context.audit.deleteOptions(value);
  return parseDeleteOptions(context.query, value);
}

function admissionRequest(
  context: RequestContext,
  endpoint: ResourceEndpoint,
  options: DeleteOptions,
): AdmissionRequest {
  return {
    operation: 'DELETE',
    kind: { group: endpoint.group, version: endpoint.version, kind: endpoint.kind },
    options: {
      kind: 'DeleteOptions',
      apiVersion: 'meta.k8s.io/v1',
      ...options,
      ...(options.dryRun ? { dryRun: ['All'] } : { dryRun: undefined }),
    },
    dryRun: options.dryRun,
    name: context.info.name,
  };
}

export async function handleDelete(
  context: RequestContext,
  endpoint: ResourceEndpoint,
  dependencies: HandlerDependencies,
): Promise<void> {
  const { store } = endpoint;
  const resource = { group: endpoint.group, resource: endpoint.resource };
  if (store === undefined) throw methodNotSupported(resource, 'delete');
  const format = negotiateOutput(context, true, endpoint.untyped);
  const options = await deleteOptions(context);
  const request = admissionRequest(context, endpoint, options);
  const write = writeContext(context, endpoint, dependencies, request);
  note('About to delete object from database');
  const result = await store.delete(context.info.name, options, {
    ...write,
    validateAdmission: (_, old) => admitDelete(context, dependencies, request, old),
  });
  note('Object deleted from database');
  const code = !result.deleted && options.orphanDependents === false ? 202 : 200;
  if (!result.answerStatus) {
    await sendEntry(context, endpoint, dependencies, code, result.entry, format);
    return;
  }
  const { uid } = EntryView.of(result.entry).parse().metadata ?? {};
  const details = {
    name: context.info.name,
    group: resource.group,
    kind: resource.resource,
    ...(uid === undefined ? {} : { uid }),
  };
  await sendObject(context, code, { ...format, convert: undefined } as typeof format, successStatus(details));
}

async function admitDelete(
  context: RequestContext,
  dependencies: HandlerDependencies,
  request: AdmissionRequest,
  old: KubernetesObject | undefined,
): Promise<void> {
  const attributes = admissionAttributes(context, request, undefined, old);
  await dependencies.admission.mutate(attributes);
  await dependencies.admission.validate(attributes);
}

export async function handleDeleteCollection(
  context: RequestContext,
  endpoint: ResourceEndpoint,
  dependencies: HandlerDependencies,
): Promise<void> {
  const { store } = endpoint;
  if (store === undefined) {
    throw methodNotSupported({ group: endpoint.group, resource: endpoint.resource }, 'deletecollection');
  }
  const format = negotiateOutput(context, true, endpoint.untyped);
  const list = listOptions(context, endpoint, false);
  const options = await deleteOptions(context);
  const include = parseIncludeObject(context.query);
  const request = admissionRequest(context, endpoint, options);
  const page = await store.deleteCollection(list, options, {
    ...writeContext(context, endpoint, dependencies, request),
    validateAdmission: (_, old) => admitDelete(context, dependencies, request, old),
  });
  await sendEncoded(context, 200, format, presentList(page, endpoint, format, include, dependencies.now()));
}
