/**
 * Discovery documents of the built-in groups, in upstream's form and order. They are plain objects: a server adds the
 * groups of custom resources and of aggregated API servers to them.
 */

import type {
  APIGroup,
  APIGroupList,
  APIResource,
  APIResourceList,
  APIVersions,
} from '../../generated/types/meta/v1.ts';
import type { GroupVersionKind } from '../meta/object.ts';
import {
  catalogue,
  type GroupDefinition,
  groups,
  type ResourceDefinition,
  type Served,
  servedByDefault,
} from './resources.ts';

export interface APISubresourceDiscovery {
  subresource: string;
  responseKind: GroupVersionKind;
  verbs: readonly string[];
}

export interface APIResourceDiscovery {
  resource: string;
  responseKind: GroupVersionKind;
  scope: 'Cluster' | 'Namespaced';
  singularResource: string;
  verbs: readonly string[];
  shortNames?: readonly string[];
  categories?: readonly string[];
  subresources?: APISubresourceDiscovery[];
}

export interface APIVersionDiscovery {
  version: string;
  resources?: APIResourceDiscovery[];
  freshness: 'Current' | 'Stale';
}

export interface APIGroupDiscovery {
  metadata: { name?: string };
  versions: APIVersionDiscovery[];
}

export interface APIGroupDiscoveryList {
  kind: 'APIGroupDiscoveryList';
  apiVersion: 'apidiscovery.k8s.io/v2';
  metadata: Record<string, never>;
  items: APIGroupDiscovery[];
}

export interface DiscoveryDocuments {
  /** /api */
  api(serverAddress: string): APIVersions;
  /** /apis */
  apis(): APIGroupList;
  /** /apis/GROUP */
  group(name: string): APIGroup | undefined;
  /** /api/v1 and /apis/GROUP/VERSION, with or without the leading slash */
  groupVersion(path: string): APIResourceList | undefined;
  /** apidiscovery.k8s.io/v2; v2beta1 is served no more since 1.35. */
  aggregated(path: '/api' | '/apis'): APIGroupDiscoveryList;
}

export function discoveryDocuments(isServed: Served = servedByDefault): DiscoveryDocuments {
  const served = groups()
    .map((group) => ({
      ...group,
      versions: group.versions.filter(({ version }) => isServed({ group: group.name, version })),
    }))
    .filter(({ versions }) => versions.length > 0);
  const named = served.filter(({ name }) => name !== '');
  return {
    api: (serverAddress) => ({
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
    }),
    apis: () => ({ kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(apiGroup) }),
    group: (name) => {
      const definition = named.find((group) => group.name === name);
      return definition && { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(definition) };
    },
    groupVersion: (path) => {
      const [root, ...rest] = path.replace(/^\//, '').split('/');
      const [group, version] = root === 'api' ? ['', ...rest] : rest;
      const known = served.find(({ name }) => name === group)?.versions.some((one) => one.version === version);
      if (!known || group === undefined || version === undefined) return undefined;
      return apiResourceList(group, version);
    },
    aggregated: (path) => ({
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
      metadata: {},
      items: (path === '/api' ? served.filter(({ name }) => name === '') : named).map(apiGroupDiscovery),
    }),
  };
}

function apiGroup({ name, versions }: GroupDefinition): APIGroup {
  const discovered = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
  const [preferred] = discovered;
  return { name, versions: discovered, ...(preferred === undefined ? {} : { preferredVersion: preferred }) };
}

function resourcesOf(group: string, version: string): ResourceDefinition[] {
  return catalogue().filter((definition) => definition.group === group && definition.version === version);
}

function apiResourceList(group: string, version: string): APIResourceList {
  const resources = resourcesOf(group, version).flatMap((definition): APIResource[] => [
    {
      name: definition.resource,
      singularName: definition.singularName,
      namespaced: definition.namespaced,
      kind: definition.kind,
      verbs: [...definition.verbs],
      ...(definition.shortNames.length > 0 ? { shortNames: [...definition.shortNames] } : {}),
      ...(definition.categories.length > 0 ? { categories: [...definition.categories] } : {}),
      ...(definition.storageVersionHash === '' ? {} : { storageVersionHash: definition.storageVersionHash }),
    },
    ...definition.subresources.map((one) => ({
      name: `${definition.resource}/${one.name}`,
      singularName: '',
      namespaced: definition.namespaced,
      ...(one.group === group && one.version === version ? {} : { group: one.group, version: one.version }),
      kind: one.kind,
      verbs: [...one.verbs],
    })),
  ]);
  // Upstream answers /api/v1 in the form of the time before groups: without an apiVersion.
  if (group === '') return { kind: 'APIResourceList', groupVersion: version, resources };
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${group}/${version}`, resources };
}

function apiGroupDiscovery({ name, versions }: GroupDefinition): APIGroupDiscovery {
  return {
    metadata: name === '' ? {} : { name },
    versions: versions.map(({ version }) => ({
      version,
      resources: resourcesOf(name, version).map(apiResourceDiscovery),
      freshness: 'Current',
    })),
  };
}

/** Upstream leaves group and version of the response kind empty where they are the resource's own. */
function apiResourceDiscovery(definition: ResourceDefinition): APIResourceDiscovery {
  const { group, version, shortNames, categories } = definition;
  const subresources = definition.subresources.map((one) => {
    const own = one.group === group && one.version === version;
    return {
      subresource: one.name,
      responseKind: own
        ? { group: '', version: '', kind: one.kind }
        : { group: one.group, version: one.version, kind: one.kind },
      verbs: one.verbs,
    };
  });
  return {
    resource: definition.resource,
    responseKind: { group: '', version: '', kind: definition.kind },
    scope: definition.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: definition.singularName,
    verbs: definition.verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}
