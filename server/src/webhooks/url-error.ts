/** Why Go's net/url would not read a text as a URL at all, in its words. */
import { quote } from '@typernetes/openapi/meta';

export function urlError(text: string): string | undefined {
  const [before = ''] = text.split('#', 1);
  const fragment = text.slice(before.length);
  const wrong = errorOf(before);
  if (wrong !== undefined) return `parse ${quote(before)}: ${wrong}`;
  const escape = escapeError(fragment);
  return escape === undefined ? undefined : `parse ${quote(text)}: ${escape}`;
}

function errorOf(text: string): string | undefined {
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) return 'net/url: invalid control character in URL';
  if (text.startsWith(':')) return 'missing protocol scheme';
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:/.exec(text)?.[0] ?? '';
  const [rest = ''] = text.slice(scheme.length).split('?', 1);
  if (!rest.startsWith('/')) {
    if (scheme !== '') return undefined;
    if (rest.split('/', 1)[0]?.includes(':')) return 'first path segment in URL cannot contain colon';
  }
  const hasAuthority = rest.startsWith('//') && (scheme !== '' || !rest.startsWith('///'));
  const [, authority = ''] = (hasAuthority && /^\/\/([^/]*)/.exec(rest)) || [];
  const path = hasAuthority ? rest.slice(2 + authority.length) : rest;
  return authorityError(authority) ?? escapeError(path);
}

function authorityError(authority: string): string | undefined {
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  const user = authority.slice(0, Math.max(at, 0));
  return hostError(host) ?? (/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user) ? undefined : 'net/url: invalid userinfo');
}

function hostError(host: string): string | undefined {
  const bracket = host.lastIndexOf(']');
  if (host.startsWith('[') && bracket === -1) return "missing ']' in host";
  const colon = host.startsWith('[') ? bracket + 1 : host.lastIndexOf(':');
  const port = colon === -1 ? '' : host.slice(colon);
  if (!/^(?::\d*)?$/.test(port)) return `invalid port ${quote(port)} after host`;
  const bad = /%(?!25|[89A-Fa-f][\dA-Fa-f])(.{0,2})|[ \\^`{|}]/.exec(host);
  if (bad === null) return undefined;
  return bad[0].startsWith('%')
    ? `invalid URL escape ${quote(bad[0])}`
    : `invalid character ${quote(bad[0])} in host name`;
}

function escapeError(text: string): string | undefined {
  const bad = /%(?![\dA-Fa-f]{2}).{0,2}/.exec(text);
  return bad === null ? undefined : `invalid URL escape ${quote(bad[0])}`;
}
