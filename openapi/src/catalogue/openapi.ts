/**
 * The OpenAPI documents of the built-in API, as bytes ready to be served. A server that has custom resources merges theirs
 * into the parsed document and encodes it again (`encodeOpenApiV2`, `encodeOpenApiV3`).
 */
import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../meta/object.ts';
import { memoized, once, readGenerated, readGeneratedJson } from './generated.ts';
import { encodeOpenApiV2 } from './gnostic.ts';
import { groups, type Served, servedByDefault } from './resources.ts';

export type OpenApiEncoding = 'json' | 'protobuf';

/** Content types of the protobuf forms, as upstream answers; requests may also spell them with `@v1.0`. */
export const openApiProtobufType = {
  v2: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  v3: 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf',
} as const;

interface IndexFile {
  v2: string;
  /** Path → hash. */
  v3: Record<string, string>;
}

const index = once(() => readGeneratedJson<IndexFile>('openapi/index.json'));
const document = memoized((name) => readGenerated(`openapi/${name}`));

/** Entity tag of a document: upper-case SHA-512 of its JSON. */
export const openApiHash = (json: Buffer | string): string =>
  createHash('sha512').update(json).digest('hex').toUpperCase();

export interface OpenApiV3Index {
  paths: Record<string, { serverRelativeURL: string }>;
}

/** The document of /openapi/v3: every path with the URL, and the hash in it, of its document. */
export function openApiV3Index(isServed: Served = servedByDefault): OpenApiV3Index {
  const served = Object.entries(index().v3)
    .filter(([path]) => isServedPath(path, isServed))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    paths: Object.fromEntries(
      served.map(([path, hash]) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }]),
    ),
  };
}

/** The document of /openapi/v3/PATH (`api/v1`, `apis/apps/v1`, `version` …). */
export function openApiV3(
  path: string,
  encoding: OpenApiEncoding = 'json',
  isServed: Served = servedByDefault,
): { body: Buffer; hash: string } | undefined {
  const hash = index().v3[path];
  if (hash === undefined || !isServedPath(path, isServed)) return undefined;
  const extension = encoding === 'json' ? 'json' : 'pb';
  return { body: document(`v3/${path.replaceAll('/', '__')}.${extension}`), hash };
}

function isServedPath(path: string, isServed: Served): boolean {
  const [root, group, version] = path.split('/');
  if (root === 'api') return true;
  if (root !== 'apis' || group === undefined) return true;
  if (version !== undefined) return isServed({ group, version });
  return groups().some(
    ({ name, versions }) => name === group && versions.some((one) => isServed({ group, version: one.version })),
  );
}

/** The document of /openapi/v2. Any choice but the default one is put together at its first use, and kept. */
export function openApiV2(
  encoding: OpenApiEncoding = 'json',
  isServed: Served = servedByDefault,
): { body: Buffer; hash: string } {
  const chosen = choice(isServed);
  if (chosen === choice(servedByDefault)) {
    return { body: document(encoding === 'json' ? 'v2.json' : 'v2.pb'), hash: index().v2 };
  }
  const { json, hash } = assembled(chosen);
  if (encoding === 'json') return { body: json, hash };
  return { body: encodeOpenApiV2(JSON.parse(json.toString()) as JsonObject), hash };
}

const choice = (isServed: Served): string =>
  groups()
    .flatMap(({ name, versions }) => versions.map(({ version }) => ({ group: name, version })))
    .filter(isServed)
    .map(({ group, version }) => `${group}/${version}`)
    .join(' ');

const assembled = memoized((chosen: string): { json: Buffer; hash: string } => {
  const served = new Set(chosen.split(' '));
  const isServed: Served = ({ group, version }) => served.has(`${group}/${version}`);
  const all = JSON.parse(document('v2-all.json').toString()) as JsonObject;
  const paths = Object.entries(all['paths'] as JsonObject).filter(([path]) =>
    isServedPath(path.split('/').slice(1, 4).filter(Boolean).join('/'), isServed),
  );
  const definitions = all['definitions'] as JsonObject;
  const reached = new Set(referencesIn(Object.fromEntries(paths)));
  // Bodies of shared parameters: DeleteOptions and Patch, which every group version uses.
  for (const name of referencesIn(all['parameters'] ?? {})) reached.add(name);
  for (const name of reached) for (const next of referencesIn(definitions[name] ?? {})) reached.add(next);
  const kept = Object.entries(definitions).filter(([name]) => reached.has(name));
  const json = Buffer.from(
    JSON.stringify({ ...all, paths: Object.fromEntries(paths), definitions: Object.fromEntries(kept) }),
  );
  return { json, hash: openApiHash(json) };
});

function referencesIn(value: JsonValue): string[] {
  return [...JSON.stringify(value).matchAll(/"#\/definitions\/([^"]+)"/g)].map(([, name = '']) => name);
}
