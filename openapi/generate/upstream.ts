/** Reads what a kube-apiserver publishes about itself: from a directory of saved documents or from a live server. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { request as insecureRequest } from 'node:http';
import { request } from 'node:https';
import path from 'node:path';
import { parse } from 'yaml';
import type { Json, JsonMap, SpecSchema } from './spec.ts';

export interface ResourceEntry {
  name: string;
  singularName: string;
  kind: string;
  namespaced: boolean;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
  storageVersionHash?: string;
  group?: string;
  version?: string;
}

export interface GroupEntry {
  name: string;
  preferredVersion: { version: string };
  versions: { version: string }[];
}

export interface OperationDocument {
  operationId: string;
  tags?: string[];
  deprecated?: boolean;
  parameters?: JsonMap[];
  requestBody?: { required?: boolean; content: Record<string, { schema: SpecSchema }> };
  responses: Record<string, { content?: Record<string, { schema: SpecSchema }> }>;
  consumes?: string[];
  produces?: string[];
  schemes?: string[];
  'x-kubernetes-action'?: string;
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string };
}

export type PathDocument = { parameters?: JsonMap[] } & Record<string, OperationDocument | JsonMap[] | undefined>;

export interface OpenApiV3Document {
  info: JsonMap;
  paths: Record<string, PathDocument>;
  components: { schemas?: Record<string, SpecSchema>; securitySchemes?: JsonMap };
}

export interface OpenApiV2Document {
  definitions: Record<string, SpecSchema>;
  parameters: Record<string, JsonMap>;
  paths: Record<string, PathDocument>;
}

export type ProtobufFacts = Record<
  string,
  { messages?: Record<string, Record<string, { number: number; type: string; repeated?: boolean }>> }
>;

export interface Upstream {
  gitVersion: string;
  /** By path: "api", "api/v1", "apis/apps/v1", "version", … */
  openApiV3: Map<string, OpenApiV3Document>;
  openApiV2: OpenApiV2Document;
  groups: GroupEntry[];
  /** Resources by "api/v1", "apis/apps/v1", … */
  resources: Map<string, ResourceEntry[]>;
  /** Absent where the source has none (a live server): the numbers that the spec holds stay. */
  protobuf: ProtobufFacts | undefined;
}

export interface UpstreamOptions {
  from: string;
  token?: string;
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
}

export function readUpstream(options: UpstreamOptions): Promise<Upstream> | Upstream {
  return /^https?:/.test(options.from) ? fetchUpstream(options) : readDirectory(options.from);
}

function readDirectory(directory: string): Upstream {
  const read = (name: string): Json => JSON.parse(readFileSync(path.join(directory, name), 'utf8')) as Json;
  const documents = new Map<string, OpenApiV3Document>();
  for (const name of readdirSync(path.join(directory, 'openapi-v3')).sort()) {
    const document = read(`openapi-v3/${name}`) as unknown as OpenApiV3Document;
    documents.set(name.replace(/_openapi\.json$/, '').replaceAll('__', '/'), document);
  }
  const groups = (read('discovery/apis.json') as unknown as { groups: GroupEntry[] }).groups;
  const resources = new Map<string, ResourceEntry[]>();
  for (const place of groupVersionPaths(groups)) {
    const list = read(`discovery/${place.replaceAll('/', '__')}.json`) as unknown as { resources: ResourceEntry[] };
    resources.set(place, list.resources);
  }
  return {
    gitVersion: path.basename(path.resolve(directory)),
    openApiV3: documents,
    openApiV2: read('openapi-v2.json') as unknown as OpenApiV2Document,
    groups,
    resources,
    protobuf: existsSync(path.join(directory, 'protobuf/api.json'))
      ? (read('protobuf/api.json') as unknown as ProtobufFacts)
      : undefined,
  };
}

async function fetchUpstream(options: UpstreamOptions): Promise<Upstream> {
  const get = async <T>(place: string): Promise<T> => JSON.parse(await fetchText(options, place)) as T;
  const { gitVersion } = await get<{ gitVersion: string }>('/version');
  const index = await get<{ paths: Record<string, { serverRelativeURL: string }> }>('/openapi/v3');
  const documents = new Map<string, OpenApiV3Document>();
  for (const place of Object.keys(index.paths).sort()) {
    documents.set(place, await get<OpenApiV3Document>(index.paths[place]?.serverRelativeURL ?? `/openapi/v3/${place}`));
  }
  const { groups } = await get<{ groups: GroupEntry[] }>('/apis');
  const resources = new Map<string, ResourceEntry[]>();
  for (const place of groupVersionPaths(groups)) {
    resources.set(place, (await get<{ resources: ResourceEntry[] }>(`/${place}`)).resources);
  }
  const openApiV2 = await get<OpenApiV2Document>('/openapi/v2');
  return { gitVersion, openApiV3: documents, openApiV2, groups, resources, protobuf: undefined };
}

function fetchText(options: UpstreamOptions, place: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (options.token !== undefined) headers['authorization'] = `Bearer ${options.token}`;
    const { ca, cert, key } = options;
    const url = new URL(place, options.from);
    const send = url.protocol === 'http:' ? insecureRequest : request; // http: is what `kubectl proxy` offers.
    const outgoing = send(url, { headers, ca, cert, key }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${place}: ${response.statusCode} ${text.slice(0, 200)}`));
      });
    });
    outgoing.on('error', reject).end();
  });
}

function groupVersionPaths(groups: GroupEntry[]): string[] {
  return [
    'api/v1',
    ...groups.flatMap(({ name, versions }) => versions.map(({ version }) => `apis/${name}/${version}`)),
  ];
}

interface Kubeconfig {
  'current-context': string;
  contexts: { name: string; context: { cluster: string; user: string } }[];
  clusters: {
    name: string;
    cluster: { server: string; 'certificate-authority-data'?: string; 'certificate-authority'?: string };
  }[];
  users: {
    name: string;
    user: {
      token?: string;
      'client-certificate-data'?: string;
      'client-certificate'?: string;
      'client-key-data'?: string;
      'client-key'?: string;
    };
  }[];
}

/** Server and credentials of a kubeconfig's current context. */
export function kubeconfigOptions(file: string): UpstreamOptions {
  const config = parse(readFileSync(file, 'utf8')) as Kubeconfig;
  const context = config.contexts.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users.find(({ name }) => name === context?.user)?.user;
  if (cluster === undefined) throw new Error(`${file}: the current context names no cluster`);
  const bytes = (data: string | undefined, name: string | undefined) => {
    if (data !== undefined) return Buffer.from(data, 'base64');
    return name === undefined ? undefined : readFileSync(path.resolve(path.dirname(file), name));
  };
  return {
    from: cluster.server,
    token: user?.token,
    ca: bytes(cluster['certificate-authority-data'], cluster['certificate-authority']),
    cert: bytes(user?.['client-certificate-data'], user?.['client-certificate']),
    key: bytes(user?.['client-key-data'], user?.['client-key']),
  };
}
