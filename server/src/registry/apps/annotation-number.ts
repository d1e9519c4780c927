import { badRequest, parseInt64, parseInt64Problem } from '@typernetes/openapi/meta';

/** A number that upstream keeps in a field of its own, and apps/v1 in an annotation. `told` puts what Go says into a message. */
export function annotationNumber(kind: string, text: string, told: (problem: string) => string): bigint {
  const value = parseInt64(text);
  if (value !== undefined) return value;
  throw badRequest(`${kind} in version "v1" cannot be handled as a ${kind}: ${told(parseInt64Problem(text))}`);
}
