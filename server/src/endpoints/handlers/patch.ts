import { CodecError, parseJson } from '@typernetes/openapi/codec';
import {
  badRequest,
  conflict,
  formatApiVersion,
  genericServerResponse,
  invalid,
  invalidValue,
  isConflict,
  type JsonObject,
  type KubernetesObject,
  methodNotSupported,
  notFound,
  parseApiVersion,
  path,
  requestEntityTooLarge,
  StatusError,
} from '@typernetes/openapi/meta';
import {
  deepCopy,
  duplicateFieldMessage,
  type FieldManager,
  goValue,
  isObject,
  jsonPatch,
  jsonTypeOf,
  mergePatch,
  plainNumbers,
} from '@typernetes/openapi/schema';
import { ensureNamespace } from '../../registry/generic/before-create.ts';
import { EntryView } from '../../registry/generic/entry-view.ts';
import { parseWriteOptions, type WriteOptions } from '../../registry/generic/options.ts';
import type { Transform } from '../../registry/generic/store.ts';
import { note } from '../../tracing/index.ts';
import { maxBodyBytes, readBody } from '../body.ts';
import { type ConvertVersion, decodeObject, type FieldValidation, type ParsedBody } from '../decode.ts';
import { type ApplyPatchType, isApply, negotiateOutput, negotiatePatch, type PatchType } from '../negotiation.ts';
import type { RequestContext } from '../request-context.ts';
import {
  type HandlerDependencies,
  hasTable,
  type ResourceEndpoint,
  type SubresourceEndpoint,
  TypeMismatch,
} from '../resource-endpoint.ts';
import { applyConfiguration, type Change } from './apply.ts';
import { writeOptions } from './create.ts';
import {
  type AdmissionRequest,
  checkName,
  converted,
  managerOf,
  sendEntry,
  sendObject,
  writeContext,
} from './operation.ts';
import { admitted, isView, kindOf, projectionOf, validationOf } from './update.ts';

type MergingPatchType = Exclude<PatchType, ApplyPatchType>;

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
  const patchType = negotiatePatch(context, endpoint.untyped);
  const format = negotiateOutput(context, hasTable(endpoint, subresource), endpoint.untyped);
  const body = await readBody(context, maxBodyBytes);
  await context.audit?.requestPatch(body);
  const options = parseWriteOptions(context.query, 'PatchOptions', patchType);
  const kind = kindOf(endpoint, subresource);
  const request: AdmissionRequest = {
    operation: 'UPDATE',
    kind,
    options: writeOptions(context.query, 'UpdateOptions'),
    dryRun: options.dryRun,
    name: info.name,
  };
  const projection = projectionOf(endpoint, store, subresource);
  const fieldManager = dependencies.fieldManager(endpoint, subresource);
  const applies = isApply(patchType);
  const change = isApply(patchType)
    ? await applyConfiguration(body, patchType, options, fieldManager, context)
    : changeByPatch(patchType, body, options, kind, fieldManager, projection.convert, context, dependencies);
  const transform: Transform = async (existing) => {
    if (existing === undefined && !applies) {
      throw notFound({ group: endpoint.group, resource: endpoint.resource }, info.name);
    }
    const live = existing === undefined ? undefined : projection.live(existing);
    const object = await converted(() => change(live));
    const uid = object.metadata?.uid ?? '';
    if (existing === undefined && uid !== '') throw missingOwner(endpoint, info.name, uid);
    ensureNamespace(object, endpoint.namespaced ? info.namespace : '');
    checkName(object, context);
    return admitted(context, dependencies, request, projection, object, existing);
  };
  const base = writeContext(context, endpoint, dependencies, request);
  const write = { ...base, ...validationOf(base, projection), forceAllowCreate: applies };
  for (let attempt = 0; ; attempt++) {
    try {
      const { entry, created } = await store.update(info.name, transform, write);
      note('Object stored in database');
      const code = created ? 201 : 200;
      if (isView(subresource)) await sendObject(context, code, format, projection.show(EntryView.of(entry).parse()));
      else await sendEntry(context, endpoint, dependencies, code, entry, format);
      return;
    } catch (error) {
      if (applies || !isConflict(error) || attempt >= maxConflictRetries) throw error;
    }
  }
}

function missingOwner(endpoint: ResourceEndpoint, name: string, uid: string): StatusError {
  return conflict(
    { group: endpoint.group, resource: endpoint.resource },
    name,
    `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
  );
}

/** The other patches: from what is there to the new object, decoded and with its managedFields. */
function changeByPatch(
  patchType: MergingPatchType,
  body: Buffer,
  options: WriteOptions,
  kind: ReturnType<typeof kindOf>,
  fieldManager: FieldManager,
  convert: ConvertVersion | undefined,
  context: RequestContext,
  dependencies: HandlerDependencies,
): Change {
  const { fieldValidation } = options;
  const { patch, strictErrors, asWritten } = parsePatch(patchType, body, fieldValidation);
  const manager = managerOf(context, options);
  return (live) => {
    if (live === undefined) throw new Error('only an apply creates');
    const applied = (): JsonObject => applyPatch(patchType, deepCopy(live), patch, kind, dependencies) as JsonObject;
    const patched = applied();
    const strategic = patchType === 'application/strategic-merge-patch+json';
    // A strategic merge patch fills an object of the kind, whatever it says of kinds; the others make a text.
    if (strategic) Object.assign(patched, { apiVersion: formatApiVersion(kind), kind: kind.kind });
    const refuse = strategic ? invalidPatch(patch) : invalidResult(applied);
    if (dependencies.isUntyped?.(kind) === true) checkTypeMeta(patched, kind, live.metadata?.name ?? '', refuse);
    const object = decodeObject(
      {
        value: patched,
        strictErrors,
        converted: strategic,
        sorted: patchType !== 'application/json-patch+json',
        ...(asWritten === undefined ? {} : { asWritten }),
      },
      kind,
      fieldValidation,
      context,
      dependencies,
      refuse,
      convert,
    );
    return fieldManager.update(live, object, manager);
  };
}

/** A custom resource that a patch would make another is told so as of the kind that it would be. */
function checkTypeMeta(patched: JsonObject, kind: ReturnType<typeof kindOf>, name: string, refuse: Refuse): void {
  const { apiVersion, kind: given } = patched;
  if (typeof apiVersion !== 'string' || typeof given !== 'string' || given === '') return;
  if (apiVersion.split('/').length > 2) throw refuse(`unexpected GroupVersion string: ${apiVersion}`);
  const expected = formatApiVersion(kind);
  const errors = [
    ...(given === kind.kind ? [] : [invalidValue(path('kind'), given, `must be ${kind.kind}`)]),
    ...(apiVersion === expected ? [] : [invalidValue(path('apiVersion'), apiVersion, `must be ${expected}`)]),
  ];
  if (errors.length === 0) return;
  throw invalid({ group: parseApiVersion(apiVersion).group, kind: given }, name, errors);
}

type Refuse = (problem: string | Error) => StatusError;

/** A strategic merge patch is converted, not decoded, into the object, and is itself at fault. */
function invalidPatch(patch: unknown): Refuse {
  return (problem) => {
    const text = problem instanceof TypeMismatch ? problem.conversion : messageOf(problem);
    return invalid({ group: '', kind: '' }, '', [invalidValue(path('patch'), goValue(patch as JsonObject), text)]);
  };
}

/** The other patches make a text, which is decoded as if a client had sent it. */
function invalidResult(applied: () => JsonObject): Refuse {
  return (problem) => {
    const result = applied();
    const text = JSON.stringify(
      Object.fromEntries(
        Object.keys(result)
          .sort()
          .map((key) => [key, result[key]]),
      ),
    );
    return invalid({ group: '', kind: '' }, '', [invalidValue(path('patch'), text, messageOf(problem))]);
  };
}

const messageOf = (problem: string | Error): string => (typeof problem === 'string' ? problem : problem.message);

interface ParsedPatch extends Pick<ParsedBody, 'strictErrors' | 'asWritten'> {
  patch: unknown;
}

/** A strategic merge patch is decoded to maps, of whose numbers nothing is kept; the others are texts until they are merged. */
function parsePatch(type: MergingPatchType, body: Buffer, fieldValidation: FieldValidation): ParsedPatch {
  const checked = type === 'application/merge-patch+json' && fieldValidation !== 'Ignore';
  const prefix = checked || type === 'application/json-patch+json' ? 'error decoding patch: ' : '';
  let patch: unknown;
  let parsed: Pick<ParsedBody, 'strictErrors' | 'asWritten'>;
  try {
    const { value, duplicateFields, asWritten } = parseJson(body, {
      strict: fieldValidation !== 'Ignore',
      asWritten: type !== 'application/strategic-merge-patch+json',
    });
    patch = type === 'application/strategic-merge-patch+json' ? plainNumbers(value) : value;
    parsed = {
      strictErrors: duplicateFields.map(duplicateFieldMessage),
      ...(asWritten === undefined ? {} : { asWritten }),
    };
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw badRequest(`${prefix}${error.message}`);
  }
  if (type === 'application/json-patch+json') {
    if (!Array.isArray(patch)) {
      throw badRequest(
        `error decoding patch: json: cannot unmarshal ${patch === null ? 'null' : jsonTypeOf(patch)} into Go value of type []handlers.jsonPatchOp`,
      );
    }
    if (patch.length > maxJsonPatchOperations) {
      throw requestEntityTooLarge(
        `The allowed maximum operations in a JSON patch is ${maxJsonPatchOperations}, got ${patch.length}`,
      );
    }
    return { patch, ...parsed };
  }
  if (!isObject(patch)) {
    const what = patch === null ? 'null' : jsonTypeOf(patch);
    throw badRequest(`${prefix}json: cannot unmarshal ${what} into Go value of type map[string]interface {}`);
  }
  return { patch, ...parsed };
}

function applyPatch(
  type: MergingPatchType,
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
