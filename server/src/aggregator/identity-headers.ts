/** How an extension API server is told on whose behalf it is asked: the headers of an authenticating front proxy. */
import type { UserInfo } from '../authentication/authenticator.ts';

/** Not legal in a header's name: written as `%` and two hexadecimal digits. */
const illegal = /[^!#$&'*+\-.^_`|~0-9A-Za-z]/g;

function escapeKey(key: string): string {
  const text = Buffer.from(key, 'utf8').toString('latin1');
  return text.replace(illegal, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

/** Header values are bytes: UTF-8 goes as it is. */
const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

export function identityHeaders(user: UserInfo): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { 'X-Remote-User': bytes(user.name) };
  if (user.uid !== undefined && user.uid !== '') headers['X-Remote-Uid'] = bytes(user.uid);
  if (user.groups.length > 0) headers['X-Remote-Group'] = user.groups.map(bytes);
  for (const [key, values] of Object.entries(user.extra ?? {}))
    if (values.length > 0) headers[`X-Remote-Extra-${escapeKey(key)}`] = values.map(bytes);
  return headers;
}

export function isIdentityHeader(name: string): boolean {
  return /^x-remote-(user|uid|group|extra-)/i.test(name);
}
