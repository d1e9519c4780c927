/** All objects of one resource, kept current: what configures webhooks and policies. */
import type { GroupResource, KubernetesObject } from '@typernetes/openapi/meta';
import { type Follower, follow, type ObjectSource } from '../authorization/object-source.ts';

const readyTimeoutMs = 10_000;

export class Following<T extends KubernetesObject, V> {
  readonly #follower: Follower;
  readonly #objects = new Map<string, Readonly<T>>();
  readonly #derive: (objects: readonly Readonly<T>[]) => V;
  #value: V | undefined;
  #synced = false;

  /** `derive` makes of the objects, in the order of their names, what is asked for; called after a change, when it is needed. */
  constructor(source: ObjectSource, resource: GroupResource, derive: (objects: readonly Readonly<T>[]) => V) {
    this.#derive = derive;
    this.#follower = follow<T>(source, resource, (type, object) => {
      const name = object.metadata?.name ?? '';
      if (type === 'put') this.#objects.set(name, object);
      else this.#objects.delete(name);
      this.#value = undefined;
    });
    this.#follower.ready.then(
      () => (this.#synced = true),
      () => undefined,
    );
  }

  /** Undefined while the first list is not there within ten seconds. */
  async value(): Promise<V | undefined> {
    if (!this.#synced && !(await this.#wait())) return undefined;
    return this.current();
  }

  /** Undefined until the first list is there. */
  current(): V | undefined {
    if (!this.#synced) return undefined;
    return (this.#value ??= this.#derive(
      [...this.#objects].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, object]) => object),
    ));
  }

  async #wait(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), readyTimeoutMs);
    });
    const ready = this.#follower.ready.then(
      () => true,
      () => false,
    );
    try {
      return await Promise.race([ready, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  stop(): void {
    this.#follower.stop();
  }
}
