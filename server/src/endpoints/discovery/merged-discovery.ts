/** Discovery documents of everything that is served: built-in groups, custom resources and other servers, in one order. */
import type {
  APIGroupDiscovery,
  APIResourceDiscovery,
  APIVersionDiscovery,
  DiscoveryDocuments,
} from '@typernetes/openapi/catalogue';
import type { GroupVersion } from '@typernetes/openapi/meta';
import type { APIGroup, APIResource } from '@typernetes/openapi/types/meta/v1';

export interface CustomGroup {
  name: string;
  versions: readonly {
    version: string;
    /** Undefined where another server answers for the group version. */
    resources?: APIResource[];
    aggregated: readonly APIResourceDiscovery[];
    freshness?: 'Current' | 'Stale';
  }[];
}

/** Groups and versions beside the built-in ones; `revision` changes with them. */
export interface CustomDiscovery {
  readonly revision: number;
  /** Where two have a group version, the first one counts, before the built-in one. */
  groups(): readonly CustomGroup[];
  /** Group versions that the legacy documents list, whether or not anything is served there yet. */
  registered?(): readonly GroupVersion[];
  /** Groups, and the versions of each, most preferred first; without it they stay in the order they come in. */
  sort?: (versions: readonly GroupVersion[]) => [group: string, GroupVersion[]][];
}

const inOrder = (versions: readonly GroupVersion[]): [group: string, GroupVersion[]][] => [
  ...Map.groupBy(versions, ({ group }) => group),
];

export function mergedDiscovery(builtIn: DiscoveryDocuments, custom: CustomDiscovery): DiscoveryDocuments {
  const sort = (versions: Iterable<GroupVersion>): [group: string, GroupVersion[]][] => {
    const distinct = new Map<string, GroupVersion>();
    for (const { group, version } of versions) distinct.set(`${group}/${version}`, { group, version });
    return (custom.sort ?? inOrder)([...distinct.values()]);
  };
  const customVersions = (): GroupVersion[] =>
    custom.groups().flatMap(({ name, versions }) => versions.map(({ version }) => ({ group: name, version })));

  const legacyGroups = (): APIGroup[] => {
    const known = builtIn
      .apis()
      .groups.flatMap(({ name, versions }) => versions.map(({ version }) => ({ group: name, version })));
    const registered = (custom.registered?.() ?? []).filter(({ group }) => group !== '');
    return sort([...known, ...customVersions(), ...registered]).map(([name, members]) => {
      const versions = members.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
      return { name, versions, preferredVersion: versions[0]! };
    });
  };

  const aggregatedGroups = (): APIGroupDiscovery[] => {
    const found = new Map<string, APIVersionDiscovery>();
    const add = (group: string, each: APIVersionDiscovery): void => {
      const key = `${group}/${each.version}`;
      if (!found.has(key)) found.set(key, each);
    };
    for (const { name, versions } of custom.groups())
      for (const { version, aggregated, freshness = 'Current' } of versions)
        add(name, { version, ...(aggregated.length > 0 ? { resources: [...aggregated] } : {}), freshness });
    const known = builtIn.aggregated('/apis').items;
    for (const { metadata, versions } of known) for (const each of versions) add(metadata.name ?? '', each);
    const all = known.flatMap(({ metadata, versions }) =>
      versions.map(({ version }) => ({ group: metadata.name ?? '', version })),
    );
    return sort([...all, ...customVersions()]).map(([name, members]) => ({
      metadata: { name },
      versions: members.map(({ version }) => found.get(`${name}/${version}`)!),
    }));
  };

  return {
    ...builtIn,
    apis: () => ({ ...builtIn.apis(), groups: legacyGroups() }),
    group: (name) => {
      const group = legacyGroups().find((each) => each.name === name);
      return group && { kind: 'APIGroup', apiVersion: 'v1', ...group };
    },
    groupVersion: (path) => {
      const known = builtIn.groupVersion(path);
      if (known !== undefined) return known;
      const [root, name, version] = path.replace(/^\//, '').split('/');
      if (root !== 'apis') return undefined;
      const resources = custom
        .groups()
        .filter((group) => group.name === name)
        .flatMap(({ versions }) => versions)
        .find((each) => each.version === version && each.resources !== undefined)?.resources;
      if (resources === undefined) return undefined;
      return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${name}/${version}`, resources };
    },
    aggregated: (path) =>
      path === '/api' ? builtIn.aggregated(path) : { ...builtIn.aggregated(path), items: aggregatedGroups() },
  };
}
