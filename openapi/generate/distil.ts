/**
 * `npm run generate:spec -- --from DIR|URL`: distils what an upstream kube-apiserver publishes into openapi/spec.
 * `--enums-from` names upstream's Go source of the definitions, for documents that were saved without enums.
 * `--check` writes nothing and fails when the files would differ.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { distilDefinitions } from './distil-definitions.ts';
import { type Enums, goEnums, specEnums } from './distil-enums.ts';
import { distilPaths } from './distil-paths.ts';
import { distilProtobuf } from './distil-protobuf.ts';
import { distilResources } from './distil-resources.ts';
import { readSpec, type Spec, type SpecGroup, type SpecGroupVersion, specFiles } from './spec.ts';
import { kubeconfigOptions, readUpstream, type Upstream } from './upstream.ts';

export const specRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../spec');

/** Whether upstream serves a group version without --runtime-config: stable ones only, since 1.24. */
const enabledByDefault = (version: string): boolean => !/alpha|beta/.test(version);

/** `previous` gives the facts that a live server does not publish. */
export function distil(upstream: Upstream, previous: Spec | undefined, enums: Enums = specEnums(previous)): Spec {
  const [major, minor] = upstream.gitVersion.replace(/^v/, '').split('.');
  if (major === undefined || minor === undefined) throw new Error(`not a version: ${upstream.gitVersion}`);
  const groups: SpecGroup[] = [
    { name: '', preferredVersion: 'v1', versions: [{ version: 'v1', enabledByDefault: true }] },
    ...upstream.groups.map(({ name, preferredVersion, versions }) => ({
      name,
      preferredVersion: preferredVersion.version,
      versions: versions.map(({ version }) => ({ version, enabledByDefault: enabledByDefault(version) })),
    })),
  ];
  const places = groups.flatMap(({ name, versions }) =>
    versions.map(({ version }) => ({
      group: name,
      version,
      place: name === '' ? `api/${version}` : `apis/${name}/${version}`,
    })),
  );
  const definitions = distilDefinitions(upstream, places, enums);
  const paths = distilPaths(upstream, places);
  const [document] = upstream.openApiV3.values();
  const groupVersions = places.map(({ group, version, place }): SpecGroupVersion => {
    const operations = paths.documents.get(place);
    return {
      group,
      version,
      ...(operations?.tag === undefined ? {} : { tag: operations.tag }),
      resources: distilResources(upstream.resources.get(place) ?? []),
      definitions: definitions.groupVersions.get(place) ?? {},
      paths: operations?.paths ?? {},
    };
  });
  const known = new Set(places.map(({ place }) => place));
  return {
    index: {
      kubernetesVersion: { major, minor, gitVersion: upstream.gitVersion },
      info: { title: 'Kubernetes', version: document?.info['version'] ?? 'unversioned' },
      securitySchemes: { BearerToken: { type: 'apiKey', in: 'header', name: 'authorization' } },
      groups,
    },
    groupVersions,
    machinery: definitions.machinery,
    roots: Object.fromEntries([...paths.documents].filter(([place]) => !known.has(place))),
    shapes: paths.shapes,
    parameters: paths.parameters,
    protobuf: distilProtobuf(upstream.protobuf) ?? previous?.protobuf ?? {},
  };
}

export function previousSpec(directory: string): Spec | undefined {
  return existsSync(path.join(directory, 'index.json')) ? readSpec(directory) : undefined;
}

/** Names of the files that differ from those in the directory. */
export function differences(files: Map<string, string>, directory: string): string[] {
  const present = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.json')) : [];
  const names = new Set([...files.keys(), ...present]);
  return [...names].filter((name) => {
    const file = path.join(directory, name);
    return !present.includes(name) || readFileSync(file, 'utf8') !== files.get(name);
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      from: { type: 'string' },
      kubeconfig: { type: 'string' },
      'token-file': { type: 'string' },
      ca: { type: 'string' },
      'enums-from': { type: 'string' },
      check: { type: 'boolean', default: false },
    },
  });
  if (values.from === undefined && values.kubeconfig === undefined) {
    throw new Error(
      'usage: npm run generate:spec -- --from DIR|URL [--token-file F] [--ca F] | --kubeconfig F  [--enums-from GO] [--check]',
    );
  }
  const upstream = await readUpstream({
    from: '',
    ...(values.kubeconfig === undefined ? {} : kubeconfigOptions(values.kubeconfig)),
    ...(values.from === undefined ? {} : { from: values.from }),
    ...(values['token-file'] === undefined ? {} : { token: readFileSync(values['token-file'], 'utf8').trim() }),
    ...(values.ca === undefined ? {} : { ca: readFileSync(values.ca) }),
  });
  const directory = path.join(specRoot, upstream.gitVersion.split('.').slice(0, 2).join('.'));
  const source = values['enums-from'];
  const enums = source === undefined ? undefined : goEnums(readFileSync(source, 'utf8'));
  const files = specFiles(distil(upstream, previousSpec(directory), enums));
  const changed = differences(files, directory);
  if (values.check) {
    if (changed.length > 0) throw new Error(`spec differs from ${upstream.gitVersion}: ${changed.join(', ')}`);
    console.log(`spec is ${upstream.gitVersion}'s: ${files.size} files`);
    return;
  }
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [name, content] of files) writeFileSync(path.join(directory, name), content);
  console.log(`${path.relative(process.cwd(), directory)}: ${files.size} files, ${changed.length} changed`);
}

if (import.meta.main) await main();
