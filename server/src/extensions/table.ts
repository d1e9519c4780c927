/** Custom resources as rows: name and the additional printer columns, or the age where there are none. */
import { openApiV3 } from '@typernetes/openapi/catalogue';
import { type JsonValue, parseTime } from '@typernetes/openapi/meta';
import type { TableDefinition } from '../registry/generic/table.ts';
import { ago } from '../registry/printing/age.ts';
import type { PrinterColumn } from './definition.ts';
import { JsonPath } from './schema/index.ts';

/** A small document; that every kind has metadata, and what it says, is the same in all of them. */
const documentWithMetadata = 'apis/node.k8s.io/v1';
let described: Record<string, { description?: string }> | undefined;

function describe(field: string): string {
  if (described === undefined) {
    const { body } = openApiV3(documentWithMetadata) ?? {};
    const { components } = JSON.parse(body?.toString('utf8') ?? '{}') as {
      components?: { schemas: Record<string, { properties?: Record<string, { description?: string }> }> };
    };
    described = components?.schemas['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta']?.properties ?? {};
  }
  return described[field]?.description ?? '';
}

export function customResourceTable(given: readonly PrinterColumn[] | undefined): TableDefinition {
  const age: PrinterColumn = {
    name: 'Age',
    type: 'date',
    description: describe('creationTimestamp'),
    jsonPath: '.metadata.creationTimestamp',
  };
  const columns = given === undefined || given.length === 0 ? [age] : given;
  const paths = columns.map(({ jsonPath }) => pathOf(jsonPath));
  return {
    columns: [
      { name: 'Name', type: 'string', format: 'name', description: describe('name') },
      ...columns.map(({ name, type, format, description, priority, jsonPath }) => ({
        name,
        type,
        format: format ?? '',
        description: description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
        priority: priority ?? 0,
      })),
    ],
    cells: (object, now) => [
      object.metadata?.name ?? '',
      ...columns.map(({ type }, index) => cell(type, paths[index]?.first(object), now)),
    ],
  };
}

function pathOf(text: string): JsonPath | undefined {
  try {
    return new JsonPath(text);
  } catch {
    return undefined;
  }
}

function cell(type: PrinterColumn['type'], value: unknown, now: Date): JsonValue {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date': {
      if (typeof value !== 'string') return null;
      const time = parseTime(value);
      return time === undefined ? '<invalid>' : ago(time.getTime(), now);
    }
    default:
      return type satisfies never;
  }
}
