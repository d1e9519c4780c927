/** The small facts that a server or client needs at once: resources, groups, and where each schema is. */
import { packageOf } from './distil-definitions.ts';
import { groupVersionFile, type Spec, type SpecSchema } from './spec.ts';

const gvkKey = 'x-kubernetes-group-version-kind';
interface Kind {
  group: string;
  version: string;
  kind: string;
}

/** The files catalogue.json, version.ts and schemas/*.json. */
export function catalogueFiles(spec: Spec): Map<string, string> {
  const files = new Map<string, string>();
  const packages: Record<string, string> = {};
  const kinds: Record<string, string> = {};
  const parts = [
    { file: 'machinery.json', definitions: spec.machinery },
    ...spec.groupVersions.map(({ group, version, definitions }) => ({
      file: groupVersionFile(group, version),
      definitions,
    })),
  ];
  for (const { file, definitions } of parts) {
    files.set(`schemas/${file}`, JSON.stringify(withoutKinds(definitions)));
    for (const [name, schema] of Object.entries(definitions)) {
      packages[packageOf(name)] = file;
      for (const { group, version, kind } of (schema[gvkKey] ?? []) as unknown as Kind[]) {
        kinds[`${group}/${version}/${kind}`] = name;
      }
    }
  }
  const enabled = new Map(
    spec.index.groups.flatMap(({ name, versions }) =>
      versions.map(({ version, enabledByDefault }) => [`${name}/${version}`, enabledByDefault] as const),
    ),
  );
  const resources = spec.groupVersions.flatMap(({ group, version, resources }) =>
    resources.map((resource) => ({
      group,
      version,
      kind: resource.kind,
      resource: resource.name,
      singularName: resource.singularName,
      shortNames: resource.shortNames ?? [],
      categories: resource.categories ?? [],
      namespaced: resource.namespaced,
      verbs: resource.verbs,
      storageVersionHash: resource.storageVersionHash ?? '',
      subresources: (resource.subresources ?? []).map((one) => ({
        name: one.name,
        group: one.group ?? group,
        version: one.version ?? version,
        kind: one.kind,
        verbs: one.verbs,
      })),
      enabledByDefault: enabled.get(`${group}/${version}`) ?? false,
    })),
  );
  files.set('catalogue.json', JSON.stringify({ groups: spec.index.groups, resources, packages, kinds }));
  const { major, minor, gitVersion } = spec.index.kubernetesVersion;
  files.set(
    'version.ts',
    `// Generated from openapi/spec. Do not edit.\nexport const kubernetesVersion = {\n  major: '${major}',\n  minor: '${minor}',\n  gitVersion: '${gitVersion}',\n} as const;\n`,
  );
  return files;
}

function withoutKinds(definitions: Record<string, SpecSchema>): Record<string, SpecSchema> {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, { [gvkKey]: _kinds, ...schema }]) => [name, schema as SpecSchema]),
  );
}
