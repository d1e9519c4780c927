/**
 * Stored entries as the client asked to see them: whole objects, Tables or metadata only, one, many or as watch
 * events. Works on bytes: what was encoded once is only joined here.
 */
import {
  type BodyPart,
  CodecError,
  jsonToProtobuf,
  listBody,
  partialObjectMetadataOf,
  protobufMediaType,
  protobufSerializer,
} from '@typernetes/openapi/codec';
import { type KubernetesObject, type ListMeta, notAcceptable, type ObjectMeta } from '@typernetes/openapi/meta';
import { EntryView } from '../registry/generic/entry-view.ts';
import type { ListPage } from '../registry/generic/listing.ts';
import type { TableDefinition } from '../registry/generic/table.ts';
import type { Entry } from '../storage/storage.ts';
import type { MediaType, OutputFormat } from './negotiation.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import { columnDefinitions, encodeRow, type IncludeObject, printedVersion, type RowSource } from './table.ts';

const comma = Buffer.from(',');
const tableEnd = Buffer.from(']}\n');
const lineEnd = Buffer.from('\n');

function inTableOrder(entries: readonly Entry[], source: RowSource): readonly Entry[] {
  const { table, reader } = source;
  if (table.order === undefined) return entries;
  const object = (entry: Entry) => EntryView.of(entry).parseAs(reader, printedVersion(source));
  return entries.toSorted((a, b) => table.order!(object(a), object(b)));
}

function rowSource(endpoint: ResourceEndpoint, format: OutputFormat, include: IncludeObject): RowSource {
  return {
    reader: endpoint.reader,
    apiVersion: endpoint.apiVersion,
    table: endpoint.table,
    metaApiVersion: format.convert?.apiVersion ?? 'meta.k8s.io/v1',
    include,
    untyped: endpoint.untyped === true,
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
  if (mediaType !== protobufMediaType) return Buffer.from(JSON.stringify(object));
  return orNotAcceptable(() => protobufSerializer.encode(object));
}

function wholeObject(view: EntryView, endpoint: ResourceEndpoint, mediaType: MediaType): BodyPart {
  return mediaType === protobufMediaType ? protobufOf(view, endpoint) : view.body(endpoint.reader, endpoint.apiVersion);
}

/** A whole object as protobuf, encoded once per entry. */
function protobufOf(view: EntryView, endpoint: ResourceEndpoint): Buffer {
  const { reader, apiVersion } = endpoint;
  return view.memoized(`protobuf:${apiVersion}`, () =>
    orNotAcceptable(() => {
      if (apiVersion !== reader.storageApiVersion) return protobufSerializer.encode(view.parseAs(reader, apiVersion));
      const { value, modRevision } = view.entry;
      const { group, version, kind } = endpoint;
      return jsonToProtobuf(value, { group, version, kind }, modRevision > 0 ? String(modRevision) : undefined);
    }),
  );
}

/** The whole of a body: Go's encoder ends a JSON document with a line feed. */
export function asDocument(object: BodyPart, mediaType: MediaType): BodyPart[] {
  return mediaType === protobufMediaType ? [object] : [object, lineEnd];
}

/** One object, as protobuf or JSON. */
export function presentEntry(
  entry: Entry,
  endpoint: ResourceEndpoint,
  format: OutputFormat,
  include: IncludeObject,
  now: Date,
): BodyPart[] {
  const view = EntryView.of(entry);
  const transform = format.convert?.kind;
  switch (transform) {
    case undefined:
      return asDocument(wholeObject(view, endpoint, format.mediaType), format.mediaType);
    case 'Table': {
      const source = rowSource(endpoint, format, include);
      const metadata = entry.modRevision > 0 ? { resourceVersion: String(entry.modRevision) } : {};
      return [Buffer.from(tableHead(source, metadata, true)), ...encodeRow(view, source, now), tableEnd];
    }
    case 'PartialObjectMetadata':
      return asDocument(metadataOf(view, endpoint, format), format.mediaType);
    case 'PartialObjectMetadataList':
      throw notAcceptable(
        `you requested PartialObjectMetadataList, but the requested object is not a list (*${endpoint.kind})`,
      );
    default:
      return transform satisfies never;
  }
}

const printedAs = ({ reader, apiVersion, untyped = false }: ResourceEndpoint): string =>
  printedVersion({ reader, apiVersion, untyped });

function metadataOf(view: EntryView, endpoint: ResourceEndpoint, format: OutputFormat): BodyPart {
  const { apiVersion } = format.convert!;
  return format.mediaType === protobufMediaType
    ? protobufMetadataOf(view, endpoint, apiVersion)
    : view.metadata(endpoint.reader, printedAs(endpoint), apiVersion);
}

function protobufMetadataOf(view: EntryView, endpoint: ResourceEndpoint, metaApiVersion: string): Buffer {
  const printed = printedAs(endpoint);
  if (endpoint.untyped === true || printed !== endpoint.apiVersion)
    return view.memoized(`protobuf-meta:${printed}:${metaApiVersion}`, () => {
      const { metadata = {} } = view.parseAs(endpoint.reader, printed);
      return protobufSerializer.encode({ kind: 'PartialObjectMetadata', apiVersion: metaApiVersion, metadata });
    });
  return view.memoized(`protobuf-meta:${metaApiVersion}`, () =>
    partialObjectMetadataOf(protobufOf(view, endpoint), metaApiVersion === 'meta.k8s.io/v1' ? 'v1' : 'v1beta1'),
  );
}

/** A list, as the parts of one body: protobuf or JSON. */
export function presentList(
  page: ListPage,
  endpoint: ResourceEndpoint,
  format: OutputFormat,
  include: IncludeObject,
  now: Date,
): BodyPart[] {
  const metadata = {
    resourceVersion: page.revision === 0 ? '' : String(page.revision),
    ...(page.continue === undefined ? {} : { continue: page.continue }),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  };
  const views = page.entries.map((entry) => EntryView.of(entry));
  const isProtobuf = format.mediaType === protobufMediaType;
  const transform = format.convert?.kind;
  switch (transform) {
    case undefined: {
      const { reader, apiVersion, untyped = false } = endpoint;
      const kind = `${endpoint.kind}List`;
      const named = untyped ? { continue: '', ...metadata } : metadata;
      if (isProtobuf) return protobufList(apiVersion, kind, named, views, (view) => protobufOf(view, endpoint));
      const items = views.map((view) => (untyped ? view.body(reader, apiVersion) : view.item(reader, apiVersion)));
      return listBody(apiVersion, kind, named, items);
    }
    case 'Table': {
      const source = rowSource(endpoint, format, include);
      const parts: BodyPart[] = [Buffer.from(tableHead(source, metadata, true))];
      for (const entry of inTableOrder(page.entries, source)) {
        if (parts.length > 1) parts.push(comma);
        parts.push(...encodeRow(EntryView.of(entry), source, now));
      }
      parts.push(tableEnd);
      return parts;
    }
    case 'PartialObjectMetadataList': {
      const { apiVersion } = format.convert!;
      if (isProtobuf)
        return protobufList(apiVersion, transform, metadata, views, (view) =>
          protobufMetadataOf(view, endpoint, apiVersion),
        );
      return listBody(
        apiVersion,
        transform,
        metadata,
        views.map((view) => view.metadata(endpoint.reader, printedAs(endpoint), apiVersion)),
      );
    }
    case 'PartialObjectMetadata':
      throw notAcceptable(
        `you requested PartialObjectMetadata, but the requested object is a list (*${endpoint.kind}List)`,
      );
    default:
      return transform satisfies never;
  }
}

function protobufList(
  apiVersion: string,
  kind: string,
  metadata: ListMeta,
  views: readonly EntryView[],
  encode: (view: EntryView) => Buffer,
): Buffer[] {
  return orNotAcceptable(() => protobufSerializer.encodeList(apiVersion, kind, metadata, views.map(encode)));
}

/** A Table of one object that is not stored. */
export function presentAsTable(
  object: KubernetesObject,
  table: TableDefinition,
  metaApiVersion: string,
  include: IncludeObject,
  now: Date,
): unknown {
  const { metadata = {} } = object;
  const row = { None: null, Object: object, Metadata: partialMetadata(metadata, metaApiVersion) }[include];
  return {
    kind: 'Table',
    apiVersion: metaApiVersion,
    metadata: { resourceVersion: metadata.resourceVersion },
    columnDefinitions: columnDefinitions(table),
    rows: [{ cells: table.cells(object, now), object: row }],
  };
}

const partialMetadata = (metadata: ObjectMeta, apiVersion: string): KubernetesObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion,
  metadata,
});

/** The object of a watch event at `revision`, as protobuf or JSON. `withColumns`: a Table's first event carries its columns. */
export function presentWatched(
  entry: Entry,
  revision: number,
  endpoint: ResourceEndpoint,
  format: OutputFormat,
  include: IncludeObject,
  now: Date,
  withColumns: boolean,
): BodyPart[] {
  const shown = revision === entry.modRevision ? entry : { ...entry, modRevision: revision, memo: undefined };
  const view = EntryView.of(shown);
  const transform = format.convert?.kind;
  switch (transform) {
    case undefined:
      return [wholeObject(view, endpoint, format.mediaType)];
    case 'Table': {
      const source = rowSource(endpoint, format, include);
      const head = tableHead(source, { resourceVersion: String(revision) }, withColumns);
      return [Buffer.from(head), ...encodeRow(view, source, now), Buffer.from(']}')];
    }
    case 'PartialObjectMetadata':
    case 'PartialObjectMetadataList':
      return [metadataOf(view, endpoint, format)];
    default:
      return transform satisfies never;
  }
}
