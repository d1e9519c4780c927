/**
 * Read, change, compare-and-swap, again: the loop under every update and delete. It starts from whatever the cache has
 * and reads afresh only when the change fails or the swap is lost, so that the common case costs one round trip.
 */
import { type Entry, type Storage, StorageError } from '../../storage/storage.ts';

export type Attempt<R> = (existing: Entry | undefined) => Promise<R>;

/**
 * Runs `attempt` until it neither loses a compare-and-swap (StorageError `conflict`, or `keyNotFound`/`keyExists`
 * because the state was stale) nor fails on a state that turns out to be stale. What it throws on the newest state is
 * thrown to the caller.
 */
export async function guaranteedUpdate<R>(
  storage: Storage,
  key: string,
  attempt: Attempt<R>,
  signal: AbortSignal,
): Promise<R> {
  let existing = (await storage.get(key, { minRevision: 0, signal })).entry;
  let current = false;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await attempt(existing);
    } catch (error) {
      const lost =
        error instanceof StorageError &&
        (error.code === 'conflict' || error.code === 'keyNotFound' || error.code === 'keyExists');
      if (current && !lost) throw error;
      const fresh = lost && error.current !== undefined ? error.current : (await storage.get(key, { signal })).entry;
      const changed = fresh?.modRevision !== existing?.modRevision;
      if (!changed && !lost) throw error;
      // Lost against a state we already had: the store itself says the key moved on, so ask again.
      existing = fresh;
      current = true;
    }
  }
}
