import { forbidden, quote } from '@typernetes/openapi/meta';
import type { AuthorizerAttributes } from './authorizer.ts';

/** What the client of a refused request is told. `reason` is the authorizer's, often empty. */
export function forbiddenError(attributes: AuthorizerAttributes, reason: string): Error {
  const message = forbiddenMessage(attributes).replace(/[&<>]/g, (character) => htmlEscapes[character] ?? character);
  return forbidden(
    { group: attributes.apiGroup, resource: attributes.resource },
    attributes.name,
    reason === '' ? message : `${message}: ${reason}`,
  );
}

/** A path is the client's own text: the message must not become markup in a browser. */
const htmlEscapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function forbiddenMessage(attributes: AuthorizerAttributes): string {
  const user = `User ${quote(attributes.user.name)} cannot ${attributes.verb}`;
  if (!attributes.resourceRequest) return `${user} path ${quote(attributes.path)}`;
  const resource =
    attributes.subresource === '' ? attributes.resource : `${attributes.resource}/${attributes.subresource}`;
  const what = `${user} resource ${quote(resource)} in API group ${quote(attributes.apiGroup)}`;
  return attributes.namespace === ''
    ? `${what} at the cluster scope`
    : `${what} in the namespace ${quote(attributes.namespace)}`;
}
