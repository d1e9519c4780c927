/**
 * Stored entries as the client asked to see them: whole objects, Tables or metadata only, one, many or as watch
 * events. Works on bytes: what was encoded once is only joined here.
 */
import {
  CodecError,
  cborMediaType,
  cborSerializer,
  jsonToProtobuf,
  listBody,
  partialObjectMetadataOf,
  protobufMediaType,
  protobufSerializer,
} from '@typernetes/openapi/codec';
import { notAcceptable } from '@typernetes/openapi/meta';
import { EntryView } from '../registry/generic/entry-view.ts';
import type { ListPage } from '../registry/generic/store.ts';
import type { Entry } from '../storage/storage.ts';
import type { MediaType, OutputFormat } from './negotiation.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import { columnDefinitions, encodeRow, type IncludeObject, partialObjectMetadata, type RowSource } from './table.ts';

const comma = Buffer.from(',');

function inTableOrder(entries: readonly Entry[], { table, reader, apiVersion }: RowSource): readonly Entry[] {
  if (table.order === undefined) return entries;
  const object = (entry: Entry) => EntryView.of(entry).parseAs(reader, apiVersion);
  return entries.toSorted((a, b) => table.order!(object(a), object(b)));
}

export function rowSource(endpoint: ResourceEndpoint, format: OutputFormat, include: IncludeObject): RowSource {
  return {
    reader: endpoint.reader,
    apiVersion: endpoint.apiVersion,
    table: endpoint.table,
    metaApiVersion: format.convert?.apiVersion ?? 'meta.k8s.io/v1',
    include,
  };
}

function tableHead(source: RowSource, metadata: unknown, withColumns: boolean): string {
  const columns = withColumns ? columnDefinitions(source.table) : null;
  return `{"kind":"Table","apiVersion":"${source.metaApiVersion}","metadata":${JSON.stringify(metadata)},"columnDefinitions":${JSON.stringify(columns)},"rows":[`;
}

/** Upstream's answer for a kind that has no protobuf. */
function orNotAcceptable<T>(encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    throw error instanceof CodecError ? notAcceptable(error.message) : error;
  }
}

/** An object that is not stored, as protobuf or as JSON. */
export function encodeObject(object: unknown, mediaType: MediaType): Buffer {
  if (mediaType === cborMediaType) return cborSerializer.encode(object);
  if (mediaType !== protobufMediaType) return Buffer.from(JSON.stringify(object));
  return orNotAcceptable(() => protobufSerializer.encode(object));
}

const asCbor = (json: Buffer): Buffer => cborSerializer.encode(JSON.parse(json.toString()));

/** An item of a list whose kind says that of its items. */
function bareCbor(view: EntryView, { reader, apiVersion }: ResourceEndpoint): Buffer {
  return view.memoized(`cbor-bare:${apiVersion}`, () => {
    const { kind: _, apiVersion: _version, ...rest } = view.parseAs(reader, apiVersion);
    return cborSerializer.encode(rest);
  });
}

/** What was made as JSON, for a client that may want CBOR. */
function orAsCbor(json: Buffer[], { mediaType }: OutputFormat): Buffer[] {
  return mediaType === cborMediaType ? [asCbor(Buffer.concat(json))] : json;
}

/** A whole object as protobuf or JSON, encoded once per entry. */
function wholeObject(view: EntryView, endpoint: ResourceEndpoint, mediaType: MediaType): Buffer {
  const { reader, apiVersion } = endpoint;
  if (mediaType === cborMediaType)
    return view.memoized(`cbor:${apiVersion}`, () => asCbor(view.body(reader, apiVersion)));
  if (mediaType !== protobufMediaType) return view.body(reader, apiVersion);
  return view.memoized(`protobuf:${apiVersion}`, () =>
    orNotAcceptable(() => {
      if (apiVersion !== reader.storageApiVersion) return protobufSerializer.encode(view.parseAs(reader, apiVersion));
      const { value, modRevision } = view.entry;
      const { group, version, kind } = endpoint;
      return jsonToProtobuf(value, { group, version, kind }, modRevision > 0 ? String(modRevision) : undefined);
    }),
  );
}

/** One object, as protobuf or JSON. */
export function presentEntry(
  entry: Entry,
  endpoint: ResourceEndpoint,
  format: OutputFormat,
  include: IncludeObject,
  now: Date,
): Buffer {
  const view = EntryView.of(entry);
  const transform = format.convert?.kind;
  switch (transform) {
    case undefined:
      return wholeObject(view, endpoint, format.mediaType);
    case 'Table': {
      const source = rowSource(endpoint, format, include);
      const metadata = entry.modRevision > 0 ? { resourceVersion: String(entry.modRevision) } : {};
      const head = Buffer.from(tableHead(source, metadata, true));
      return Buffer.concat(orAsCbor([head, encodeRow(view, source, now), Buffer.from(']}\n')], format));
    }
    case 'PartialObjectMetadata':
      return metadataOf(view, endpoint, format);
    case 'PartialObjectMetadataList':
      throw notAcceptable(
        `you requested PartialObjectMetadataList, but the requested object is not a list (*${endpoint.kind})`,
      );
    default:
      return transform satisfies never;
  }
}

function metadataOf(view: EntryView, endpoint: ResourceEndpoint, format: OutputFormat): Buffer {
  const { apiVersion } = format.convert!;
  if (format.mediaType === protobufMediaType) {
    return view.memoized(`protobuf-meta:${apiVersion}`, () =>
      partialObjectMetadataOf(
        wholeObject(view, endpoint, protobufMediaType),
        apiVersion === 'meta.k8s.io/v1' ? 'v1' : 'v1beta1',
      ),
    );
  }
  if (format.mediaType === cborMediaType)
    return view.memoized(`cbor-meta:${apiVersion}`, () =>
      asCbor(Buffer.from(partialObjectMetadata(view.parse(), apiVersion))),
    );
  return view.memoized(`meta:${apiVersion}`, () => Buffer.from(partialObjectMetadata(view.parse(), apiVersion)));
}

/** A list, as the parts of one body: protobuf or JSON. */
export function presentList(
  page: ListPage,
  endpoint: ResourceEndpoint,
  format: OutputFormat,
  include: IncludeObject,
  now: Date,
): Buffer[] {
  const metadata = {
    resourceVersion: page.revision === 0 ? '' : String(page.revision),
    ...(page.continue === undefined ? {} : { continue: page.continue }),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  };
  const encodeList =
    format.mediaType === protobufMediaType
      ? (...[apiVersion, kind, meta, items]: Parameters<typeof listBody>) =>
          orNotAcceptable(() => protobufSerializer.encodeList(apiVersion, kind, meta, items))
      : format.mediaType === cborMediaType
        ? cborSerializer.encodeList.bind(cborSerializer)
        : listBody;
  const transform = format.convert?.kind;
  switch (transform) {
    case undefined: {
      const bare = format.mediaType === cborMediaType && endpoint.untyped !== true;
      const bodies = page.entries.map((entry) =>
        bare ? bareCbor(EntryView.of(entry), endpoint) : wholeObject(EntryView.of(entry), endpoint, format.mediaType),
      );
      return encodeList(endpoint.apiVersion, `${endpoint.kind}List`, metadata, bodies, endpoint.untyped !== true);
    }
    case 'Table': {
      const source = rowSource(endpoint, format, include);
      const rows = inTableOrder(page.entries, source).map((entry) => encodeRow(EntryView.of(entry), source, now));
      return orAsCbor([Buffer.from(tableHead(source, metadata, true)), ...joined(rows), Buffer.from(']}\n')], format);
    }
    case 'PartialObjectMetadataList': {
      const bodies = page.entries.map((entry) => metadataOf(EntryView.of(entry), endpoint, format));
      return encodeList(format.convert!.apiVersion, 'PartialObjectMetadataList', metadata, bodies);
    }
    case 'PartialObjectMetadata':
      throw notAcceptable(
        `you requested PartialObjectMetadata, but the requested object is a list (*${endpoint.kind}List)`,
      );
    default:
      return transform satisfies never;
  }
}

function joined(parts: readonly Buffer[]): Buffer[] {
  const result: Buffer[] = [];
  for (const part of parts) {
    if (result.length > 0) result.push(comma);
    result.push(part);
  }
  return result;
}

/** The object of a watch event at `revision`, as protobuf or JSON. `withColumns`: a Table's first event carries its columns. */
export function presentWatched(
  entry: Entry,
  revision: number,
  endpoint: ResourceEndpoint,
  format: OutputFormat,
  include: IncludeObject,
  now: Date,
  withColumns: boolean,
): Buffer {
  const shown = revision === entry.modRevision ? entry : { ...entry, modRevision: revision, memo: undefined };
  const view = EntryView.of(shown);
  const transform = format.convert?.kind;
  switch (transform) {
    case undefined:
      return wholeObject(view, endpoint, format.mediaType);
    case 'Table': {
      const source = rowSource(endpoint, format, include);
      const head = tableHead(source, { resourceVersion: String(revision) }, withColumns);
      return Buffer.concat(orAsCbor([Buffer.from(head), encodeRow(view, source, now), Buffer.from(']}')], format));
    }
    case 'PartialObjectMetadata':
    case 'PartialObjectMetadataList':
      return metadataOf(view, endpoint, format);
    default:
      return transform satisfies never;
  }
}
