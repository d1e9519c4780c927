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

/** The object is of none of the kinds that are known at that place. */
export class UnknownKindError extends Error {
  override name = 'UnknownKindError';
}

/**
 * Throws where the text is of another kind, has unknown or repeated fields (unless it is read as forgivingly as
 * upstream reads some), or values of the wrong type. `kinds`: all are read into the same.
 */
export function decodeConfig<T>(
  text: string,
  kinds: ConfigKind | readonly ConfigKind[],
  { strict = true }: { strict?: boolean } = {},
): T {
  if (text.trim() === '') throw new UnknownKindError('empty config data');
  const { object, duplicateFields, strictErrors } = yamlSerializer.decode(Buffer.from(text), { strict });
  const { schema } = kindOf(object, [kinds].flat(), text);
  const properties = { ...schema.properties, apiVersion: { type: 'string' }, kind: { type: 'string' } };
  const { error, unknownFields } = checkTypes(object, { ...schema, properties }, () => undefined);
  if (error !== undefined) throw new Error(error);
  const wrong = strict
    ? strictDecodingError([
        ...repeated(duplicateFields, strictErrors),
        ...unknownFields.map((path) => `unknown field ${JSON.stringify(path)}`),
      ])
    : undefined;
  if (wrong !== undefined) throw new Error(wrong);
  return object as T;
}

/** JSON's repeated fields are told by their paths, YAML's by their lines. */
function repeated(paths: readonly string[], errors: readonly string[]): readonly string[] {
  if (errors.length === 0 || errors[0] === `duplicate field ${JSON.stringify(paths[0])}`) return errors;
  return [['yaml: unmarshal errors:', ...errors].join('\n  ')];
}

function kindOf(
  object: { apiVersion?: unknown; kind?: unknown },
  kinds: readonly ConfigKind[],
  text: string,
): ConfigKind {
  const { apiVersion, kind: given } = object;
  const found = kinds.find(
    ({ group, kind, versions }) => given === kind && versions.some((version) => apiVersion === `${group}/${version}`),
  );
  if (found !== undefined) return found;
  for (const [field, value] of [
    ['Kind', given],
    ['apiVersion', apiVersion],
  ])
    if (value === undefined || value === '')
      throw new UnknownKindError(`Object '${String(field)}' is missing in '${text}'`);
  const known = kinds.map(
    ({ group, kind, versions }) => `${kind} of ${versions.map((version) => `${group}/${version}`).join(', ')}`,
  );
  throw new UnknownKindError(
    `no kind ${JSON.stringify(given)} is registered for version ${JSON.stringify(apiVersion)}: expected ${known.join(', or ')}`,
  );
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
  let stopped = false;
  const look = (): void =>
    readFile(file, 'utf8', (error, text) => {
      if (stopped || error !== null || text === last) return; // a file that is being replaced comes back
      last = text;
      changed(text);
    });
  watchFile(file, { interval: intervalMs, persistent: false }, look);
  // It may have changed since the initial text was read.
  look();
  return () => {
    stopped = true;
    unwatchFile(file, look);
  };
}
