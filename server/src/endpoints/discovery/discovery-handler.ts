/** /api, /apis and what is below them down to the group version: legacy documents and the aggregated one. */
import {
  type APIResourceDiscovery,
  type DiscoveryDocuments,
  discoveryDocuments,
  type Served,
} from '@typernetes/openapi/catalogue';
import { type NegotiatedMediaType, negotiate } from '@typernetes/openapi/codec';
import { notAcceptable } from '@typernetes/openapi/meta';
import type { APIGroupList, APIResource } from '@typernetes/openapi/types/meta/v1';
import { header, type RequestContext } from '../request-context.ts';
import { DocumentCache, encodeDocument, sendDocument } from './documents.ts';

const json = 'application/json';

/** Groups and versions beside the built-in ones; `revision` changes with them. */
export interface CustomDiscovery {
  readonly revision: number;
  groups(): readonly {
    name: string;
    versions: readonly { version: string; resources: APIResource[]; aggregated: APIResourceDiscovery[] }[];
  }[];
}

export class DiscoveryHandler {
  readonly #documents: DiscoveryDocuments;
  readonly #cache = new DocumentCache();
  readonly #serverAddress: () => string;

  readonly #custom: CustomDiscovery | undefined;
  #revision = 0;

  constructor(isServed: Served, serverAddress: () => string, custom?: CustomDiscovery) {
    const builtIn = discoveryDocuments(isServed);
    this.#documents = custom === undefined ? builtIn : withCustom(builtIn, custom);
    this.#custom = custom;
    this.#serverAddress = serverAddress;
  }

  /** False where the path is no discovery document. */
  async handle(context: RequestContext): Promise<boolean> {
    const path = context.path.replace(/\/$/, '');
    const revision = this.#custom?.revision ?? 0;
    if (revision !== this.#revision) {
      this.#revision = revision;
      this.#cache.clear();
    }
    if (path === '/api' || path === '/apis') {
      await this.#root(context, path);
      return true;
    }
    const document = this.#legacy(path);
    if (document === undefined) return false;
    if (negotiate(header(context, 'accept'), [json], (choice) => choice.as === undefined) === undefined)
      throw notAcceptableJson();
    await sendDocument(
      context,
      this.#cache.get(path, () => encodeDocument(document)),
      false,
    );
    return true;
  }

  #legacy(path: string): unknown {
    const parts = path.slice(1).split('/');
    if (parts[0] === 'api' && parts.length === 2) return this.#documents.groupVersion(path);
    if (parts[0] !== 'apis') return undefined;
    if (parts.length === 2) return this.#documents.group(parts[1]!);
    return parts.length === 3 ? this.#documents.groupVersion(path) : undefined;
  }

  async #root(context: RequestContext, path: '/api' | '/apis'): Promise<void> {
    const choice = negotiate(header(context, 'accept'), [json], isDiscoveryChoice);
    if (choice === undefined) throw notAcceptableJson();
    if (choice.as === undefined) {
      const document = this.#cache.get(path, () =>
        encodeDocument(path === '/api' ? this.#documents.api(this.#serverAddress()) : this.#documents.apis()),
      );
      await sendDocument(context, document, false);
      return;
    }
    const contentType = `${json};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`;
    const document = this.#cache.get(`${path} v2`, () => encodeDocument(this.#documents.aggregated(path), contentType));
    await sendDocument(context, document);
  }
}

function withCustom(builtIn: DiscoveryDocuments, custom: CustomDiscovery): DiscoveryDocuments {
  const groupsOf = () =>
    custom.groups().map(({ name, versions }) => ({
      name,
      versions: versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version })),
    }));
  const merged = (): APIGroupList => {
    const list = builtIn.apis();
    for (const { name, versions } of groupsOf()) {
      const known = list.groups.find((group) => group.name === name);
      if (known === undefined) list.groups.push({ name, versions, preferredVersion: versions[0]! });
      else
        known.versions = [
          ...known.versions,
          ...versions.filter(({ version }) => !known.versions.some((each) => each.version === version)),
        ];
    }
    return list;
  };
  return {
    ...builtIn,
    apis: merged,
    group: (name) => {
      const group = merged().groups.find((each) => each.name === name);
      return group && { kind: 'APIGroup', apiVersion: 'v1', ...group };
    },
    groupVersion: (path) => {
      const known = builtIn.groupVersion(path);
      if (known !== undefined) return known;
      const [root, name, version] = path.replace(/^\//, '').split('/');
      if (root !== 'apis') return undefined;
      const found = custom
        .groups()
        .find((group) => group.name === name)
        ?.versions.find((each) => each.version === version);
      return (
        found && {
          kind: 'APIResourceList',
          apiVersion: 'v1',
          groupVersion: `${name}/${version}`,
          resources: found.resources,
        }
      );
    },
    aggregated: (path) => {
      const list = builtIn.aggregated(path);
      if (path === '/api') return list;
      for (const { name, versions } of custom.groups()) {
        const own = versions.map(({ version, aggregated }) => ({
          version,
          resources: aggregated,
          freshness: 'Current' as const,
        }));
        const known = list.items.find((item) => item.metadata.name === name);
        if (known === undefined) list.items.push({ metadata: { name }, versions: own });
        else
          known.versions = [
            ...known.versions,
            ...own.filter(({ version }) => !known.versions.some((each) => each.version === version)),
          ];
      }
      return list;
    },
  };
}

function isDiscoveryChoice({ as }: NegotiatedMediaType): boolean {
  if (as === undefined) return true;
  return as.group === 'apidiscovery.k8s.io' && as.version === 'v2' && as.kind === 'APIGroupDiscoveryList';
}

const notAcceptableJson = () => notAcceptable('only the following media types are accepted: application/json');
