/**
 * The error of every API layer. Servers throw it and send `.status`; clients get it back from the answer. The factories
 * give upstream's exact code, reason, message and details for each case.
 */
import { aggregateMessages, type FieldError, fieldErrorBody, omitValue } from './field-error.ts';
import { formatGroupResource, type GroupLike } from './group-version.ts';
import type { GroupResource } from './object.ts';
import { quote } from './quote.ts';
import { type Status, type StatusCause, type StatusDetails, type StatusReason, statusDetails } from './status.ts';

export class StatusError extends Error {
  readonly status: Status;

  constructor(status: Status, options?: ErrorOptions) {
    super(status.message ?? '', options);
    this.name = 'StatusError';
    this.status = status;
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): string {
    return this.status.reason ?? '';
  }
}

/** A Status from elsewhere (a response body, a watch's ERROR event) as an error. */
export function statusErrorFrom(status: object): StatusError {
  return new StatusError({ metadata: {}, ...status, kind: 'Status', apiVersion: 'v1' });
}

function failure(code: number, reason: StatusReason, message: string, details?: StatusDetails): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === '' ? {} : { reason }),
    ...(details === undefined ? {} : { details: statusDetails(details) }),
    code,
  });
}

function of(resource: GroupResource, name = ''): StatusDetails {
  return { group: resource.group, kind: resource.resource, name };
}

export function notFound(resource: GroupResource, name: string): StatusError {
  return failure(404, 'NotFound', `${formatGroupResource(resource)} ${quote(name)} not found`, of(resource, name));
}

export function alreadyExists(resource: GroupResource, name: string): StatusError {
  return failure(
    409,
    'AlreadyExists',
    `${formatGroupResource(resource)} ${quote(name)} already exists`,
    of(resource, name),
  );
}

export function generateNameConflict(resource: GroupResource, name: string, retryAfterSeconds: number): StatusError {
  const message = `${formatGroupResource(resource)} ${quote(name)} already exists, the server was not able to generate a unique name for the object`;
  return failure(409, 'AlreadyExists', message, { ...of(resource, name), retryAfterSeconds });
}

export function unauthorized(message = 'Unauthorized'): StatusError {
  return failure(401, 'Unauthorized', message === '' ? 'not authorized' : message);
}

export function forbidden(resource: GroupResource, name: string, message: string): StatusError {
  const subject = formatGroupResource(resource);
  let text = `${subject} ${quote(name)} is forbidden: ${message}`;
  if (resource.group === '' && resource.resource === '') text = `forbidden: ${message}`;
  else if (name === '') text = `${subject} is forbidden: ${message}`;
  return failure(403, 'Forbidden', text, of(resource, name));
}

export function conflict(resource: GroupResource, name: string, message: string): StatusError {
  const text = `Operation cannot be fulfilled on ${formatGroupResource(resource)} ${quote(name)}: ${message}`;
  return failure(409, 'Conflict', text, of(resource, name));
}

/** Server-side apply: other managers own fields; one cause per field. */
export function applyConflict(causes: StatusCause[], message: string): StatusError {
  return failure(409, 'Conflict', message, { causes });
}

export function gone(message: string): StatusError {
  return failure(410, 'Gone', message);
}

export function resourceExpired(message: string): StatusError {
  return failure(410, 'Expired', message);
}

/** Characters of errors; the values of those beyond are left out. */
const maxErrorText = 4 * 1024 * 1024;

export function invalid(
  kind: { group: string; kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  let length = 0;
  const causes = errors.map((error): StatusCause => {
    // Many errors about one large value would be many times its size.
    const message = fieldErrorBody(length > maxErrorText ? { ...error, badValue: omitValue } : error);
    length += message.length;
    const cause: StatusCause = { reason: error.type, message };
    if (error.field !== '') cause.field = error.field;
    return cause;
  });
  const messages = aggregateMessages(causes.map(({ field = '', message = '' }) => `${field}: ${message}`));
  const text = `${formatGroupResource({ group: kind.group, resource: kind.kind })} ${quote(name)} is invalid`;
  const details = { group: kind.group, kind: kind.kind, name, causes };
  return failure(422, 'Invalid', messages === undefined ? text : `${text}: ${messages}`, details);
}

export function badRequest(message: string): StatusError {
  return failure(400, 'BadRequest', message);
}

export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return failure(429, 'TooManyRequests', message, { retryAfterSeconds });
}

export function serviceUnavailable(message: string): StatusError {
  return failure(503, 'ServiceUnavailable', message);
}

export function methodNotSupported(resource: GroupResource, verb: string): StatusError {
  const message = `${verb} is not supported on resources of kind ${quote(formatGroupResource(resource))}`;
  return failure(405, 'MethodNotAllowed', message, of(resource));
}

export function serverTimeout(resource: GroupResource, operation: string, retryAfterSeconds: number): StatusError {
  const message = `The ${operation} operation against ${formatGroupResource(resource)} could not be completed at this time, please try again.`;
  return failure(500, 'ServerTimeout', message, { ...of(resource, operation), retryAfterSeconds });
}

export function internalError(message: string): StatusError {
  return failure(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
}

export function timeoutError(message: string, retryAfterSeconds: number): StatusError {
  return failure(504, 'Timeout', `Timeout: ${message}`, { retryAfterSeconds });
}

export function requestEntityTooLarge(message: string): StatusError {
  return failure(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`);
}

export function notAcceptable(message: string): StatusError {
  return failure(406, 'NotAcceptable', message);
}

export function unsupportedMediaType(message: string): StatusError {
  return failure(415, 'UnsupportedMediaType', message);
}

/** What an answer without a Status object means, by its HTTP code. */
export function genericServerResponse(
  code: number,
  verb: string,
  resource: GroupLike,
  name: string,
  serverMessage: string,
  retryAfterSeconds: number,
  isUnexpectedResponse: boolean,
): StatusError {
  const generic = genericReason(code, verb, serverMessage);
  let message = generic.message;
  if (resource.group !== '' || resource.resource !== '') {
    const subject = name === '' ? '' : ` ${name}`;
    message = `${message} (${verb.toLowerCase()} ${formatGroupResource(resource)}${subject})`;
  }
  const causes = isUnexpectedResponse ? [{ reason: 'UnexpectedServerResponse', message: serverMessage }] : [];
  return failure(code, generic.reason, message, { ...of(resource, name), causes, retryAfterSeconds });
}

function genericReason(code: number, verb: string, serverMessage: string): { reason: StatusReason; message: string } {
  switch (code) {
    case 409:
      return { reason: verb === 'POST' ? 'AlreadyExists' : 'Conflict', message: 'the server reported a conflict' };
    case 404:
      return { reason: 'NotFound', message: 'the server could not find the requested resource' };
    case 400:
      return { reason: 'BadRequest', message: 'the server rejected our request for an unknown reason' };
    case 401:
      return { reason: 'Unauthorized', message: 'the server has asked for the client to provide credentials' };
    case 403:
      return { reason: 'Forbidden', message: serverMessage };
    case 406: {
      const unknown = serverMessage === '' || serverMessage === 'unknown';
      const message = 'the server was unable to respond with a content type that the client supports';
      return { reason: 'NotAcceptable', message: unknown ? message : serverMessage };
    }
    case 415:
      return { reason: 'UnsupportedMediaType', message: serverMessage };
    case 405:
      return { reason: 'MethodNotAllowed', message: 'the server does not allow this method on the requested resource' };
    case 422:
      return { reason: 'Invalid', message: 'the server rejected our request due to an error in our request' };
    case 503:
      return { reason: 'ServiceUnavailable', message: 'the server is currently unable to handle the request' };
    case 504:
      return {
        reason: 'Timeout',
        message:
          'the server was unable to return a response in the time allotted, but may still be processing the request',
      };
    case 429:
      return {
        reason: 'TooManyRequests',
        message: 'the server has received too many requests and has asked us to try again later',
      };
    default:
      if (code >= 500) {
        return {
          reason: 'InternalError',
          message: `an error on the server (${quote(serverMessage)}) has prevented the request from succeeding`,
        };
      }
      return {
        reason: '',
        message: `the server responded with the status code ${code} but did not return more information`,
      };
  }
}
