/** From a request body to an object of the endpoint's kind, with upstream's complaints on the way. */
import {
  CodecError,
  cborMediaType,
  cborSerializer,
  type Decoded,
  decodeYaml,
  type FieldOccurrence,
  jsonSerializer,
  protobufMediaType,
  protobufSerializer,
} from '@typernetes/openapi/codec';
import {
  badRequest,
  formatApiVersion,
  type GroupVersionKind,
  type JsonObject,
  type KubernetesObject,
  parseApiVersion,
  quote,
  StatusError,
} from '@typernetes/openapi/meta';
import { duplicateFieldMessage, isObject, jsonTypeOf, unknownFieldMessage } from '@typernetes/openapi/schema';
import { summarizeData } from './body.ts';
import type { MediaType } from './negotiation.ts';
import type { RequestContext } from './request-context.ts';
import type { HandlerDependencies } from './resource-endpoint.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface ParsedBody {
  value: JsonObject;
  /** Duplicate fields. */
  strictErrors: string[];
  fields?: readonly FieldOccurrence[];
  /** What was parsed. */
  raw?: Buffer;
  /** Numbers are as codec's option of that name leaves them, and there are such. */
  asWritten?: true;
  /** It was merged as maps, which are converted. */
  converted?: boolean;
  /** It was merged from maps, which Go writes by key: so its unknown fields are met. */
  sorted?: boolean;
}

const serializers = {
  'application/json': jsonSerializer,
  'application/yaml': { decode: decodeYaml },
  [protobufMediaType]: protobufSerializer,
  [cborMediaType]: cborSerializer,
} as const;

/** Throws CodecError, or rejects with it, in the words of Go's decoders. */
export function decodeBody(
  body: Buffer,
  mediaType: MediaType,
  defaults: GroupVersionKind,
  strict = false,
): Decoded | Promise<Decoded> {
  return serializers[mediaType].decode(body, { strict, defaults, asWritten: true });
}

/** Parses bytes; says what Go's decoders say of malformed ones, and how these begin. */
export async function parseBody(
  body: Buffer,
  mediaType: MediaType,
  kind: GroupVersionKind,
  fieldValidation: FieldValidation = 'Ignore',
): Promise<ParsedBody> {
  try {
    const { object, ...decoded } = await decodeBody(body, mediaType, kind, fieldValidation !== 'Ignore');
    return { ...decoded, value: object, raw: body };
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw unrecognized(kind, error.message, body);
  }
}

function unrecognized(kind: GroupVersionKind, problem: string, body: Buffer): StatusError {
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind.kind}): ${problem} (${summarizeData(body)})`,
  );
}

/** The servers that kube-apiserver is made of know different kinds; messages tell where upstream lists them. */
function schemeOf(group: string): string {
  if (group === 'apiextensions.k8s.io') return 'pkg/apiserver/apiserver.go:55';
  if (group === 'apiregistration.k8s.io') return 'pkg/apiserver/scheme/scheme.go:28';
  return 'pkg/api/legacyscheme/scheme.go:30';
}

/** An object at another version as the endpoint's own; undefined if there is no way from the one to the other. */
export type ConvertVersion = (object: KubernetesObject) => KubernetesObject | undefined;

/**
 * The body as an object of `kind`. A missing kind or apiVersion is the endpoint's; another version of the same kind is
 * read as what it is and then refused, unless `convert` can make it one of the endpoint's; another kind cannot be
 * handled. `refuse` words wrong types and strict errors where they are not the decoder's.
 */
export function decodeObject(
  {
    value: fields,
    strictErrors: parseErrors,
    fields: order,
    sorted = false,
    raw,
    asWritten,
    converted = false,
  }: ParsedBody,
  kind: GroupVersionKind,
  fieldValidation: FieldValidation,
  context: RequestContext,
  dependencies: HandlerDependencies,
  refuse?: (problem: string | Error) => StatusError,
  convert?: ConvertVersion,
): KubernetesObject {
  const numbers = asWritten === true ? 'asWritten' : converted ? 'converted' : 'plain';
  const unreadable = (problem: string): StatusError => {
    if (refuse !== undefined) return refuse(problem);
    return raw === undefined ? badRequest(problem) : unrecognized(kind, problem, raw);
  };
  for (const name of ['apiVersion', 'kind'] as const) {
    if (fields[name] !== undefined && typeof fields[name] !== 'string' && fields[name] !== null) {
      throw unreadable(
        `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonTypeOf(fields[name])} into Go struct field .${name} of type string`,
      );
    }
  }
  if (dependencies.isUntyped?.(kind) === true) {
    if (!fields.kind) throw unreadable(`Object 'Kind' is missing in '${raw?.toString('utf8') ?? goJson(fields)}'`);
    checkOwnVersion(fields, kind);
  }
  const apiVersion = (fields.apiVersion as string | undefined) || formatApiVersion(kind);
  const sentKind = (fields.kind as string | undefined) || kind.kind;
  const sent = groupVersionOf(apiVersion);
  const cannot = (detail: string) =>
    badRequest(`${sentKind} in version ${quote(sent.version)} cannot be handled as a ${kind.kind}: ${detail}`);
  const sameGroupVersion = sent.group === kind.group && sent.version === kind.version;
  if (sentKind !== kind.kind || !sameGroupVersion) {
    if (!dependencies.knowsKind({ ...sent, kind: sentKind })) {
      const unknown = `no kind ${quote(sentKind)} is registered for version ${quote(apiVersion)} in scheme "${schemeOf(kind.group)}"`;
      throw refuse === undefined ? cannot(unknown) : refuse(unknown);
    }
    if (sentKind !== kind.kind) {
      // Upstream decodes it as what it says it is, and only then sees what was wanted.
      try {
        dependencies.decode(fields, { ...sent, kind: sentKind }, numbers);
      } catch (error) {
        if (error instanceof StatusError) throw error;
        throw cannot((error as Error).message);
      }
      const goPackage = (group: string) => (group === '' ? 'core' : group.split('.')[0]);
      throw cannot(
        `converting (${sent.version}.${sentKind}) to (${goPackage(kind.group)}.${kind.kind}): unknown conversion`,
      );
    }
  }
  fields.apiVersion = apiVersion;
  fields.kind = sentKind;
  let decoded: ReturnType<HandlerDependencies['decode']>;
  try {
    decoded = dependencies.decode(fields, sameGroupVersion ? kind : { ...sent, kind: kind.kind }, numbers);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    if (refuse !== undefined) throw refuse(error as Error);
    throw cannot((error as Error).message);
  }
  const strictErrors =
    decoded.untyped === true
      ? [...parseErrors, ...decoded.strictErrors]
      : inDocumentOrder(parseErrors, sorted ? decoded.strictErrors.toSorted() : decoded.strictErrors, order);
  if (strictErrors.length > 0) {
    if (fieldValidation === 'Strict')
      throw (refuse ?? cannot)(`strict decoding error: ${yamlErrorsAsOne(strictErrors).join(', ')}`);
    if (fieldValidation === 'Warn') for (const text of strictErrors) context.warnings.add(text);
  }
  const object = sameGroupVersion ? decoded.object : convert?.(decoded.object);
  if (object !== undefined) return object;
  throw badRequest(
    `the API version in the data (${apiVersion}) does not match the expected API version (${formatApiVersion(kind)})`,
  );
}

/** As Go writes a map: by key. */
function goJson(value: JsonObject): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isObject(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  );
}

/** Custom resources have no type that a missing version or another kind could be told by. */
function checkOwnVersion({ apiVersion }: JsonObject, kind: GroupVersionKind): void {
  const expected = formatApiVersion(kind);
  if (apiVersion === expected) return;
  const found = typeof apiVersion === 'string' ? apiVersion : '';
  throw badRequest(`the API version in the data (${found}) does not match the expected API version (${expected})`);
}

/** A refusal has what is repeated in YAML as Go's decoder says it: all at once. */
function yamlErrorsAsOne(errors: readonly string[]): string[] {
  const isYaml = (text: string): boolean => /^line \d+: key /.test(text);
  const lines = errors.filter(isYaml);
  const others = errors.filter((text) => !isYaml(text));
  return lines.length === 0 ? others : [`yaml: unmarshal errors:\n  ${lines.join('\n  ')}`, ...others];
}

/** Upstream decodes in one pass: it meets unknown and duplicate fields as they come, and does not look into unknown ones. */
function inDocumentOrder(
  duplicate: readonly string[],
  unknown: readonly string[],
  order: readonly FieldOccurrence[] | undefined,
): readonly string[] {
  if (order === undefined || unknown.length === 0) return [...duplicate, ...unknown];
  const found = new Set([...duplicate, ...unknown]);
  const skipped = unknown.map((message) => message.slice('unknown field "'.length, -1));
  const isSkipped = (path: string): boolean =>
    skipped.some((one) => path === one || path.startsWith(`${one}.`) || path.startsWith(`${one}[`));
  const messages = order
    .filter(({ path, again }) => !again || !isSkipped(path))
    .map(({ path, again }) => (again ? duplicateFieldMessage(path) : unknownFieldMessage(path)));
  return [...new Set(messages)].filter((message) => found.has(message));
}

function groupVersionOf(apiVersion: string) {
  try {
    return parseApiVersion(apiVersion);
  } catch (error) {
    throw badRequest((error as Error).message);
  }
}
