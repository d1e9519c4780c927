import type { IncomingMessage } from 'node:http';

/**
 * All values of a header, one for each line the client sent. `request.headers` joins repeated lines with commas, and a
 * group or user name may itself hold one.
 */
export function headerValues(
  request: Pick<IncomingMessage, 'headers'> & { headersDistinct?: NodeJS.Dict<string[]> },
  name: string,
): string[] {
  const distinct = request.headersDistinct?.[name];
  if (distinct !== undefined) return distinct;
  const value = request.headers[name];
  return value === undefined ? [] : [value].flat();
}

export function headerNames(request: Pick<IncomingMessage, 'headers'>): string[] {
  return Object.keys(request.headers);
}

/** Percent-decoding of header-borne keys; what does not decode is taken as it is. */
export function unescapeKey(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
