/** How many pods the owners of a budget's pods want, found through the owners' scale. */
import { type Lister, type RestClient, resourcePath, resources } from '@typernetes/openapi/client';
import { isNotFound } from '@typernetes/openapi/meta';
import type { ReplicaSet } from '@typernetes/openapi/types/apps/v1';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { discover } from '../discovery/discovery.ts';
import { controllerOf } from '../ownership/controller-reference.ts';

export interface ExpectedScale {
  expected: number;
  unmanaged: string[];
}

interface Owner {
  uid: string;
  scale: number;
}

interface Reference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
}

/** What has a spec.replicas that can be read without asking, by group and kind. */
export interface ScaleSource {
  get(namespace: string | undefined, name: string): { uid: string | undefined; replicas: number } | undefined;
}

export class ExpectedPods {
  readonly #client: RestClient;
  readonly #replicaSets: Lister<ReplicaSet>;
  readonly #sources: ReadonlyMap<string, ScaleSource>;
  /** By apiVersion and kind: the resource's name, or undefined if it has no scale. */
  readonly #scalable = new Map<string, string | undefined>();

  constructor(client: RestClient, replicaSets: Lister<ReplicaSet>, sources: ReadonlyMap<string, ScaleSource>) {
    this.#client = client;
    this.#replicaSets = replicaSets;
    this.#sources = sources;
  }

  async scaleOf(pods: readonly Readonly<Pod>[], signal: AbortSignal): Promise<ExpectedScale> {
    const scales = new Map<string, number>();
    const direct = new Set<string>();
    const unmanaged: string[] = [];
    for (const pod of pods) {
      const { namespace, name = '' } = pod.metadata ?? {};
      const reference = controllerOf(pod);
      if (!reference) {
        unmanaged.push(name);
        continue;
      }
      if (direct.has(reference.uid)) continue;
      direct.add(reference.uid);
      const owner = await this.#find(namespace, reference, signal);
      if (!owner) throw new Error(`found no controllers for pod "${name}"`);
      scales.set(owner.uid, owner.scale);
    }
    return { expected: [...scales.values()].reduce((sum, scale) => sum + scale, 0), unmanaged };
  }

  async #find(namespace: string | undefined, reference: Reference, signal: AbortSignal): Promise<Owner | undefined> {
    const group = reference.apiVersion.includes('/') ? reference.apiVersion.split('/')[0] : '';
    const source = this.#sources.get(`${group ?? ''}/${reference.kind}`);
    if (!source) return this.#scaleSubresource(namespace, reference, signal);
    const found = source.get(namespace, reference.name);
    if (!found || found.uid !== reference.uid) return undefined;
    if (reference.kind === 'ReplicaSet') {
      const replicaSet = this.#replicaSets.get(namespace, reference.name);
      const parent = replicaSet && controllerOf(replicaSet);
      if (parent?.kind === 'Deployment') {
        const deployment = this.#sources.get('apps/Deployment')?.get(namespace, parent.name);
        return deployment?.uid === parent.uid ? { uid: parent.uid, scale: deployment.replicas } : undefined;
      }
    }
    return { uid: reference.uid, scale: found.replicas };
  }

  async #scaleSubresource(
    namespace: string | undefined,
    { apiVersion, kind, name, uid }: Reference,
    signal: AbortSignal,
  ): Promise<Owner | undefined> {
    const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    const key = `${apiVersion}/${kind}`;
    if (!this.#scalable.has(key)) {
      const { resources: served } = await discover(this.#client, signal);
      const resource = served.find(
        (entry) => entry.group === group && entry.version === version && entry.kind === kind,
      );
      this.#scalable.set(key, resource?.resource);
    }
    const resource = this.#scalable.get(key);
    if (resource === undefined) {
      // It may be served later: a custom resource whose definition comes after.
      this.#scalable.delete(key);
      return undefined;
    }
    try {
      const scale = await this.#client.requestJson<{ metadata?: { uid?: string }; spec?: { replicas?: number } }>({
        method: 'GET',
        path: resourcePath({ group, version, resource }, namespace, name, 'scale'),
        signal,
      });
      return scale.metadata?.uid === uid ? { uid, scale: scale.spec?.replicas ?? 0 } : undefined;
    } catch (error) {
      if (isNotFound(error))
        throw new Error(`${kind}.${group} "${name}" does not implement the scale subresource`, { cause: error });
      throw error;
    }
  }
}

export const scaledResources = [
  resources.replicaSets,
  resources.deployments,
  resources.statefulSets,
  resources.replicationControllers,
] as const;
