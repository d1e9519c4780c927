/** --etcd-servers-overrides: some resources are kept in an etcd of their own. */
import type { GroupResource } from '@typernetes/openapi/meta';
import type { CacherGroup } from '../storage/cacher/index.ts';
import type { Storage } from '../storage/storage.ts';

/** An etcd, and what is kept in it. */
export interface OverridingServers {
  servers: string[];
  /** `group/resource`, or `group/*`. */
  resources: Set<string>;
}

const malformed =
  '--etcd-servers-overrides invalid, must be of format: group/resource#servers, where servers are URLs, semicolon separated';

/** One for each set of servers; the later entry of a resource counts. */
export function parseEtcdServersOverrides(overrides: readonly string[]): OverridingServers[] {
  const byResource = new Map<string, string[]>();
  for (const override of overrides) {
    const [resource = '', list, ...rest] = override.split('#');
    const servers = list?.split(';') ?? [];
    const wellFormed = rest.length === 0 && resource.split('/').length === 2 && servers.length > 0;
    if (!wellFormed || servers.includes('')) throw new Error(malformed);
    byResource.set(resource, servers);
  }
  const bySet = new Map<string, OverridingServers>();
  for (const [resource, servers] of byResource) {
    const name = servers.toSorted().join(';');
    const known = bySet.get(name) ?? { servers, resources: new Set() };
    known.resources.add(resource);
    bySet.set(name, known);
  }
  return [...bySet.values()];
}

/** A storage with the caches over it. */
export interface Place {
  storage: Storage;
  cachers: CacherGroup;
}

export interface OverridingPlace extends Place {
  resources: ReadonlySet<string>;
}

/** The Cachers of all resources, whichever storage they are in. */
export class PlacedCachers {
  readonly #main: Place;
  readonly #others: readonly OverridingPlace[];
  readonly #byPrefix = new Map<string, Place>();

  constructor(main: Place, others: readonly OverridingPlace[]) {
    this.#main = main;
    this.#others = others;
  }

  /** Of a resource's folder, which ends in `/`. The resource is told where it may have an etcd of its own. */
  for(prefix: string, resource?: GroupResource): ReturnType<CacherGroup['for']> {
    if (resource !== undefined) this.#byPrefix.set(prefix, this.#placeOf(resource));
    return this.#at(prefix).cachers.for(prefix);
  }

  async filled(): Promise<void> {
    await Promise.all(this.#places().map(({ cachers }) => cachers.filled()));
  }

  *all(): ReturnType<CacherGroup['all']> {
    for (const { cachers } of this.#places()) yield* cachers.all();
  }

  size(prefix: string): ReturnType<CacherGroup['size']> {
    return this.#at(prefix).cachers.size(prefix);
  }

  /** How many keys are stored in the folder. */
  count(prefix: string): Promise<number> {
    return this.#at(prefix).storage.count(prefix);
  }

  release(prefix: string): void {
    this.#at(prefix).cachers.release(prefix);
  }

  /** The storages too. */
  async close(): Promise<void> {
    await Promise.all(this.#places().map(({ cachers }) => cachers.close()));
    await Promise.all(this.#places().map(({ storage }) => storage.close()));
  }

  #places(): Place[] {
    return [this.#main, ...this.#others];
  }

  #at(prefix: string): Place {
    return this.#byPrefix.get(prefix) ?? this.#main;
  }

  #placeOf({ group, resource }: GroupResource): Place {
    const of = (name: string) => this.#others.find(({ resources }) => resources.has(name));
    return of(`${group}/${resource}`) ?? of(`${group}/*`) ?? this.#main;
  }
}
