/** Objects in memory, for tests of rooms that read the registry or follow it: no strategies, no validation. */
import { alreadyExists, type GroupResource, type KubernetesObject, notFound } from '@typernetes/openapi/meta';
import type { RegistryReader } from '../../registry/generic/rest.ts';
import type { ChangeType, ObjectSource } from '../object-source.ts';

type Handler = (type: ChangeType, object: KubernetesObject) => void;

export class MemoryObjects implements ObjectSource, RegistryReader {
  readonly #objects = new Map<string, Map<string, KubernetesObject>>();
  readonly #handlers = new Map<string, Set<Handler>>();
  #uid = 0;
  writes = 0;

  put(resource: string, object: KubernetesObject): void {
    const [name = '', ...group] = resource.split('.');
    this.#store({ group: group.join('.'), resource: name }, structuredClone(object));
  }

  remove(resource: string, namespace: string, name: string): void {
    const [plain = '', ...group] = resource.split('.');
    this.#remove({ group: group.join('.'), resource: plain }, namespace, name);
  }

  watchers(): number {
    return [...this.#handlers.values()].reduce((sum, handlers) => sum + handlers.size, 0);
  }

  onChange<T extends KubernetesObject>(
    resource: GroupResource,
    handler: (type: ChangeType, object: Readonly<T>) => void,
  ): () => void {
    const handlers = this.#handlers.get(keyOf(resource)) ?? new Set();
    this.#handlers.set(keyOf(resource), handlers);
    handlers.add(handler as Handler);
    return () => handlers.delete(handler as Handler);
  }

  async get<T extends KubernetesObject>(
    resource: GroupResource,
    namespace: string,
    name: string,
  ): Promise<T | undefined> {
    const found = this.#of(resource).get(`${namespace}/${name}`);
    return found === undefined ? undefined : (structuredClone(found) as T);
  }

  async list<T extends KubernetesObject>(resource: GroupResource, namespace?: string): Promise<T[]> {
    const all = [...this.#of(resource).values()];
    return structuredClone(
      all.filter((object) => namespace === undefined || (object.metadata?.namespace ?? '') === namespace),
    ) as T[];
  }

  async create<T extends KubernetesObject>(resource: GroupResource, namespace: string, object: T): Promise<T> {
    const name = object.metadata?.name ?? '';
    if (this.#of(resource).has(`${namespace}/${name}`)) throw alreadyExists(resource, name);
    this.writes++;
    const stored = structuredClone(object);
    stored.metadata = { ...stored.metadata, uid: `uid-${++this.#uid}` };
    if (namespace !== '') stored.metadata.namespace = namespace;
    this.#store(resource, stored);
    return structuredClone(stored);
  }

  async update<T extends KubernetesObject>(
    resource: GroupResource,
    namespace: string,
    name: string,
    change: (object: T) => T | Promise<T>,
  ): Promise<T> {
    const existing = await this.get<T>(resource, namespace, name);
    if (existing === undefined) throw notFound(resource, name);
    const changed = await change(existing);
    this.writes++;
    this.#store(resource, structuredClone(changed));
    return structuredClone(changed);
  }

  apply<T extends KubernetesObject>(resource: GroupResource, configuration: T): Promise<T> {
    const { namespace = '', name = '' } = configuration.metadata ?? {};
    return this.update<T>(resource, namespace, name, (object) => ({
      ...object,
      ...configuration,
      metadata: { ...object.metadata, ...configuration.metadata },
    }));
  }

  async delete(resource: GroupResource, namespace: string, name: string): Promise<void> {
    this.writes++;
    this.#remove(resource, namespace, name);
  }

  #of(resource: GroupResource): Map<string, KubernetesObject> {
    const objects = this.#objects.get(keyOf(resource)) ?? new Map<string, KubernetesObject>();
    this.#objects.set(keyOf(resource), objects);
    return objects;
  }

  #store(resource: GroupResource, object: KubernetesObject): void {
    this.#of(resource).set(`${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}`, object);
    this.#notify(resource, 'put', object);
  }

  #remove(resource: GroupResource, namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    const object = this.#of(resource).get(key);
    if (object === undefined) throw notFound(resource, name);
    this.#of(resource).delete(key);
    this.#notify(resource, 'delete', object);
  }

  #notify(resource: GroupResource, type: ChangeType, object: KubernetesObject): void {
    for (const handler of this.#handlers.get(keyOf(resource)) ?? []) handler(type, structuredClone(object));
  }
}

function keyOf(resource: GroupResource): string {
  return `${resource.resource}.${resource.group}`;
}
