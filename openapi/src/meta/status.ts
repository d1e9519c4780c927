/** The Status object (meta/v1): what the API answers instead of an object, above all for errors. */
import type { ListMeta } from './object.ts';

/** Known reasons; servers of other makers may send more. */
export type StatusReason =
  | ''
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Invalid'
  | 'ServerTimeout'
  | 'StoreReadError'
  | 'Timeout'
  | 'TooManyRequests'
  | 'BadRequest'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'RequestEntityTooLarge'
  | 'UnsupportedMediaType'
  | 'InternalError'
  | 'Expired'
  | 'ServiceUnavailable';

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface Status {
  kind: 'Status';
  apiVersion: string;
  metadata: ListMeta;
  status?: string;
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

/** What is empty is left out, in the order Go writes the fields. */
export function statusDetails(details: StatusDetails): StatusDetails {
  const result: StatusDetails = {};
  if (details.name) result.name = details.name;
  if (details.group) result.group = details.group;
  if (details.kind) result.kind = details.kind;
  if (details.uid) result.uid = details.uid;
  if (details.causes && details.causes.length > 0) result.causes = details.causes;
  if (details.retryAfterSeconds) result.retryAfterSeconds = details.retryAfterSeconds;
  return result;
}

/** The answer to a deletion that left nothing to show, and of other requests without an object. */
export function successStatus(details?: StatusDetails, code?: number): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    ...(details === undefined ? {} : { details: statusDetails(details) }),
    ...(code === undefined ? {} : { code }),
  };
}
