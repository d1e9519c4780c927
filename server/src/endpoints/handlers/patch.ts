import { CodecError, parseJson } from '@typernetes/openapi/codec';
import {
  badRequest,
  genericServerResponse,
  isConflict,
  type JsonObject,
  type KubernetesObject,
  methodNotSupported,
  notFound,
  requestEntityTooLarge,
  StatusError,
  unsupportedMediaType,
} from '@typernetes/openapi/meta';
import { deepCopy, duplicateFieldMessage, jsonPatch, mergePatch } from '@typernetes/openapi/schema';
import { EntryView } from '../../registry/generic/entry-view.ts';
import { parseWriteOptions } from '../../registry/generic/options.ts';
import type { Transform } from '../../registry/generic/store.ts';
import { maxBodyBytes, readBody } from '../body.ts';
import { decodeObject, type FieldValidation } from '../decode.ts';
import { negotiateOutput, negotiatePatch, type PatchType } from '../negotiation.ts';
import type { RequestContext } from '../request-context.ts';
import type { HandlerDependencies, ResourceEndpoint, SubresourceEndpoint } from '../resource-endpoint.ts';
import { createOptions } from './create.ts';
import { type AdmissionRequest, checkName, sendEntry, sendObject, writeContext } from './operation.ts';
import { admitted, isView, kindOf, projectionOf } from './update.ts';

const maxJsonPatchOperations = 10_000;
/** A patch that names no resourceVersion is tried again on conflict, this often. */
const maxConflictRetries = 5;

export async function handlePatch(
  context: RequestContext,
  endpoint: ResourceEndpoint,
  dependencies: HandlerDependencies,
  subresource?: SubresourceEndpoint,
): Promise<void> {
  const { store } = endpoint;
  if (store === undefined) throw methodNotSupported({ group: endpoint.group, resource: endpoint.resource }, 'patch');
  const { info } = context;
  const patchType = negotiatePatch(context);
  const format = negotiateOutput(context, true);
  const body = await readBody(context, maxBodyBytes);
  const options = parseWriteOptions(context.query, 'PatchOptions', patchType);
  if (patchType === 'application/apply-patch+yaml') {
    throw unsupportedMediaType(
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json',
    );
  }
  const { patch, strictErrors } = parsePatch(patchType, body, options.fieldValidation);
  const kind = kindOf(endpoint, subresource);
  const request: AdmissionRequest = {
    operation: 'UPDATE',
    kind,
    options: { kind: 'PatchOptions', apiVersion: 'meta.k8s.io/v1', ...createOptions(context.query) },
    dryRun: options.dryRun,
    name: info.name,
  };
  const projection = projectionOf(endpoint, store, subresource);
  const transform: Transform = async (existing) => {
    if (existing === undefined) throw new Error('a patch never creates');
    const current = projection.read(deepCopy(existing));
    const patched = applyPatch(patchType, deepCopy(current), patch, kind, dependencies);
    const object = decodeObject(
      patched as JsonObject,
      strictErrors,
      kind,
      options.fieldValidation,
      context,
      dependencies,
    );
    checkName(object, context);
    return admitted(context, dependencies, request, projection.write(object, deepCopy(existing)), existing);
  };
  const write = writeContext(context, endpoint, dependencies, request);
  for (let attempt = 0; ; attempt++) {
    try {
      const { entry } = await store.update(info.name, existingOnly(transform, endpoint, info.name), write);
      if (isView(subresource)) await sendObject(context, 200, format, projection.read(EntryView.of(entry).parse()));
      else await sendEntry(context, endpoint, dependencies, 200, entry, format);
      return;
    } catch (error) {
      if (!isConflict(error) || attempt >= maxConflictRetries) throw error;
    }
  }
}

/** Kinds that PUT may create are still not created by a patch. */
function existingOnly(transform: Transform, endpoint: ResourceEndpoint, name: string): Transform {
  return (existing) => {
    if (existing === undefined) {
      return Promise.reject(notFound({ group: endpoint.group, resource: endpoint.resource }, name));
    }
    return transform(existing);
  };
}

function parsePatch(
  type: PatchType,
  body: Buffer,
  fieldValidation: FieldValidation,
): { patch: unknown; strictErrors: string[] } {
  let patch: unknown;
  let strictErrors: string[];
  try {
    const parsed = parseJson(body, { strict: fieldValidation !== 'Ignore' });
    patch = parsed.value;
    strictErrors = parsed.duplicateFields.map(duplicateFieldMessage);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw badRequest(type === 'application/json-patch+json' ? `error decoding patch: ${error.message}` : error.message);
  }
  if (type === 'application/json-patch+json') {
    if (!Array.isArray(patch)) {
      throw badRequest(
        `error decoding patch: json: cannot unmarshal ${patch === null ? 'null' : typeof patch} into Go value of type []handlers.jsonPatchOp`,
      );
    }
    if (patch.length > maxJsonPatchOperations) {
      throw requestEntityTooLarge(
        `The allowed maximum operations in a JSON patch is ${maxJsonPatchOperations}, got ${patch.length}`,
      );
    }
    return { patch, strictErrors };
  }
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    const what = patch === null ? 'null' : Array.isArray(patch) ? 'array' : typeof patch;
    throw badRequest(`json: cannot unmarshal ${what} into Go value of type map[string]interface {}`);
  }
  return { patch, strictErrors };
}

function applyPatch(
  type: PatchType,
  current: KubernetesObject,
  patch: unknown,
  kind: ReturnType<typeof kindOf>,
  dependencies: HandlerDependencies,
): unknown {
  try {
    switch (type) {
      case 'application/json-patch+json':
        return jsonPatch(current as never, patch as never);
      case 'application/merge-patch+json':
        return mergePatch(current as never, patch as never);
      case 'application/strategic-merge-patch+json':
        return dependencies.strategicMerge(current, patch, kind);
      case 'application/apply-patch+yaml':
        throw new Error('apply is answered before patches are applied');
      default:
        return type satisfies never;
    }
  } catch (error) {
    if (error instanceof StatusError) throw error;
    if (type === 'application/json-patch+json') {
      throw genericServerResponse(422, '', { group: '', resource: '' }, '', (error as Error).message, 0, false);
    }
    throw badRequest((error as Error).message);
  }
}
