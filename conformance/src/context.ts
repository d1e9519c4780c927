/** What one promise gets to work with: a namespace of its own, kubectl, raw HTTP, and deadlines. */
import { ApiHttp } from './http.ts';
import type { ClusterAccess } from './kubeconfig.ts';
import { Kubectl } from './kubectl.ts';
import { type WatchedObject, waitForCollection } from './watch.ts';

export class SkipPromise extends Error {}

export interface Cluster {
  access: ClusterAccess;
  kubectl: string | undefined;
  /** An image with a shell that the cluster's nodes can run; undefined where nodes are simulated or absent. */
  image: string | undefined;
  /** Schedulable nodes that are Ready. */
  nodes: number;
  /** Whether a controller manager gives namespaces what pods in them need. */
  controllers: boolean;
}

export class PromiseContext {
  readonly namespace: string;
  readonly http: ApiHttp;
  readonly cluster: Cluster;
  readonly signal: AbortSignal;
  readonly kubectl: Kubectl;
  private readonly cleanups: (() => Promise<void>)[] = [];

  constructor(cluster: Cluster, namespace: string, signal: AbortSignal) {
    this.cluster = cluster;
    this.namespace = namespace;
    this.signal = signal;
    this.http = new ApiHttp(cluster.access);
    this.kubectl = new Kubectl(cluster.kubectl ?? 'kubectl', cluster.access.kubeconfig, namespace, signal);
  }

  /** The image for containers of this promise. */
  get image(): string {
    return this.cluster.image ?? 'registry.k8s.io/pause:3.10';
  }

  /** `/api/v1/namespaces/<own>/<resource>`, or `/apis/<group>/<version>/…` for 'apps/v1'. */
  path(groupVersion: string, resource: string, name = ''): string {
    const root = groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`;
    return `${root}/namespaces/${this.namespace}/${resource}${name === '' ? '' : `/${name}`}`;
  }

  async create<T = WatchedObject>(groupVersion: string, resource: string, object: object): Promise<T> {
    const response = await this.http.request('POST', this.path(groupVersion, resource), {
      body: object,
      signal: this.signal,
    });
    if (response.status !== 201) throw new Error(`create ${resource}: ${response.status} ${response.text()}`);
    return response.json<T>();
  }

  async get<T = WatchedObject>(groupVersion: string, resource: string, name: string): Promise<T> {
    const response = await this.http.request('GET', this.path(groupVersion, resource, name), { signal: this.signal });
    if (response.status !== 200) throw new Error(`get ${resource}/${name}: ${response.status} ${response.text()}`);
    return response.json<T>();
  }

  /** Waits on a list and watch of the own namespace until `done` says something. */
  waitFor<T>(
    groupVersion: string,
    resource: string,
    done: (objects: WatchedObject[]) => T | undefined | false,
  ): Promise<T> {
    return waitForCollection(this.http, this.path(groupVersion, resource), this.signal, (objects) =>
      done([...objects.values()]),
    );
  }

  /** The same for one object, which need not be there yet. */
  waitForObject<T>(
    groupVersion: string,
    resource: string,
    name: string,
    done: (object: WatchedObject | undefined) => T | undefined | false,
  ): Promise<T> {
    const collection = `${this.path(groupVersion, resource)}?fieldSelector=metadata.name%3D${encodeURIComponent(name)}`;
    return waitForCollection(this.http, collection, this.signal, (objects) => done([...objects.values()][0]));
  }

  /** A pod is refused, and a list of ConfigMaps still grows, until controllers have filled the new namespace. */
  async namespaceFilled(): Promise<void> {
    if (!this.cluster.controllers) return;
    for (const [resource, name] of [
      ['serviceaccounts', 'default'],
      ['configmaps', 'kube-root-ca.crt'],
    ] as const)
      await this.waitForObject('v1', resource, name, (object) => object !== undefined);
  }

  /** For what lives outside of the namespace. Runs after the promise, last registered first. */
  onCleanup(cleanup: () => Promise<void>): void {
    this.cleanups.push(cleanup);
  }

  skip(reason: string): never {
    throw new SkipPromise(reason);
  }

  /** Never throws: what cannot be removed is named in the result. */
  async cleanup(): Promise<string[]> {
    const problems: string[] = [];
    for (const cleanup of this.cleanups.reverse()) {
      try {
        await cleanup();
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
      }
    }
    this.http.close();
    return problems;
  }
}
