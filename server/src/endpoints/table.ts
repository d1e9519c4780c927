/** Objects as rows: `Accept: application/json;as=Table;v=v1;g=meta.k8s.io`, what `kubectl get` asks for. */
import { badRequest, type KubernetesObject } from '@typernetes/openapi/meta';
import type { EntryReader, EntryView } from '../registry/generic/entry-view.ts';
import type { TableDefinition } from '../registry/generic/table.ts';

export type IncludeObject = 'None' | 'Metadata' | 'Object';

export function parseIncludeObject(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? '';
  if (value === '' || value === 'Metadata') return 'Metadata';
  if (value === 'None' || value === 'Object') return value;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}

/** For kinds without a printer of their own. */
export const defaultTable: TableDefinition = {
  columns: [
    { name: 'Name', type: 'string', format: 'name', description: 'Name must be unique within a namespace.' },
    {
      name: 'Created At',
      type: 'date',
      description: 'The time at which the server created this object.',
    },
  ],
  cells: (object) => [object.metadata?.name ?? '', object.metadata?.creationTimestamp ?? ''],
};

export function columnDefinitions(table: TableDefinition): unknown[] {
  return table.columns.map((column) => ({
    name: column.name,
    type: column.type,
    format: column.format ?? '',
    description: column.description ?? '',
    priority: column.priority ?? 0,
  }));
}

export interface RowSource {
  reader: EntryReader;
  apiVersion: string;
  table: TableDefinition;
  metaApiVersion: string;
  include: IncludeObject;
}

/** How long an encoded row may be shown again: ages count in seconds. */
const rowLifetimeMs = 1000;

const rows = new WeakMap<EntryView, Map<string, { madeAt: number; row: Buffer }>>();

/** One encoded row, kept with the entry for a second. */
export function encodeRow(view: EntryView, source: RowSource, now: Date): Buffer {
  const key = `${source.apiVersion} ${source.metaApiVersion} ${source.include}`;
  let kept = rows.get(view);
  if (kept === undefined) rows.set(view, (kept = new Map()));
  const made = kept.get(key);
  if (made !== undefined && Math.abs(now.getTime() - made.madeAt) < rowLifetimeMs) return made.row;
  const object = view.parseAs(source.reader, source.apiVersion);
  const row = encodeRowOf(object, source, now, () => view.body(source.reader, source.apiVersion));
  kept.set(key, { madeAt: now.getTime(), row });
  return row;
}

export function encodeRowOf(object: KubernetesObject, source: RowSource, now: Date, body: () => Buffer): Buffer {
  const cells = JSON.stringify(source.table.cells(object, now));
  switch (source.include) {
    case 'None':
      return Buffer.from(`{"cells":${cells},"object":null}`);
    case 'Object':
      return Buffer.concat([Buffer.from(`{"cells":${cells},"object":`), body(), Buffer.from('}')]);
    case 'Metadata':
      return Buffer.from(`{"cells":${cells},"object":${partialObjectMetadata(object, source.metaApiVersion)}}`);
    default:
      return source.include satisfies never;
  }
}

export function partialObjectMetadata(object: KubernetesObject, metaApiVersion: string): string {
  return JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: metaApiVersion, metadata: object.metadata ?? {} });
}
