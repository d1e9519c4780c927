/**
 * The shape of the files under openapi/spec/<minor>: our own compact description of the upstream API. The distiller writes
 * them, the generator reads them. They hold facts only (names, types, numbers), no prose.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonMap = { [key: string]: Json };

/** A schema as OpenAPI writes it, without descriptions; `$ref` is the bare name of a definition. */
export interface SpecSchema {
  type?: string;
  format?: string;
  $ref?: string;
  default?: Json;
  enum?: Json[];
  oneOf?: SpecSchema[];
  items?: SpecSchema;
  additionalProperties?: SpecSchema | boolean;
  required?: string[];
  properties?: Record<string, SpecSchema>;
  [extension: `x-${string}`]: Json | undefined;
}

export interface SpecSubresource {
  name: string;
  kind: string;
  /** Group and version of the kind, where they are not the resource's own. */
  group?: string;
  version?: string;
  verbs: string[];
}

export interface SpecResource {
  name: string;
  singularName: string;
  kind: string;
  namespaced: boolean;
  shortNames?: string[];
  categories?: string[];
  verbs: string[];
  storageVersionHash?: string;
  subresources?: SpecSubresource[];
}

/** One operation of a path. What it shares with others of its kind is in operations.json under `shape`. */
export interface SpecOperation {
  id: string;
  shape: string;
  /** The kind of x-kubernetes-group-version-kind; group and version only where they are not the file's own. */
  kind?: string;
  group?: string;
  version?: string;
  /** Names of definitions, in the order in which the shape counts them. */
  schemas?: string[];
}

export interface SpecPath {
  parameters?: string[];
  [method: string]: SpecOperation | string[] | undefined;
}

/** A body or response: number of an entry of the operation's `schemas`, or a primitive schema. */
export type SpecContent = number | SpecSchema;

export interface SpecShape {
  action?: string;
  deprecated?: boolean;
  /** Keys of parameters.json. */
  parameters?: string[];
  /** `shared` is the name under which the OpenAPI v2 document shares it as a parameter. */
  request?: { required: boolean; schema: SpecContent; shared?: string };
  /** By status code; null is a response without content. */
  responses: Record<string, SpecContent | null>;
  consumes: string[];
  produces?: string[];
  schemes: string[];
}

/** A query or path parameter. A key `name-hash` is one that the OpenAPI v2 document shares under that name. */
export interface SpecParameter {
  in: 'query' | 'path';
  name: string;
  type: string;
  required?: boolean;
  uniqueItems?: boolean;
}

export interface SpecGroupVersion {
  group: string;
  version: string;
  /** Tag of its operations. */
  tag?: string;
  resources: SpecResource[];
  definitions: Record<string, SpecSchema>;
  paths: Record<string, SpecPath>;
}

/** A document of /openapi/v3 that belongs to no group version: "apis/apps", "version", … */
export interface SpecRootDocument {
  tag?: string;
  paths: Record<string, SpecPath>;
}

export interface SpecGroup {
  name: string;
  preferredVersion: string;
  versions: { version: string; enabledByDefault: boolean }[];
}

export interface SpecIndex {
  kubernetesVersion: { major: string; minor: string; gitVersion: string };
  info: JsonMap;
  securitySchemes: JsonMap;
  /** In the order of /apis; the core group first. */
  groups: SpecGroup[];
}

/** [number, type] or [number, type, 'repeated']. Types with dots are full names, others scalars or of the same package. */
export type SpecField = [number, string] | [number, string, 'repeated'];
export type SpecMessages = Record<string, Record<string, SpecField>>;

export interface Spec {
  index: SpecIndex;
  groupVersions: SpecGroupVersion[];
  /** Definitions that all groups share: meta/v1, Quantity, IntOrString, RawExtension, version.Info. */
  machinery: Record<string, SpecSchema>;
  roots: Record<string, SpecRootDocument>;
  shapes: Record<string, SpecShape>;
  parameters: Record<string, SpecParameter>;
  protobuf: Record<string, SpecMessages>;
}

export const groupVersionFile = (group: string, version: string): string => `${group || 'core'}.${version}.json`;

const shared = {
  index: 'index.json',
  machinery: 'machinery.json',
  roots: 'roots.json',
  shapes: 'operations.json',
  parameters: 'parameters.json',
  protobuf: 'protobuf.json',
} as const;

/** File name → content, in the order in which they are written. */
export function specFiles(spec: Spec): Map<string, string> {
  const files = new Map<string, string>();
  const add = (name: string, value: unknown) => files.set(name, `${compactJson(value)}\n`);
  for (const [part, name] of Object.entries(shared)) add(name, spec[part as keyof typeof shared]);
  for (const file of spec.groupVersions) add(groupVersionFile(file.group, file.version), file);
  return files;
}

export function readSpec(directory: string): Spec {
  const read = <T>(name: string): T => JSON.parse(readFileSync(path.join(directory, name), 'utf8')) as T;
  const index = read<SpecIndex>(shared.index);
  return {
    index,
    groupVersions: index.groups.flatMap((group) =>
      group.versions.map(({ version }) => read<SpecGroupVersion>(groupVersionFile(group.name, version))),
    ),
    machinery: read(shared.machinery),
    roots: read(shared.roots),
    shapes: read(shared.shapes),
    parameters: read(shared.parameters),
    protobuf: read(shared.protobuf),
  };
}

/** Directory of the newest version under openapi/spec. */
export function specDirectory(root: string): string {
  const [newest] = readdirSync(root)
    .filter((name) => /^v\d+\.\d+$/.test(name))
    .sort((a, b) => Number(b.split('.')[1]) - Number(a.split('.')[1]));
  if (newest === undefined) throw new Error(`no spec under ${root}`);
  return path.join(root, newest);
}

/** JSON with one entry per line, where whatever fits on a line stays on it: small files and readable diffs. */
export function compactJson(value: unknown, indent = '', width = 140): string {
  const line = JSON.stringify(value);
  if (line.length + indent.length <= width || value === null || typeof value !== 'object') return line;
  const inner = `${indent} `;
  const entries = Array.isArray(value)
    ? value.map((item) => inner + compactJson(item, inner, width))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${inner}${JSON.stringify(key)}: ${compactJson(item, inner, width)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${entries.join(',\n')}\n${indent}${close}`;
}
