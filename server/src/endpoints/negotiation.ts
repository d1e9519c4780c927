/** What the client wants to read (Accept) and what it sent (Content-Type). */
import { type NegotiatedMediaType, negotiate } from '@typernetes/openapi/codec';
import { notAcceptable, unsupportedMediaType } from '@typernetes/openapi/meta';
import { header, type RequestContext } from './request-context.ts';

export type MediaType = 'application/json' | 'application/yaml';
export type InputMediaType = MediaType | 'application/vnd.kubernetes.protobuf';

const inputs: readonly InputMediaType[] = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
];

export interface OutputFormat {
  mediaType: MediaType;
  /** `;stream=watch` was asked for. */
  stream: boolean;
  convert?: {
    kind: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
    apiVersion: 'meta.k8s.io/v1' | 'meta.k8s.io/v1beta1';
  };
}

const supported: readonly MediaType[] = ['application/json', 'application/yaml'];
const json: OutputFormat = { mediaType: 'application/json', stream: false };

/** What one acceptable choice means here; undefined where it asks for something that is not offered. */
function formatOf(choice: NegotiatedMediaType, allowTransform: boolean): OutputFormat | undefined {
  const { as, stream } = choice;
  const mediaType = choice.mediaType as MediaType;
  if (stream !== undefined && (stream !== 'watch' || mediaType !== 'application/json')) return undefined;
  const format: OutputFormat = { mediaType, stream: stream !== undefined };
  if (as === undefined) return format;
  if (!allowTransform || as.group !== 'meta.k8s.io' || (as.version !== 'v1' && as.version !== 'v1beta1'))
    return undefined;
  const { kind } = as;
  if (kind !== 'Table' && kind !== 'PartialObjectMetadata' && kind !== 'PartialObjectMetadataList') return undefined;
  format.convert = { kind, apiVersion: `meta.k8s.io/${as.version}` };
  return format;
}

/** `allowTransform`: Tables and metadata are on offer (resources), or not (discovery, Statuses). */
export function negotiateOutput(context: RequestContext, allowTransform: boolean): OutputFormat {
  const accept = header(context, 'accept');
  if (accept === '' || accept === '*/*' || accept === 'application/json') return json;
  const choice = negotiate(accept, supported, (candidate) => formatOf(candidate, allowTransform) !== undefined);
  if (choice === undefined) {
    throw notAcceptable(`only the following media types are accepted: ${supported.join(', ')}`);
  }
  return formatOf(choice, allowTransform)!;
}

/** Watches answer in JSON only: YAML has no framing. */
export function negotiateStream(context: RequestContext): OutputFormat {
  const format = negotiateOutput(context, true);
  if (format.mediaType !== 'application/json') {
    throw notAcceptable('only the following media types are accepted: application/json;stream=watch');
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

export function negotiateInput(context: RequestContext): InputMediaType {
  const contentType = header(context, 'content-type');
  if (contentType === '') return 'application/json';
  const base = baseType(contentType);
  const found = inputs.find((mediaType) => mediaType === base);
  if (found === undefined) throw unknownFormat(inputs);
  return found;
}

export type PatchType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/apply-patch+yaml';

const patchTypes: readonly PatchType[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

export function negotiatePatch(context: RequestContext): PatchType {
  const base = baseType(header(context, 'content-type'));
  const found = patchTypes.find((type) => type === base);
  if (found === undefined) throw unknownFormat(patchTypes);
  return found;
}
