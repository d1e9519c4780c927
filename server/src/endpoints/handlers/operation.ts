/** What all write handlers share: admission attributes, write contexts, owner reference deduplication, answers. */
import {
  type BodyPart,
  cborMediaType,
  cborSerializer,
  joinParts,
  parseJson,
  yamlSerializer,
} from '@typernetes/openapi/codec';
import {
  badRequest,
  type GroupVersionKind,
  type KubernetesObject,
  qualifiedName,
  type Status,
} from '@typernetes/openapi/meta';
import { ConversionPending, decodeManagedFields, managerFromUserAgent } from '@typernetes/openapi/schema';
import { type AdmissionAttributes, type Operation, Reinvocation } from '../../admission/admission.ts';
import type { WriteContext } from '../../registry/generic/definition.ts';
import type { WriteOptions } from '../../registry/generic/options.ts';
import type { Entry } from '../../storage/storage.ts';
import { currentSpan, traced } from '../../tracing/span.ts';
import { authorize, authorizerAttributes } from '../filters/authorization.ts';
import type { OutputFormat } from '../negotiation.ts';
import { asDocument, encodeObject, presentEntry } from '../present.ts';
import { annotateAudit, header, type RequestContext } from '../request-context.ts';
import { type HandlerDependencies, type ResourceEndpoint, restContext } from '../resource-endpoint.ts';
import { sendBody, wantsPretty } from '../respond.ts';
import { parseIncludeObject } from '../table.ts';

export interface AdmissionRequest {
  operation: Operation;
  kind: GroupVersionKind;
  options: Readonly<Record<string, unknown>>;
  dryRun: boolean;
  name: string;
}

/** An update that finds nothing to update creates, and its options are then those of a create. */
export function asOperation(request: AdmissionRequest, existing: unknown): AdmissionRequest {
  if (request.operation !== 'UPDATE' || existing !== undefined) return request;
  return { ...request, operation: 'CREATE', options: { ...request.options, kind: 'CreateOptions' } };
}

export function admissionAttributes(
  context: RequestContext,
  request: AdmissionRequest,
  object: KubernetesObject | undefined,
  oldObject: KubernetesObject | undefined,
): AdmissionAttributes {
  const { info } = context;
  return {
    operation: request.operation,
    kind: request.kind,
    resource: { group: info.apiGroup, version: info.apiVersion, resource: info.resource },
    subresource: info.subresource,
    namespace: namespaceOf(context, request.name),
    name: request.name,
    object,
    oldObject,
    options: request.options,
    dryRun: request.dryRun,
    user: context.user,
    signal: context.signal,
    reinvocation: new Reinvocation(),
    warn: (message) => void context.warnings.add(message),
    annotate(key, value, level) {
      if (isAnnotationKey(key)) annotateAudit(context, key, value, level);
    },
  };
}

/** Upstream drops annotations whose key is no prefixed name. */
function isAnnotationKey(key: string): boolean {
  return key.split('/').length === 2 && qualifiedName(key).length === 0;
}

/** A request about a Namespace is in that namespace, for admission as for authorization. */
function namespaceOf(context: RequestContext, name: string): string {
  const { info } = context;
  return info.namespace === '' && info.apiGroup === '' && info.resource === 'namespaces' ? name : info.namespace;
}

export function writeContext(
  context: RequestContext,
  endpoint: ResourceEndpoint,
  dependencies: HandlerDependencies,
  request: AdmissionRequest,
): WriteContext {
  const rest = restContext(context, dependencies, request.dryRun);
  return {
    user: context.user,
    namespace: endpoint.namespaced ? context.info.namespace : '',
    now: rest.now,
    dryRun: request.dryRun,
    subresource: context.info.subresource,
    signal: context.signal,
    rest,
    warn: (message) => rest.warn(message),
    validateAdmission: async (object, old) => {
      const name = request.name === '' ? (object?.metadata?.name ?? old?.metadata?.name ?? '') : request.name;
      const named = { ...asOperation(request, old), name };
      await dependencies.admission.validate(admissionAttributes(context, named, object, old));
    },
    authorizeCreate: () =>
      authorize(dependencies.authorizer, { ...authorizerAttributes(context.info, context.user), verb: 'create' }),
  };
}

/** Who a write is by: what it says, or else what its user agent says. */
export function managerOf(context: RequestContext, { fieldManager }: WriteOptions): string {
  return fieldManager === '' ? managerFromUserAgent(header(context, 'user-agent')) : fieldManager;
}

/** Mutating admission. A plugin that leaves managedFields unreadable gets them put back, with a warning. */
export async function mutate(
  context: RequestContext,
  dependencies: HandlerDependencies,
  attributes: AdmissionAttributes,
): Promise<void> {
  const before = attributes.object?.metadata?.managedFields;
  await dependencies.admission.mutate(attributes);
  const { object } = attributes;
  const after = object?.metadata?.managedFields;
  if (object === undefined || after === before || after === undefined) return;
  try {
    decodeManagedFields(after);
  } catch (error) {
    const metadata = (object.metadata ??= {});
    if (before === undefined) delete metadata.managedFields;
    else metadata.managedFields = before;
    context.warnings.add(
      `.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests: ${(error as Error).message}`,
    );
  }
}

/** Repeated owner references are dropped with a warning, as upstream does. */
export function dedupOwnerReferences(object: KubernetesObject, context: RequestContext): void {
  const references = object.metadata?.ownerReferences;
  if (references === undefined || references.length < 2) return;
  const seen = new Set<string>();
  const repeated: string[] = [];
  const kept = references.filter((reference) => {
    const key = JSON.stringify(reference);
    if (!seen.has(key)) return seen.add(key);
    repeated.push(reference.uid);
    return false;
  });
  if (repeated.length === 0) return;
  object.metadata!.ownerReferences = kept;
  context.warnings.add(
    `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${repeated.join(', ')}`,
  );
}

/** The name on the path must be the object's, and so must the namespace. */
export function checkName(object: KubernetesObject, context: RequestContext): void {
  const { name, namespace } = context.info;
  const own = object.metadata?.name ?? '';
  if (own === '') {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (own !== name) throw badRequest(`the name of the object (${own}) does not match the name on the URL (${name})`);
  const ownNamespace = object.metadata?.namespace ?? '';
  if (namespace !== '' && ownNamespace !== '' && ownNamespace !== namespace) {
    throw badRequest(
      `the namespace of the object (${ownNamespace}) does not match the namespace on the request (${namespace})`,
    );
  }
}

export async function sendEntry(
  context: RequestContext,
  endpoint: ResourceEndpoint,
  dependencies: HandlerDependencies,
  code: number,
  entry: Entry,
  format: OutputFormat,
): Promise<void> {
  const include = parseIncludeObject(context.query);
  await sendEncoded(context, code, format, presentEntry(entry, endpoint, format, include, dependencies.now()));
}

/** Bytes made for the client's format: protobuf, or JSON, which may still have to become YAML, CBOR or pretty. */
export function sendEncoded(
  context: RequestContext,
  code: number,
  format: OutputFormat,
  parts: readonly BodyPart[],
): Promise<void> {
  const span = currentSpan();
  if (span === undefined) return send(context, code, format, parts);
  span.event('About to write a response');
  const { method, path, auditId, request } = context;
  const protocol = `HTTP/${request.httpVersionMajor}.${request.httpVersionMinor}`;
  const attributes = { 'audit-id': auditId, method, url: path, protocol, mediaType: format.mediaType };
  return traced(
    'SerializeObject',
    () => ({ attributes }),
    async (writing) => {
      writing?.event('About to start writing response', { size: parts.reduce((sum, part) => sum + part.length, 0) });
      await send(context, code, format, parts);
      writing?.event('Write call succeeded');
    },
  ).finally(() => span.event('Writing http response done'));
}

/** The notes of a write of so many bytes. */
export const writeNotes = (len: number) => ({
  before: 'About to store object in database',
  after: 'Write to database call succeeded',
  failed: 'Write to database call failed',
  attributes: { len },
});

function send(context: RequestContext, code: number, format: OutputFormat, parts: readonly BodyPart[]): Promise<void> {
  const { mediaType } = format;
  if (mediaType === cborMediaType)
    return sendBody(context, code, mediaType, [cborSerializer.encode(parseJson(joinParts(parts)).value)]);
  if (mediaType === 'application/yaml') {
    return sendBody(context, code, mediaType, [yamlSerializer.encode(parseJson(joinParts(parts)).value)]);
  }
  if (mediaType === 'application/json' && wantsPretty(context)) {
    const text = JSON.stringify(parseJson(joinParts(parts)).value, undefined, 2);
    return sendBody(context, code, mediaType, [Buffer.from(text)]);
  }
  return sendBody(context, code, mediaType, parts);
}

export function sendObject(
  context: RequestContext,
  code: number,
  format: OutputFormat,
  object: unknown,
): Promise<void> {
  const { kind } = object as { kind?: string };
  if (kind === 'Status') context.audit?.responseStatus(object as Status);
  return sendEncoded(context, code, format, asDocument(encodeObject(object, format.mediaType), format.mediaType));
}

/** Runs what keeps track of fields: again after each conversion that it has to wait for. */
export async function converted<T>(run: () => T): Promise<T> {
  for (;;) {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof ConversionPending)) throw error;
      await error.done;
    }
  }
}
