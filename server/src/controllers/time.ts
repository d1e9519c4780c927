import type { Clock } from '@typernetes/openapi/client';

/** The present as API objects carry it: RFC 3339 in whole seconds. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Milliseconds since the epoch; `fallback` for an absent time. */
export function millisecondsOf(time: string | null | undefined, fallback = 0): number {
  return time ? Date.parse(time) : fallback;
}
