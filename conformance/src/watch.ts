/** Waits for the API to say so: a list, then a watch from there, up to a deadline. Never a sleep. */
import type { ApiHttp } from './http.ts';

export interface WatchedObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    resourceVersion: string;
    uid: string;
    labels?: Record<string, string>;
    deletionTimestamp?: string;
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: WatchedObject;
}

/** Events of one watch request, in order, until it ends or the signal fires. `path` holds the whole query. */
export async function* watchEvents(http: ApiHttp, path: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
  const response = await http.open('GET', path, { signal });
  if (response.statusCode !== 200) {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    throw new Error(`watch ${path}: ${response.statusCode} ${Buffer.concat(chunks).toString('utf8')}`);
  }
  let rest = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line) as WatchEvent;
    }
  } finally {
    response.destroy();
  }
}

/**
 * The collection's objects as a map by namespace/name, handed to `done` after the list and after every event, until it
 * returns something. Throws with the last state when `signal` fires.
 */
export async function waitForCollection<T>(
  http: ApiHttp,
  collection: string,
  signal: AbortSignal,
  done: (objects: ReadonlyMap<string, WatchedObject>) => T | undefined | false,
): Promise<T> {
  const separator = collection.includes('?') ? '&' : '?';
  const objects = new Map<string, WatchedObject>();
  const key = (object: WatchedObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
  try {
    for (;;) {
      const response = await http.request('GET', collection, { signal });
      if (response.status !== 200) throw new Error(`list ${collection}: ${response.status} ${response.text()}`);
      const list = response.json<{ items: WatchedObject[] | null; metadata: { resourceVersion: string } }>();
      objects.clear();
      for (const item of list.items ?? []) objects.set(key(item), item);
      let outcome = done(objects);
      if (outcome !== undefined && outcome !== false) return outcome;
      const path = `${collection}${separator}watch=true&resourceVersion=${list.metadata.resourceVersion}`;
      for await (const event of watchEvents(http, path, signal)) {
        if (event.type === 'ERROR') break;
        if (event.type === 'DELETED') objects.delete(key(event.object));
        else if (event.type !== 'BOOKMARK') objects.set(key(event.object), event.object);
        outcome = done(objects);
        if (outcome !== undefined && outcome !== false) return outcome;
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    const state = [...objects.values()].map(
      (object) => `${key(object)} ${JSON.stringify(object.status ?? {}).slice(0, 400)}`,
    );
    throw new Error(
      `${collection} did not come to the awaited state in time; last seen:\n  ${state.join('\n  ') || '(nothing)'}`,
      { cause: error },
    );
  }
}
