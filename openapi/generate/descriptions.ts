/**
 * Descriptions of fields and query parameters, read at generate time from the type declarations of `@kubernetes/client-node`: its models and
 * methods are made from upstream's OpenAPI document and carry its texts as doc comments. Nothing of them is committed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

export interface Description {
  text: string;
  fields: Map<string, string>;
}

export interface Descriptions {
  of(definition: string): Description | undefined;
  /** Of a query parameter, if most operations that take it tell the same. */
  parameter(name: string): string | undefined;
}

export const noDescriptions: Descriptions = { of: () => undefined, parameter: () => undefined };

export function readDescriptions(): Descriptions {
  const directory = modelsDirectory();
  if (directory === undefined) return noDescriptions;
  const models = new Set(
    readdirSync(directory)
      .filter((name) => name.endsWith('.d.ts'))
      .map((name) => name.slice(0, -'.d.ts'.length)),
  );
  const known = new Map<string, Description | undefined>();
  const read = (definition: string): Description | undefined => {
    const model = modelNames(definition).find((name) => models.has(name));
    return model === undefined ? undefined : parseModel(readFileSync(path.join(directory, `${model}.d.ts`), 'utf8'));
  };
  const parameters = parseParameters(readFileSync(path.join(directory, '../types/ObjectParamAPI.d.ts'), 'utf8'));
  return {
    of(definition) {
      if (!known.has(definition)) known.set(definition, read(definition));
      return known.get(definition);
    },
    parameter: (name) => parameters.get(name),
  };
}

/** Version of the description source, for the stamp of what is generated. */
export function descriptionsVersion(): string {
  const directory = modelsDirectory();
  if (directory === undefined) return 'none';
  const manifest = JSON.parse(readFileSync(path.resolve(directory, '../../../package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

function modelsDirectory(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve('@kubernetes/client-node');
    const directory = path.resolve(path.dirname(entry), 'gen/models');
    return existsSync(directory) ? directory : undefined;
  } catch {
    return undefined; // Installed without development dependencies.
  }
}

const capitalized = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** `io.k8s.api.core.v1.Event` is CoreV1Event there, and `io.k8s.api.core.v1.Pod`, whose name no other group uses, V1Pod. */
function modelNames(definition: string): string[] {
  const [name = '', version = '', group = ''] = definition.split('.').reverse();
  if (!/^v\d/.test(version)) return [capitalized(version) + name];
  return [capitalized(group) + capitalized(version) + name, capitalized(version) + name];
}

const comment = String.raw`\/\*\*\n((?:\s*\*(?!\/)[^\n]*\n)*)\s*\*\/\n`;
const classPattern = new RegExp(`${comment}export declare class `);
const fieldPattern = new RegExp(`${comment}    '([^']+)'\\??: `, 'g');

function parseModel(source: string): Description {
  const fields = new Map<string, string>();
  for (const [, text = '', name = ''] of source.matchAll(fieldPattern)) fields.set(fieldKey(name), plain(text));
  return { text: plain(classPattern.exec(source)?.[1] ?? ''), fields };
}

const parameterPattern = new RegExp(`${comment}    (\\w+)\\??: `, 'g');

/** What a method takes is told once for each method: a name is described by what more than half of them tell. */
function parseParameters(source: string): Map<string, string> {
  const tellings = new Map<string, string[]>();
  for (const [, text = '', name = ''] of source.matchAll(parameterPattern)) {
    const key = fieldKey(name);
    const told = tellings.get(key) ?? [];
    told.push(text);
    tellings.set(key, told);
  }
  const parameters = new Map<string, string>();
  for (const [name, told] of tellings) {
    for (const [text, times] of Map.groupBy(told, ownText)) {
      if (times.length * 2 > told.length) parameters.set(name, text);
    }
  }
  return parameters;
}

/** Without the lines that are about the method, and without the escapes of the tool that made it. */
function ownText(comment: string): string {
  const text = plain(comment.replace(/^ *\* (?:Defaults to: undefined|@\w+ .*)\n/gm, ''));
  return text
    .replace(/\\?&#(x?)([0-9A-Fa-f]+);/g, (_, hex: string, code: string) =>
      String.fromCharCode(Number.parseInt(code, hex === '' ? 10 : 16)),
    )
    .replace(/\\?&quot;/g, '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

/** Names that are no identifiers or reserved words are spelled differently there: `_continue`, `x_kubernetes_…`. */
export const fieldKey = (name: string): string => name.replace(/^[_$]/, '').replaceAll('-', '_');

function plain(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .trim()
    .replace(/\\(['"\\])/g, '$1')
    .replaceAll('*_/', '*/');
}
