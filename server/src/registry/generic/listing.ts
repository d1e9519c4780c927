/** Which entries a list request means: of which revision, from where on, how many, and how the next page is asked for. */
import { badRequest, resourceExpired } from '@typernetes/openapi/meta';
import { type Entry, type Storage, StorageError } from '../../storage/storage.ts';
import { ContinueTokenError, decodeContinue, encodeContinue } from './continue-token.ts';
import type { EntryReader } from './entry-view.ts';
import { type ListOptions, parseResourceVersion } from './options.ts';
import { amongOf, selectionOf } from './selection.ts';

export interface ListPage {
  entries: Entry[];
  revision: number;
  continue: string | undefined;
  remaining: number | undefined;
}

export interface Listed extends EntryReader {
  readonly storage: Storage;
  /** Of the keys of one namespace, or of all. */
  prefixOf(namespace: string): string;
}

const inconsistentContinueMessage =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
  'deleted between the time the first chunk was returned and now may show up in the list.';

/** Throws StorageErrors as they are, but for a token whose revision is gone. */
export async function listPage(
  store: Listed,
  namespace: string,
  options: ListOptions,
  signal?: AbortSignal,
): Promise<ListPage> {
  const selection = selectionOf(store, options.labelSelector, options.fieldSelector);
  const among = amongOf(store, options.labelSelector, options.fieldSelector);
  const selectedNamespace = options.fieldSelector?.requiresExactMatch('metadata.namespace');
  const prefix = store.prefixOf(namespace !== '' ? namespace : (selectedNamespace ?? ''));
  const token = continueToken(options, prefix);
  const requested = parseResourceVersion(options.resourceVersion);
  const limit = options.resourceVersion === '0' && token === undefined ? 0 : options.limit;
  const exact =
    token !== undefined
      ? token.revision > 0
      : requested !== undefined &&
        requested > 0 &&
        (options.resourceVersionMatch === 'Exact' || (options.resourceVersionMatch === '' && limit > 0));
  const revision = token?.revision ?? requested;
  try {
    const result = await store.storage.list({
      prefix,
      ...(token === undefined ? {} : { start: token.startKey }),
      ...(exact ? { revision: revision! } : {}),
      ...(!exact && token === undefined && requested !== undefined ? { minRevision: requested } : {}),
      ...(limit > 0 ? { limit } : {}),
      ...(selection === undefined ? {} : { select: selection }),
      ...(among === undefined ? {} : { among }),
      ...(signal === undefined ? {} : { signal }),
    });
    return {
      entries: result.entries,
      revision: result.revision,
      continue: result.next === undefined ? undefined : encodeContinue(result.next, prefix, result.revision),
      remaining: result.next === undefined || selection !== undefined ? undefined : result.remaining,
    };
  } catch (error) {
    if (token === undefined || !(error instanceof StorageError) || error.code !== 'compacted') throw error;
    const expired = resourceExpired(inconsistentContinueMessage);
    expired.status.metadata = { continue: encodeContinue(token.startKey, prefix, -1) };
    throw expired;
  }
}

function continueToken(options: ListOptions, prefix: string) {
  if (options.continue === '') return undefined;
  if (options.resourceVersion !== '' && options.resourceVersion !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  try {
    return decodeContinue(options.continue, prefix);
  } catch (error) {
    if (error instanceof ContinueTokenError) throw badRequest(`invalid continue token: ${error.message}`);
    throw error;
  }
}
