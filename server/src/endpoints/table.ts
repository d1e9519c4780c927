/** Objects as rows: `Accept: application/json;as=Table;v=v1;g=meta.k8s.io`, what `kubectl get` asks for. */
import type { BodyPart } from '@typernetes/openapi/codec';
import { badRequest } from '@typernetes/openapi/meta';
import type { EntryReader, EntryView } from '../registry/generic/entry-view.ts';
import type { TableDefinition } from '../registry/generic/table.ts';
import { anyTime, withAges } from '../registry/printing/index.ts';

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
  /** Of a custom resource. */
  untyped: boolean;
}

const kept = new WeakMap<EntryView, { table: TableDefinition; apiVersion: string; cells: string }>();
const rowEnd = Buffer.from('}');

/** One row; its cells are kept with the entry, with ages to be filled in. */
export function encodeRow(view: EntryView, source: RowSource, now: Date): BodyPart[] {
  const head = Buffer.from(`{"cells":${cellsOf(view, source, now)},"object":`);
  switch (source.include) {
    case 'None':
      return [head, noObject];
    case 'Object':
      return [head, view.body(source.reader, source.apiVersion), rowEnd];
    case 'Metadata':
      return [head, view.metadata(source.reader, printedVersion(source), source.metaApiVersion), rowEnd];
    default:
      return source.include satisfies never;
  }
}

const noObject = Buffer.from('null}');

/** Of built-in kinds, whichever version is asked for, the stored one is printed; only the whole object is converted. */
export const printedVersion = ({
  reader,
  apiVersion,
  untyped,
}: Omit<RowSource, 'table' | 'metaApiVersion' | 'include'>): string =>
  untyped ? apiVersion : reader.storageApiVersion;

function cellsOf(view: EntryView, source: RowSource, now: Date): string {
  const { reader, table, untyped } = source;
  const apiVersion = printedVersion(source);
  let made = kept.get(view);
  if (made?.table !== table || made.apiVersion !== apiVersion) {
    // Columns of custom resources may show anything; of the others no printer looks at managed fields.
    const object = view.parseAs(reader, apiVersion, untyped ? view.parse() : view.parseWithoutManagedFields());
    made = { table, apiVersion, cells: JSON.stringify(table.cells(object, anyTime)) };
    kept.set(view, made);
  }
  return withAges(made.cells, now);
}
