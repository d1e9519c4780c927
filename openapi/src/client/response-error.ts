import { type KubernetesObject, type Status, StatusError } from '../meta/index.ts';

const genericReasons: Record<number, { reason: string; message: string }> = {
  400: { reason: 'BadRequest', message: 'the server rejected our request for an unknown reason' },
  401: { reason: 'Unauthorized', message: 'the server has asked for the client to provide credentials' },
  403: { reason: 'Forbidden', message: 'the server does not allow access to the requested resource' },
  404: { reason: 'NotFound', message: 'the server could not find the requested resource' },
  405: { reason: 'MethodNotAllowed', message: 'the server does not allow this method on the requested resource' },
  409: { reason: 'Conflict', message: 'the server reported a conflict' },
  410: { reason: 'Expired', message: 'the requested resource version is too old' },
  413: { reason: 'RequestEntityTooLarge', message: 'the request was too large' },
  422: { reason: 'Invalid', message: 'the server rejected our request due to an error in our request' },
  429: {
    reason: 'TooManyRequests',
    message: 'the server has received too many requests and has asked us to try again later',
  },
  503: { reason: 'ServiceUnavailable', message: 'the server is currently unable to handle the request' },
  504: { reason: 'Timeout', message: 'the server was unable to return a response in the time allotted' },
};

/** The Status an API server sent, or one that says the same for an answer from something else on the way. */
export function statusErrorFrom(
  code: number,
  body: string,
  request: { method: string; path: string },
  retryAfterSeconds: number,
): StatusError {
  const parsed = parseStatus(body);
  if (parsed) return new StatusError({ ...parsed, code: parsed.code ?? code });
  const generic = genericReasons[code] ?? {
    reason: 'InternalError',
    message: 'an error on the server prevented the request from succeeding',
  };
  return new StatusError({
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    message: `${generic.message} (${request.method.toLowerCase()} ${request.path})`,
    reason: generic.reason,
    details: {
      causes: [{ reason: 'UnexpectedServerResponse', message: body.slice(0, 2048) }],
      ...(Number.isFinite(retryAfterSeconds) ? { retryAfterSeconds } : {}),
    },
    code,
  });
}

/** The object of a watch's ERROR event. */
export function statusErrorFromStatus(object: KubernetesObject): StatusError {
  return new StatusError({ code: 500, ...(object as Partial<Status>), apiVersion: 'v1', kind: 'Status' } as Status);
}

function parseStatus(body: string): Status | undefined {
  if (!body.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(body) as Status;
    return value.kind === 'Status' ? value : undefined;
  } catch {
    return undefined;
  }
}
