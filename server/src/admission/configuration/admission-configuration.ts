/** `--admission-control-config-file`: apiserver.config.k8s.io AdmissionConfiguration, what each plugin is configured with. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { yamlSerializer } from '@typernetes/openapi/codec';
import {
  type ConfigKind,
  decodeConfig,
  list,
  string,
  struct,
  UnknownKindError,
} from '../../apiserver/structured/config-file.ts';

/** The text of a plugin's own configuration; undefined where it has none. */
export type PluginConfigurations = (plugin: string) => string | undefined;

interface PluginConfiguration {
  name?: string;
  path?: string;
  configuration?: object | null;
}

const kind: ConfigKind = {
  group: 'apiserver.config.k8s.io',
  kind: 'AdmissionConfiguration',
  versions: ['v1', 'v1alpha1'],
  schema: struct({
    plugins: list(
      struct({
        name: string,
        path: string,
        configuration: { 'x-kubernetes-preserve-unknown-fields': true },
      }),
    ),
  }),
};

/** Plugins that are older than the kind: the file may be all theirs, as these fields tell. */
const unversioned = {
  plugins: ['ImagePolicyWebhook', 'PodNodeSelector'],
  fields: ['imagePolicy', 'podNodeSelectorPluginConfig'],
};

/** Throws where the file cannot be used. What it says of plugins that do not run is not looked at. */
export function readAdmissionConfiguration(file: string): PluginConfigurations {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(
      `failed to read plugin config: unable to read admission control configuration from ${JSON.stringify(file)} [${reasonOf(error, file)}]`,
      { cause: error },
    );
  }
  const plugins = decode(text, file);
  return (name) => {
    const found = plugins.find((plugin) => plugin.name === name);
    if (found === undefined) return undefined;
    if (found.configuration != null) return JSON.stringify(found.configuration);
    return found.path ? readOwn(path.resolve(path.dirname(file), found.path)) : undefined;
  };
}

function decode(text: string, file: string): PluginConfiguration[] {
  try {
    return decodeConfig<{ plugins?: PluginConfiguration[] | null }>(text, kind).plugins ?? [];
  } catch (error) {
    const names = error instanceof UnknownKindError ? unversionedPlugins(text) : [];
    if (names.length > 0) return names.map((name) => ({ name, path: path.resolve(file) }));
    const message = text === '' ? "Object 'Kind' is missing in ''" : (error as Error).message;
    throw new Error(`failed to read plugin config: ${message}`, { cause: error });
  }
}

function unversionedPlugins(text: string): readonly string[] {
  const { object } = yamlSerializer.decode(Buffer.from(text), { strict: false });
  return unversioned.fields.some((field) => Object.hasOwn(object, field)) ? unversioned.plugins : [];
}

function readOwn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`Couldn't open admission plugin configuration ${file}: ${reasonOf(error, file)}`, { cause: error });
  }
}

/** In Go's words. */
function reasonOf(error: unknown, file: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    ENOENT: `open ${file}: no such file or directory`,
    EACCES: `open ${file}: permission denied`,
    EISDIR: `read ${file}: is a directory`,
  };
  return known[code ?? ''] ?? message;
}
