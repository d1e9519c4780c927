/** What an answer that is no success says: its own Status, or what its HTTP code means. */
import { genericServerResponse, type StatusError, statusErrorFrom } from '@typernetes/openapi/meta';
import { isObject } from '@typernetes/openapi/schema';

const nothing = { group: '', resource: '' };

export function errorOfAnswer(code: number, text: string, retryAfterSeconds = 0): StatusError {
  const serverMessage = text.trim() || 'unknown';
  return (
    failureOf(parsed(text)) ??
    genericServerResponse(code, 'POST', nothing, '', serverMessage, retryAfterSeconds || 0, true)
  );
}

/** Undefined where the body is no Status of a failure. */
export function failureOf(body: unknown): StatusError | undefined {
  const isFailure = isObject(body) && body.kind === 'Status' && body.apiVersion === 'v1' && body.status !== 'Success';
  return isFailure ? statusErrorFrom(body) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Go's decoder takes what is no JSON for YAML, of which any text is a string. */
export function unreadable(text: string, status: number): string {
  if (text === '') return `0-length response with status code: ${status} and content type: application/json`;
  return `couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`;
}
