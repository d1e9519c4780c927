import type { StorageError, StorageEvent, WatchHandler } from './storage.ts';

/*
 * Handlers must not throw. If one does, that is a broken invariant of its own: the error surfaces as uncaught, and other
 * watches and the writer whose change it was are served all the same.
 */

export function callEvent(handler: WatchHandler, event: StorageEvent): void {
  try {
    handler.event(event);
  } catch (error) {
    surface(error);
  }
}

export function callEnd(handler: WatchHandler, reason: StorageError | undefined): void {
  try {
    handler.end(reason);
  } catch (error) {
    surface(error);
  }
}

function surface(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
