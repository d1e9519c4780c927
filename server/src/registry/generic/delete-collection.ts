/** Deletes what a list finds, page by page, several at a time. Not atomic: what was deleted stays so when one fails. */
import { isNotFound } from '@typernetes/openapi/meta';
import type { Entry } from '../../storage/storage.ts';
import type { WriteContext } from './definition.ts';
import { EntryView } from './entry-view.ts';
import type { ListPage } from './listing.ts';
import type { DeleteOptions, ListOptions } from './options.ts';

export interface Collection {
  list(namespace: string, options: ListOptions, signal?: AbortSignal): Promise<ListPage>;
  delete(name: string, options: DeleteOptions, context: WriteContext): Promise<unknown>;
}

const pageSize = 10_000;
const workers = 8;

/** Resolves to all that was found. */
export async function deleteCollection(
  collection: Collection,
  list: ListOptions,
  options: DeleteOptions,
  context: WriteContext,
): Promise<ListPage> {
  const found: Entry[] = [];
  const request: ListOptions = { ...list, limit: list.limit > 0 ? list.limit : pageSize };
  let first: ListPage | undefined;
  for (;;) {
    const page = await collection.list(context.namespace, request, context.signal);
    first ??= page;
    found.push(...page.entries);
    await deleteEntries(collection, page.entries, options, context);
    if (list.limit > 0) return page;
    if (page.continue === undefined) return { ...first, entries: found, continue: undefined, remaining: undefined };
    request.continue = page.continue;
    request.resourceVersion = '';
    request.resourceVersionMatch = '';
  }
}

async function deleteEntries(
  collection: Collection,
  entries: readonly Entry[],
  options: DeleteOptions,
  context: WriteContext,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let entry = entries[next++]; entry !== undefined; entry = entries[next++]) {
      // Parsed for what follows as well.
      const { name = '', namespace = '' } = EntryView.of(entry).shared().metadata ?? {};
      try {
        await collection.delete(name, options, { ...context, namespace, warn: (message) => context.warn(message) });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, entries.length) }, work));
}
