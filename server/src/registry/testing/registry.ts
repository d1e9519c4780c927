/** A registry in memory for tests of one resource's own code: no strategies, no storage, only names and versions. */
import { alreadyExists, conflict, type GroupResource, type KubernetesObject, notFound } from '@typernetes/openapi/meta';
import type { RegistryDependencies } from '../dependencies.ts';
import type { RegistryReader, RestContext } from '../generic/rest.ts';

const keyOf = ({ group, resource }: GroupResource, namespace: string, name: string): string =>
  [group, resource, namespace, name].join('/');

export class FakeRegistry implements RegistryReader {
  readonly #objects = new Map<string, KubernetesObject>();
  #version = 0;

  names({ group, resource }: GroupResource): string[] {
    return [...this.#objects.keys()]
      .filter((key) => key.startsWith(`${group}/${resource}/`))
      .map((key) => key.split('/').at(-1) ?? '');
  }

  put(resource: GroupResource, namespace: string, object: KubernetesObject): void {
    const stored = structuredClone(object);
    stored.metadata = { uid: `u${this.#version}`, ...stored.metadata, resourceVersion: String(++this.#version) };
    this.#objects.set(keyOf(resource, namespace, stored.metadata.name ?? ''), stored);
  }

  remove(resource: GroupResource, namespace: string, name: string): void {
    this.#objects.delete(keyOf(resource, namespace, name));
  }

  get<T extends KubernetesObject>(resource: GroupResource, namespace: string, name: string): Promise<T | undefined> {
    return Promise.resolve(structuredClone(this.#objects.get(keyOf(resource, namespace, name))) as T | undefined);
  }

  list<T extends KubernetesObject>({ group, resource }: GroupResource, namespace = ''): Promise<T[]> {
    const prefix = namespace === '' ? `${group}/${resource}/` : `${group}/${resource}/${namespace}/`;
    const found = [...this.#objects.entries()].filter(([key]) => key.startsWith(prefix));
    return Promise.resolve(found.map(([, object]) => structuredClone(object) as T));
  }

  async update<T extends KubernetesObject>(
    resource: GroupResource,
    namespace: string,
    name: string,
    change: (object: T) => T | Promise<T>,
    options: { dryRun?: boolean } = {},
  ): Promise<T> {
    const existing = await this.get<T>(resource, namespace, name);
    if (!existing) throw notFound(resource, name);
    const changed = await change(existing);
    if (!options.dryRun) this.put(resource, namespace, changed);
    return (await this.get<T>(resource, namespace, name)) ?? changed;
  }

  apply<T extends KubernetesObject>(resource: GroupResource, configuration: T): Promise<T> {
    const { namespace = '', name = '' } = configuration.metadata ?? {};
    return this.update<T>(resource, namespace, name, (object) => ({ ...object, ...configuration }));
  }

  create<T extends KubernetesObject>(resource: GroupResource, namespace: string, object: T): Promise<T> {
    const name = object.metadata?.name ?? '';
    if (this.#objects.has(keyOf(resource, namespace, name))) return Promise.reject(alreadyExists(resource, name));
    this.put(resource, namespace, object);
    return Promise.resolve(object);
  }

  delete(
    resource: GroupResource,
    namespace: string,
    name: string,
    options: { uid?: string; resourceVersion?: string; dryRun?: boolean } = {},
  ): Promise<void> {
    const existing = this.#objects.get(keyOf(resource, namespace, name));
    if (!existing) return Promise.reject(notFound(resource, name));
    const { uid, resourceVersion } = existing.metadata ?? {};
    const stale = options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion;
    if (stale || (options.uid !== undefined && options.uid !== uid))
      return Promise.reject(conflict(resource, name, 'stale'));
    if (!options.dryRun) this.remove(resource, namespace, name);
    return Promise.resolve();
  }
}

export function restContext(registry: RegistryReader, part: Partial<RestContext> = {}): RestContext {
  return {
    user: { name: 'alice', groups: ['system:authenticated'] },
    namespace: 'default',
    asked: { verb: 'update', subresource: '', apiVersion: 'v1' },
    now: new Date('2026-01-01T00:00:00Z'),
    dryRun: false,
    signal: new AbortController().signal,
    query: new URLSearchParams(),
    warn: () => undefined,
    registry,
    ...part,
  };
}

export function testDependencies(
  registry: RegistryReader,
  part: Partial<RegistryDependencies> = {},
): RegistryDependencies {
  return {
    serviceClusterIPRange: '10.96.0.0/16',
    nodePortRange: '30000-32767',
    eventTtlSeconds: 3600,
    registry,
    authentication: {
      tokenReview: (token) =>
        Promise.resolve(
          token === 'good' ? { authenticated: true, user: { username: 'alice' } } : { error: 'bad token' },
        ),
      issueToken: (_account, request) => Promise.resolve(request),
    },
    authorization: {
      authorizer: {
        authorize: ({ verb }) =>
          Promise.resolve({
            decision: verb === 'get' ? ('allow' as const) : ('noOpinion' as const),
            reason: verb === 'get' ? 'rule' : '',
          }),
      },
      rules: { rulesFor: () => Promise.resolve({ resourceRules: [], nonResourceRules: [], incomplete: false }) },
      confirmNoEscalation: () => Promise.resolve(),
      confirmBind: () => Promise.resolve(),
    },
    componentStatus: () => Promise.resolve([]),
    ...part,
  };
}
