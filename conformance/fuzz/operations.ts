/** Every path and verb that a cluster publishes in its OpenAPI documents, with the schema of its body. */
import type { ApiHttp } from '../src/http.ts';

export interface Schema {
  $ref?: string;
  allOf?: Schema[];
  type?: string;
  format?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
}

export interface Operation {
  method: string;
  path: string;
  /** Names of query parameters. */
  parameters: readonly string[];
  body: Schema | undefined;
  definitions: Readonly<Record<string, Schema>>;
  kind: string | undefined;
  apiVersion: string | undefined;
}

interface Document {
  components?: { schemas?: Record<string, Schema> };
  paths: Record<string, Record<string, unknown>>;
}

interface Described {
  parameters?: { name: string; in: string }[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string };
}

const methods = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'];

export async function readOperations(http: ApiHttp): Promise<Operation[]> {
  const index = (await http.request('GET', '/openapi/v3')).json<{
    paths: Record<string, { serverRelativeURL: string }>;
  }>();
  const operations: Operation[] = [];
  for (const { serverRelativeURL } of Object.values(index.paths)) {
    const document = (await http.request('GET', serverRelativeURL)).json<Document>();
    const definitions = document.components?.schemas ?? {};
    for (const [path, item] of Object.entries(document.paths)) {
      const common = (item['parameters'] ?? []) as { name: string; in: string }[];
      for (const method of methods) {
        const described = item[method] as Described | undefined;
        if (described === undefined) continue;
        const kind = described['x-kubernetes-group-version-kind'];
        operations.push({
          method: method.toUpperCase(),
          path,
          parameters: [...common, ...(described.parameters ?? [])]
            .filter((each) => each.in === 'query')
            .map(({ name }) => name),
          body: Object.values(described.requestBody?.content ?? {})[0]?.schema,
          definitions,
          kind: kind?.kind,
          apiVersion: kind && (kind.group === '' ? kind.version : `${kind.group}/${kind.version}`),
        });
      }
    }
  }
  return operations;
}
