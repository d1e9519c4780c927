/**
 * Where authorization gets the objects it decides by. The API server implements it over its Cachers, so that a
 * decision is as fresh as the watch cache, without a request of its own.
 */
import type { GroupResource, KubernetesObject } from '@typernetes/openapi/meta';

export type ChangeType = 'put' | 'delete';

export interface ObjectSource {
  list<T extends KubernetesObject>(resource: GroupResource): Promise<Readonly<T>[]>;
  /**
   * Calls `handler` for every change after this call, in order and synchronously; a `delete` carries the last state.
   * The handler must not change the object. Returns what ends it.
   */
  onChange<T extends KubernetesObject>(
    resource: GroupResource,
    handler: (type: ChangeType, object: Readonly<T>) => void,
  ): () => void;
}

export interface Follower {
  /** Settles when everything that was there has been handed over; rejects if the list fails. */
  ready: Promise<void>;
  stop(): void;
}

/**
 * Keeps an index current: first everything there is, then every change. Changes that arrive during the list are
 * replayed after it, so that nothing is lost between the two.
 */
export function follow<T extends KubernetesObject>(
  source: ObjectSource,
  resource: GroupResource,
  handler: (type: ChangeType, object: Readonly<T>) => void,
): Follower {
  let backlog: [ChangeType, Readonly<T>][] | undefined = [];
  const stop = source.onChange<T>(resource, (type, object) => {
    if (backlog === undefined) handler(type, object);
    else backlog.push([type, object]);
  });
  const load = async (): Promise<void> => {
    for (const object of await source.list<T>(resource)) handler('put', object);
    const missed = backlog ?? [];
    backlog = undefined;
    for (const [type, object] of missed) handler(type, object);
  };
  const ready = load();
  ready.catch(stop);
  return { ready, stop };
}
