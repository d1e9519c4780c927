/** Acting as someone else: every part of the wanted identity must be allowed by the verb `impersonate`. */
import { badRequest } from '@typernetes/openapi/meta';
import type { Authorizer, AuthorizerAttributes } from '../authorization/authorizer.ts';
import { forbiddenError } from '../authorization/forbidden.ts';
import type { UserInfo } from './authenticator.ts';
import { unescapeKey } from './request/headers.ts';
import { allAuthenticated, allUnauthenticated, anonymousUser } from './request/union.ts';
import { serviceAccountGroups, splitServiceAccountUsername } from './service-account/user.ts';

const authenticationGroup = 'authentication.k8s.io';
const extraPrefix = 'impersonate-extra-';

/** One thing the request wants to be. */
type Wanted = Pick<AuthorizerAttributes, 'apiGroup' | 'apiVersion' | 'resource' | 'subresource' | 'namespace' | 'name'>;

/**
 * The user that Impersonate-* headers ask for; undefined if they ask for none. Throws forbidden where `user` may not.
 * Give it `request.headersDistinct`: joined values (`request.headers`) are taken apart at commas.
 */
export async function impersonate(
  headers: NodeJS.Dict<string | string[]>,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<UserInfo | undefined> {
  const values = (name: string): string[] => {
    const value = headers[name];
    return typeof value === 'string' ? value.split(/,\s*/) : (value ?? []);
  };
  const single = (name: string): string => [headers[name] ?? []].flat()[0] ?? '';
  const name = single('impersonate-user');
  const uid = single('impersonate-uid');
  const wantedGroups = values('impersonate-group');
  const extra: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const header of Object.keys(headers)) {
    if (!header.startsWith(extraPrefix)) continue;
    const key = unescapeKey(header.slice(extraPrefix.length));
    extra[key] = [...(extra[key] ?? []), ...[headers[header] ?? []].flat()];
  }
  const wanted: Wanted[] = [];
  const account = splitServiceAccountUsername(name);
  if (account !== undefined) wanted.push({ ...part('serviceaccounts', account.name), namespace: account.namespace });
  else if (name !== '') wanted.push(part('users', name));
  for (const group of wantedGroups) wanted.push(part('groups', group));
  for (const [key, items] of Object.entries(extra)) {
    for (const item of items) wanted.push({ ...part('userextras', item, authenticationGroup, 'v1'), subresource: key });
  }
  if (uid !== '') wanted.push(part('uids', uid, authenticationGroup, 'v1'));
  if (wanted.length === 0) return undefined;
  if (name === '') {
    const shown = wanted.map((item) => `${item.resource}/${item.name}`).join(' ');
    throw badRequest(`requested [${shown}] without impersonating a user`);
  }
  for (const item of wanted) {
    const attributes: AuthorizerAttributes = { ...item, user, verb: 'impersonate', resourceRequest: true, path: '' };
    const { decision, reason } = await authorizer.authorize(attributes);
    if (decision !== 'allow') throw forbiddenError(attributes, reason);
  }
  const groups =
    wantedGroups.length === 0 && account !== undefined ? serviceAccountGroups(account.namespace) : wantedGroups;
  return {
    name,
    groups: completeGroups(name, groups),
    ...(uid === '' ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra: { ...extra } }),
  };
}

function part(resource: string, name: string, apiGroup = '', apiVersion = 'v1'): Wanted {
  return { apiGroup, apiVersion, resource, subresource: '', namespace: '', name };
}

function completeGroups(name: string, groups: readonly string[]): string[] {
  if (groups.includes(allUnauthenticated)) return [...groups];
  if (name === anonymousUser) return [...groups, allUnauthenticated];
  return groups.includes(allAuthenticated) ? [...groups] : [...groups, allAuthenticated];
}
