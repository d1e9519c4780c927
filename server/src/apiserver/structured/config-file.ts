/** Files of configuration in Kubernetes' own form (kind, apiVersion, strict fields), and what follows their changes. */
import { readFile, unwatchFile, watchFile } from 'node:fs';
import { yamlSerializer } from '@typernetes/openapi/codec';
import { checkTypes, type Schema, strictDecodingError } from '@typernetes/openapi/schema';

export interface ConfigKind {
  group: string;
  kind: string;
  /** All are read alike. */
  versions: readonly string[];
  schema: Schema;
}

/** Throws where the text is of another kind, has unknown or repeated fields, or values of the wrong type. */
export function decodeConfig<T>(text: string, { group, kind, versions, schema }: ConfigKind): T {
  if (text.trim() === '') throw new Error('empty config data');
  const { object, duplicateFields } = yamlSerializer.decode(Buffer.from(text), { strict: true });
  const { apiVersion, kind: given } = object as { apiVersion?: unknown; kind?: unknown };
  if (given !== kind || !versions.some((version) => apiVersion === `${group}/${version}`)) {
    const known = versions.map((version) => `${group}/${version}`).join(', ');
    throw new Error(
      `no kind ${JSON.stringify(given ?? '')} is registered for version ${JSON.stringify(apiVersion ?? '')}: expected ${kind} of ${known}`,
    );
  }
  const properties = { ...schema.properties, apiVersion: { type: 'string' }, kind: { type: 'string' } };
  const { error, unknownFields } = checkTypes(object, { ...schema, properties }, () => undefined);
  if (error !== undefined) throw new Error(error);
  const strict = strictDecodingError([
    ...unknownFields.map((path) => `unknown field ${JSON.stringify(path)}`),
    ...duplicateFields.map((path) => `duplicate field ${JSON.stringify(path)}`),
  ]);
  if (strict !== undefined) throw new Error(strict);
  return object as T;
}

/** A schema of objects, from `{ field: schema }`. */
export function struct(properties: Record<string, Schema>): Schema {
  return { type: 'object', properties };
}
export const string: Schema = { type: 'string' };
export const boolean: Schema = { type: 'boolean' };
export function list(items: Schema): Schema {
  return { type: 'array', items };
}

/**
 * Calls `changed` with the new text whenever it differs from the last. By polling: files of ConfigMaps are swapped as
 * links, which events of the file system do not show. Returns what ends it.
 */
export function followFile(
  file: string,
  initial: string,
  changed: (text: string) => void,
  intervalMs = 1000,
): () => void {
  let last = initial;
  const look = (): void =>
    readFile(file, 'utf8', (error, text) => {
      if (error !== null || text === last) return; // a file that is being replaced comes back
      last = text;
      changed(text);
    });
  watchFile(file, { interval: intervalMs, persistent: false }, look);
  return () => unwatchFile(file, look);
}
