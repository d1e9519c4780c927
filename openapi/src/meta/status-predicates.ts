/**
 * What kind of failure an error is. A known reason decides; only where the reason is unknown does the HTTP code. All
 * accept anything that was thrown.
 */

import type { StatusCause } from './status.ts';
import { StatusError } from './status-error.ts';

const knownReasons = new Set([
  'Unauthorized',
  'Forbidden',
  'NotFound',
  'AlreadyExists',
  'Conflict',
  'Gone',
  'Invalid',
  'ServerTimeout',
  'StoreReadError',
  'Timeout',
  'TooManyRequests',
  'BadRequest',
  'MethodNotAllowed',
  'NotAcceptable',
  'RequestEntityTooLarge',
  'UnsupportedMediaType',
  'InternalError',
  'Expired',
  'ServiceUnavailable',
]);

function is(error: unknown, reason: string, code?: number): boolean {
  if (!(error instanceof StatusError)) return false;
  if (error.reason === reason) return true;
  return code !== undefined && error.status.code === code && !knownReasons.has(error.reason);
}

export const isNotFound = (error: unknown): error is StatusError => is(error, 'NotFound', 404);
export const isAlreadyExists = (error: unknown): error is StatusError => is(error, 'AlreadyExists');
export const isConflict = (error: unknown): error is StatusError => is(error, 'Conflict', 409);
export const isInvalid = (error: unknown): error is StatusError => is(error, 'Invalid', 422);
export const isGone = (error: unknown): error is StatusError => is(error, 'Gone', 410);
export const isResourceExpired = (error: unknown): error is StatusError => is(error, 'Expired');
export const isNotAcceptable = (error: unknown): error is StatusError => is(error, 'NotAcceptable', 406);
export const isUnsupportedMediaType = (error: unknown): error is StatusError => is(error, 'UnsupportedMediaType', 415);
export const isMethodNotSupported = (error: unknown): error is StatusError => is(error, 'MethodNotAllowed', 405);
export const isServiceUnavailable = (error: unknown): error is StatusError => is(error, 'ServiceUnavailable', 503);
export const isBadRequest = (error: unknown): error is StatusError => is(error, 'BadRequest', 400);
export const isUnauthorized = (error: unknown): error is StatusError => is(error, 'Unauthorized', 401);
export const isForbidden = (error: unknown): error is StatusError => is(error, 'Forbidden', 403);
export const isTimeout = (error: unknown): error is StatusError => is(error, 'Timeout', 504);
export const isServerTimeout = (error: unknown): error is StatusError => is(error, 'ServerTimeout');
export const isInternalError = (error: unknown): error is StatusError => is(error, 'InternalError', 500);
export const isRequestEntityTooLarge = (error: unknown): error is StatusError =>
  is(error, 'RequestEntityTooLarge', 413);

/** The code counts whatever the reason: proxies in between send 429 too. */
export function isTooManyRequests(error: unknown): error is StatusError {
  return is(error, 'TooManyRequests') || (error instanceof StatusError && error.status.code === 429);
}

export function statusCause(error: unknown, reason: string): StatusCause | undefined {
  if (!(error instanceof StatusError)) return undefined;
  return error.status.details?.causes?.find((cause) => cause.reason === reason);
}
