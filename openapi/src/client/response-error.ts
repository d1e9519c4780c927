import { genericServerResponse, type StatusError, statusErrorFrom } from '../meta/index.ts';

/** The Status an API server sent, or one that says the same for an answer from something else on the way. */
export function responseError(
  code: number,
  body: string,
  request: { method: string; path: string },
  retryAfterSeconds: number,
): StatusError {
  const status = parseStatus(body);
  if (status) return statusErrorFrom({ code, ...status });
  const retryAfter = Number.isFinite(retryAfterSeconds) ? retryAfterSeconds : 0;
  const target = { group: '', resource: request.path };
  return genericServerResponse(
    code,
    request.method,
    target,
    '',
    body.slice(0, 2048).trim() || 'unknown',
    retryAfter,
    true,
  );
}

function parseStatus(body: string): { kind: 'Status' } | undefined {
  if (!body.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status'
      ? { ...value, kind: 'Status' }
      : undefined;
  } catch {
    return undefined;
  }
}
