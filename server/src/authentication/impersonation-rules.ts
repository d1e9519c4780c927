/** What identities look like that the constrained modes of impersonation tell apart. */
import { dns1123Subdomain, quote } from '@typernetes/openapi/meta';

const nodePrefix = 'system:node:';
const pathPattern = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/;

/** The name in a node's user name, whether or not it can be one. */
export function nodeOf(username: string): string {
  return username.slice(nodePrefix.length);
}

export function isNodeUser(username: string): boolean {
  return username.startsWith(nodePrefix) && dns1123Subdomain(nodeOf(username)).length === 0;
}

/** What is wrong with extra fields that someone wants to have; the old verb never asked. */
export function extraError(extra: Readonly<Record<string, readonly string[]>>): string | undefined {
  for (const [key, values] of Object.entries(extra)) {
    if (key === '') return 'impersonating the empty string key in extra is not allowed';
    const problem = keyProblem(key);
    if (problem !== undefined) return `impersonating an invalid key in extra is not allowed: ${problem}`;
    if (key !== key.toLowerCase()) return `impersonating a non-lowercase key in extra is not allowed: ${quote(key)}`;
    if (values.length === 0) return 'impersonating empty values in extra is not allowed';
    if (values.includes('')) return 'impersonating the empty string value in extra is not allowed';
  }
  return undefined;
}

/** Keys are paths below a domain: `acme.io/foo`. */
function keyProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  const host = key.slice(0, Math.max(slash, 0));
  const path = key.slice(slash + 1);
  if (host === '' || path === '')
    return `extra.key: Invalid value: ${quote(key)}: must be a domain-prefixed path (such as "acme.io/foo")`;
  const [hostProblem] = dns1123Subdomain(host);
  if (hostProblem !== undefined) return `extra.key: Invalid value: ${quote(host)}: ${hostProblem}`;
  if (!pathPattern.test(path))
    return `extra.key: Invalid value: ${quote(path)}: Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')`;
  return undefined;
}
