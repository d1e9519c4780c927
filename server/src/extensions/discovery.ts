/** Custom resources in discovery: the groups and versions that the built-in documents lack. */
import { createHash } from 'node:crypto';
import type { APIResourceDiscovery } from '@typernetes/openapi/catalogue';
import type { APIResource } from '@typernetes/openapi/types/meta/v1';
import type { CustomResource } from './custom-resource.ts';
import { compareVersions } from './versions.ts';

export { compareVersions };

export interface CustomVersion {
  version: string;
  resources: APIResource[];
  aggregated: APIResourceDiscovery[];
}

export interface CustomGroup {
  name: string;
  /** Most preferred first. */
  versions: CustomVersion[];
}

const subresourceVerbs = ['get', 'patch', 'update'];

export function customGroups(resources: Iterable<CustomResource>): CustomGroup[] {
  const groups = new Map<string, Map<string, CustomVersion>>();
  for (const resource of resources) {
    const { group, scope } = resource.definition.spec;
    for (const [version, { subresources }] of resource.endpoints) {
      let versions = groups.get(group);
      if (versions === undefined) groups.set(group, (versions = new Map()));
      let found = versions.get(version);
      if (found === undefined) versions.set(version, (found = { version, resources: [], aggregated: [] }));
      add(found, resource, group, scope === 'Namespaced', [...subresources.values()]);
    }
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, versions]) => ({
      name,
      versions: [...versions.values()].sort((a, b) => compareVersions(a.version, b.version)),
    }));
}

function add(
  to: CustomVersion,
  { names, verbs, definition }: CustomResource,
  group: string,
  namespaced: boolean,
  subresources: { name: string; kind: { group: string; version: string; kind: string } }[],
): void {
  const { version } = to;
  const singular = names.singular ?? '';
  const { shortNames = [], categories = [] } = names;
  const more = {
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
  };
  const stored = definition.spec.versions.find(({ storage }) => storage)?.name ?? version;
  to.resources.push({
    name: names.plural,
    singularName: singular,
    namespaced,
    kind: names.kind,
    verbs,
    ...more,
    storageVersionHash: createHash('sha256')
      .update(`${group}/${stored}/${names.kind}`)
      .digest()
      .subarray(0, 8)
      .toString('base64'),
  });
  for (const { name, kind } of subresources)
    to.resources.push({
      name: `${names.plural}/${name}`,
      singularName: '',
      namespaced,
      ...(kind.group === group ? {} : { group: kind.group, version: kind.version }),
      kind: kind.kind,
      verbs: subresourceVerbs,
    });
  to.aggregated.push({
    resource: names.plural,
    responseKind: { group, version, kind: names.kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...more,
    ...(subresources.length === 0
      ? {}
      : {
          subresources: subresources.map(({ name, kind }) => ({
            subresource: name,
            responseKind: kind,
            verbs: subresourceVerbs,
          })),
        }),
  });
}
