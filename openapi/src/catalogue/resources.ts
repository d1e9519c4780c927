import type { GroupVersion, GroupVersionKind, GroupVersionResource } from '../meta/object.ts';
import { once, readGeneratedJson } from './generated.ts';

/** A subresource; its kind need not be of the resource's own group version (`scale`, `eviction`, `token`). */
export interface SubresourceDefinition extends GroupVersionKind {
  name: string;
  verbs: readonly string[];
}

/** One resource of the upstream API, as discovery describes it. */
export interface ResourceDefinition extends GroupVersionKind {
  resource: string;
  singularName: string;
  shortNames: readonly string[];
  categories: readonly string[];
  namespaced: boolean;
  verbs: readonly string[];
  /** Empty where the resource is not stored. */
  storageVersionHash: string;
  subresources: readonly SubresourceDefinition[];
  /** Whether its group version is served without --runtime-config. */
  enabledByDefault: boolean;
}

export interface GroupDefinition {
  name: string;
  preferredVersion: string;
  /** In the order of discovery: most preferred first. */
  versions: readonly { version: string; enabledByDefault: boolean }[];
}

interface CatalogueFile {
  groups: GroupDefinition[];
  resources: ResourceDefinition[];
  packages: Record<string, string>;
  kinds: Record<string, string>;
}

export const catalogueFile = once(() => readGeneratedJson<CatalogueFile>('catalogue.json'));

/** Every resource of every group version that upstream can serve, in the order of discovery. */
export const catalogue = (): readonly ResourceDefinition[] => catalogueFile().resources;

/** Every group, the core group ('') first, then in the order of /apis. */
export const groups = (): readonly GroupDefinition[] => catalogueFile().groups;

const byResource = once(
  () =>
    new Map(
      catalogue().map((definition) => [`${definition.group}/${definition.version}/${definition.resource}`, definition]),
    ),
);

const byKind = once(
  () =>
    new Map(
      catalogue().map((definition) => [`${definition.group}/${definition.version}/${definition.kind}`, definition]),
    ),
);

export function findResource({ group, version, resource }: GroupVersionResource): ResourceDefinition | undefined {
  return byResource().get(`${group}/${version}/${resource}`);
}

export function findKind({ group, version, kind }: GroupVersionKind): ResourceDefinition | undefined {
  return byKind().get(`${group}/${version}/${kind}`);
}

/** The most preferred version of a group among the served ones. */
export function preferredVersion(group: string, isServed: Served = servedByDefault): string | undefined {
  const definition = groups().find(({ name }) => name === group);
  return definition?.versions.find(({ version }) => isServed({ group, version }))?.version;
}

/** Which group versions a server serves. */
export type Served = (groupVersion: GroupVersion) => boolean;

const defaults = once(
  () =>
    new Set(
      groups().flatMap(({ name, versions }) =>
        versions.filter((one) => one.enabledByDefault).map((one) => `${name}/${one.version}`),
      ),
    ),
);

export const servedByDefault: Served = ({ group, version }) => defaults().has(`${group}/${version}`);
