/**
 * One client's watch of a store: the storage's changes seen through the client's selectors. An object that starts to
 * match is ADDED, one that stops matching is DELETED (with the state that matched last, at the change's revision).
 */

import type { Entry, StorageError, StorageEvent, Watch } from '../../storage/storage.ts';
import { type ListOptions, parseResourceVersion } from './options.ts';
import { selectionOf } from './selection.ts';
import type { RegistryStore } from './store.ts';

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED';

export interface WatchEvent {
  type: WatchEventType;
  entry: Entry;
  /** The resourceVersion the object is sent with. */
  revision: number;
  /** Shared by all watchers of the same change: encodings are memoized on it. Undefined for initial events. */
  source: StorageEvent | undefined;
}

export interface WatchSink {
  /** The state to start from, sent before anything else; at most once. `complete` asks for the closing bookmark. */
  initial(entries: readonly Entry[], revision: number): void;
  event(event: WatchEvent): void;
  /** Nothing at or before `revision` is still to come. */
  progress(revision: number): void;
  end(error: StorageError | undefined): void;
}

/** What of a change a watcher with `selection` sees, if anything. */
export function translateEvent(
  event: StorageEvent,
  selection: ((entry: Entry) => boolean) | undefined,
): WatchEvent | undefined {
  switch (event.type) {
    case 'progress':
      return undefined;
    case 'delete':
      if (selection !== undefined && !selection(event.entry)) return undefined;
      return { type: 'DELETED', entry: event.entry, revision: event.revision, source: event };
    case 'put': {
      const before = event.previous !== undefined && (selection === undefined || selection(event.previous));
      const after = selection === undefined || selection(event.entry);
      if (after)
        return { type: before ? 'MODIFIED' : 'ADDED', entry: event.entry, revision: event.revision, source: event };
      return before ? { type: 'DELETED', entry: event.previous!, revision: event.revision, source: event } : undefined;
    }
    default:
      return event satisfies never;
  }
}

export async function watchStore(
  store: RegistryStore,
  namespace: string,
  options: ListOptions,
  sink: WatchSink,
  signal: AbortSignal,
): Promise<Watch> {
  const selection = selectionOf(store, options.labelSelector, options.fieldSelector);
  const requested = parseResourceVersion(options.resourceVersion);
  const fromState = options.sendInitialEvents ?? (requested === undefined || requested === 0);
  let afterRevision: number;
  if (fromState) {
    const page = await store.list(
      namespace,
      {
        ...options,
        limit: 0,
        continue: '',
        resourceVersionMatch: options.resourceVersion === '' ? '' : 'NotOlderThan',
      },
      signal,
    );
    sink.initial(page.entries, page.revision);
    afterRevision = page.revision;
  } else {
    afterRevision =
      requested === undefined || requested === 0 ? await store.storage.currentRevision(signal) : requested;
  }
  return store.storage.watch(
    { prefix: watchPrefix(store, namespace, options), afterRevision, progress: options.allowWatchBookmarks },
    {
      event(event) {
        if (event.type === 'progress') sink.progress(event.revision);
        else {
          const seen = translateEvent(event, selection);
          if (seen !== undefined) sink.event(seen);
        }
      },
      end: (error) => sink.end(error),
    },
  );
}

/** A watch of one name sees that key alone; of one namespace, that namespace. */
function watchPrefix(store: RegistryStore, namespace: string, options: ListOptions): string {
  const { prefix, namespaced } = store.definition;
  const ns = namespace !== '' ? namespace : (options.fieldSelector?.requiresExactMatch('metadata.namespace') ?? '');
  const name = options.fieldSelector?.requiresExactMatch('metadata.name');
  if (name !== undefined && name !== '' && !name.includes('/') && (!namespaced || ns !== ''))
    return store.key(ns, name);
  return namespaced && ns !== '' ? `${prefix}${ns}/` : prefix;
}
