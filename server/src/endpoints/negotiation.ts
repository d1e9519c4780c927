/** What the client wants to read (Accept) and what it sent (Content-Type). */
import { cborMediaType, type NegotiatedMediaType, negotiate, protobufMediaType } from '@typernetes/openapi/codec';
import { notAcceptable, unsupportedMediaType } from '@typernetes/openapi/meta';
import { header, type RequestContext } from './request-context.ts';

export type MediaType = 'application/json' | 'application/yaml' | typeof protobufMediaType | typeof cborMediaType;

/** CBOR is on offer with feature gate CBORServingAndStorage only. */
const withoutCbor: readonly MediaType[] = ['application/json', 'application/yaml', protobufMediaType];
const withCbor: readonly MediaType[] = [...withoutCbor, cborMediaType];
export const supportedBy = (context: RequestContext): readonly MediaType[] => (context.cbor ? withCbor : withoutCbor);
/** YAML has no framing. */
const isStreamed = (mediaType: MediaType): boolean => mediaType !== 'application/yaml';

export interface OutputFormat {
  mediaType: MediaType;
  /** `;stream=watch` was asked for. */
  stream: boolean;
  convert?: {
    kind: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
    apiVersion: 'meta.k8s.io/v1' | 'meta.k8s.io/v1beta1';
  };
}

export const json: OutputFormat = { mediaType: 'application/json', stream: false };

/** What an answer can be made into beside the object itself. Not every storage has columns. */
type Transforms = 'none' | 'metadata' | 'metadataAndTable';

/** What one acceptable choice means here; undefined where it asks for something that is not offered. */
function formatOf(choice: NegotiatedMediaType, transforms: Transforms, untyped = false): OutputFormat | undefined {
  const { as, stream } = choice;
  const mediaType = choice.mediaType as MediaType;
  if (stream !== undefined && (stream !== 'watch' || !isStreamed(mediaType))) return undefined;
  const format: OutputFormat = { mediaType, stream: stream !== undefined };
  // Custom resources have no protobuf, but their metadata has.
  if (as === undefined) return untyped && mediaType === protobufMediaType ? undefined : format;
  if (transforms === 'none' || as.group !== 'meta.k8s.io' || (as.version !== 'v1' && as.version !== 'v1beta1'))
    return undefined;
  const { kind } = as;
  // Upstream has no protobuf for Tables either: the client's next choice is tried.
  if (kind === 'Table' && (transforms === 'metadata' || mediaType === protobufMediaType)) return undefined;
  if (kind !== 'Table' && kind !== 'PartialObjectMetadata' && kind !== 'PartialObjectMetadataList') return undefined;
  format.convert = { kind, apiVersion: `meta.k8s.io/${as.version}` };
  return format;
}

/** `allowTransform`: Tables and metadata are on offer (resources), or not (discovery, Statuses). */
export function negotiateOutput(context: RequestContext, hasTable = true, untyped = false): OutputFormat {
  const accept = header(context, 'accept');
  if (accept === '' || accept === '*/*' || accept === 'application/json') return json;
  const transforms = hasTable ? 'metadataAndTable' : 'metadata';
  const supported = supportedBy(context);
  const choice = negotiate(accept, supported, (candidate) => formatOf(candidate, transforms, untyped) !== undefined);
  if (choice === undefined) {
    throw notAcceptable(`only the following media types are accepted: ${supported.join(', ')}`);
  }
  return formatOf(choice, transforms, untyped)!;
}

/** How to answer an error: in what was asked for. Undefined where that cannot say a Status. */
export function negotiateStatus(context: RequestContext): MediaType | undefined {
  const accept = header(context, 'accept');
  const choice = negotiate(accept, supportedBy(context), (candidate) => formatOf(candidate, 'none') !== undefined);
  return choice?.mediaType as MediaType | undefined;
}

/** `application/json;pretty=1` */
export function acceptsPretty(context: RequestContext): boolean {
  const accept = header(context, 'accept');
  return accept.includes('pretty') && negotiate(accept, supportedBy(context))?.pretty === true;
}

/** The types of watches. */
export function streamedTypesOf(context: RequestContext): string[] {
  return supportedBy(context)
    .filter(isStreamed)
    .map((mediaType) => (mediaType === cborMediaType ? 'application/cbor-seq' : `${mediaType};stream=watch`));
}

export function negotiateStream(context: RequestContext, untyped = false): OutputFormat {
  const accept = header(context, 'accept');
  const supported = supportedBy(context);
  // A watch is a sequence, which has a type of its own in CBOR; clients may ask for either.
  const asked = context.cbor ? accept.replaceAll('application/cbor-seq', cborMediaType) : accept;
  const meant = (candidate: NegotiatedMediaType) => formatOf(candidate, 'metadataAndTable', untyped);
  const choice = negotiate(asked, supported, (candidate) => meant(candidate) !== undefined);
  const format = choice === undefined ? undefined : meant(choice);
  if (format === undefined || !isStreamed(format.mediaType)) {
    // Whoever asks for whole custom resources is told what any request for them is told.
    if (untyped) negotiateOutput(context, true, true);
    throw notAcceptable(`only the following media types are accepted: ${streamedTypesOf(context).join(', ')}`);
  }
  return format;
}

function baseType(contentType: string): string {
  return contentType.split(';', 1)[0]!.trim().toLowerCase();
}

const unknownFormat = (accepted: readonly string[]) =>
  unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );

export function negotiateInput(context: RequestContext): MediaType {
  const contentType = header(context, 'content-type');
  if (contentType === '') return 'application/json';
  const base = baseType(contentType);
  const supported = supportedBy(context);
  const found = supported.find((mediaType) => mediaType === base);
  if (found === undefined) throw unknownFormat(supported);
  return found;
}

export type PatchType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | ApplyPatchType;

export type ApplyPatchType = 'application/apply-patch+yaml' | 'application/apply-patch+cbor';

export function isApply(type: PatchType): type is ApplyPatchType {
  return type === 'application/apply-patch+yaml' || type === 'application/apply-patch+cbor';
}

const patchTypes: readonly PatchType[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

export function patchTypesOf(context: RequestContext): readonly PatchType[] {
  return context.cbor ? [...patchTypes, 'application/apply-patch+cbor'] : patchTypes;
}

export function negotiatePatch(context: RequestContext, untyped = false): PatchType {
  const base = baseType(header(context, 'content-type'));
  const accepted = patchTypesOf(context);
  const found = accepted.find((type) => type === base);
  if (found === undefined || (untyped && found === 'application/strategic-merge-patch+json'))
    throw unknownFormat(
      untyped ? accepted.filter((type) => type !== 'application/strategic-merge-patch+json') : accepted,
    );
  return found;
}
