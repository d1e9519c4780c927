/**
 * Field descriptions, read at generate time from the type declarations of `@kubernetes/client-node`: its models are made
 * from upstream's OpenAPI document and carry its texts as doc comments. Nothing of them is committed.
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
}

const none: Descriptions = { of: () => undefined };

export function readDescriptions(): Descriptions {
  const directory = modelsDirectory();
  if (directory === undefined) return none;
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
  return {
    of(definition) {
      if (!known.has(definition)) known.set(definition, read(definition));
      return known.get(definition);
    },
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
