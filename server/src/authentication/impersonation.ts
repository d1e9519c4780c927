/**
 * Acting as someone else, by `Impersonate-*` headers. Several modes are tried, narrow ones first: in the constrained
 * modes one needs the right to impersonate this identity (`impersonate:MODE`) and to do what this request does as
 * someone else (`impersonate-on:MODE:VERB`); the old verb `impersonate` allows both at once, for any request.
 */
import { badRequest } from '@typernetes/openapi/meta';
import type { Authorizer, AuthorizerAttributes } from '../authorization/authorizer.ts';
import { forbiddenError } from '../authorization/forbidden.ts';
import type { UserInfo } from './authenticator.ts';
import { extraError, isNodeUser, nodeOf } from './impersonation-rules.ts';
import { unescapeKey } from './request/headers.ts';
import { allAuthenticated, allUnauthenticated, anonymousUser } from './request/union.ts';
import { serviceAccountGroups, splitServiceAccountUsername } from './service-account/user.ts';

/** Whom the headers ask for. */
interface Wanted {
  name: string;
  uid: string;
  groups: readonly string[];
  extra: Readonly<Record<string, readonly string[]>>;
}

export interface Impersonated {
  user: UserInfo;
  /** The verb that allowed it, for the audit log; empty for the old one. */
  constraint: string;
}

const extraPrefix = 'impersonate-extra-';
const privilegedGroup = 'system:masters';
const nodesGroup = 'system:nodes';
const authenticationGroup = 'authentication.k8s.io';
/** From so many checks on, one for `*` is tried first. */
const manyChecks = 4;

/**
 * The user that Impersonate-* headers ask for; undefined if they ask for none. Throws forbidden where the user of
 * `request` (what the request is about, as the real user) may not.
 * Give it `request.headersDistinct`: joined values (`request.headers`) are taken apart at commas.
 */
export async function impersonate(
  headers: NodeJS.Dict<string | string[]>,
  request: AuthorizerAttributes,
  authorizer: Authorizer,
): Promise<Impersonated | undefined> {
  const wanted = wantedUser(headers);
  if (wanted === undefined) return undefined;
  let first: unknown;
  for (const mode of modesFor(wanted, request.user)) {
    try {
      return await attempt(mode, wanted, request, authorizer);
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

function wantedUser(headers: NodeJS.Dict<string | string[]>): Wanted | undefined {
  const values = (name: string): string[] => {
    const value = headers[name];
    return typeof value === 'string' ? value.split(/,\s*/) : (value ?? []);
  };
  const single = (name: string): string => [headers[name] ?? []].flat()[0] ?? '';
  const extra: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const header of Object.keys(headers)) {
    if (!header.startsWith(extraPrefix)) continue;
    const key = unescapeKey(header.slice(extraPrefix.length));
    extra[key] = [...(extra[key] ?? []), ...[headers[header] ?? []].flat()];
  }
  const wanted = {
    name: single('impersonate-user'),
    uid: single('impersonate-uid'),
    groups: values('impersonate-group'),
    extra,
  };
  if (wanted.name !== '') return wanted;
  if (wanted.uid === '' && wanted.groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  throw badRequest(`requested ${printed(wanted)} without impersonating a user name`);
}

type Mode = 'associated-node' | 'arbitrary-node' | 'serviceaccount' | 'user-info' | 'legacy';

function modesFor(wanted: Wanted, requestor: UserInfo): Mode[] {
  const nameOnly = wanted.uid === '' && wanted.groups.length === 0 && Object.keys(wanted.extra).length === 0;
  const isNode = isNodeUser(wanted.name);
  const isAccount = splitServiceAccountUsername(wanted.name) !== undefined;
  const modes: Mode[] = [];
  if (nameOnly && isNode && isOnNode(requestor, nodeOf(wanted.name))) modes.push('associated-node');
  if (nameOnly && isNode) modes.push('arbitrary-node');
  if (nameOnly && isAccount) modes.push('serviceaccount');
  if (!isNode && !isAccount) modes.push('user-info');
  return [...modes, 'legacy'];
}

/** A service account whose token says that its pod runs on that node. */
function isOnNode(requestor: UserInfo, node: string): boolean {
  const names = requestor.extra?.['authentication.kubernetes.io/node-name'] ?? [];
  return splitServiceAccountUsername(requestor.name) !== undefined && names.length === 1 && names[0] === node;
}

async function attempt(
  mode: Mode,
  wanted: Wanted,
  request: AuthorizerAttributes,
  authorizer: Authorizer,
): Promise<Impersonated> {
  const constrained = mode !== 'legacy';
  const verb = constrained ? `impersonate:${mode}` : 'impersonate';
  const requestor = mode === 'associated-node' ? withoutNode(request.user) : request.user;
  const check = async (attributes: AuthorizerAttributes): Promise<void> => {
    const { decision, reason, evaluationError = '' } = await authorizer.authorize(attributes);
    if (decision === 'allow') return;
    throw forbiddenError(attributes, [evaluationError, reason].filter((text) => text !== '').join(': '));
  };
  const part = (resource: string, name: string, more: Partial<AuthorizerAttributes> = {}): AuthorizerAttributes => ({
    user: requestor,
    verb,
    resourceRequest: true,
    path: '',
    namespace: '',
    apiGroup: authenticationGroup,
    apiVersion: 'v1',
    resource,
    subresource: '',
    name,
    ...more,
  });
  /** Users and groups were resources of the core group before there was a better place. */
  const group = constrained ? authenticationGroup : '';

  if (constrained) await check({ ...request, user: requestor, verb: `impersonate-on:${mode}:${request.verb}` });

  const account = splitServiceAccountUsername(wanted.name);
  let groups = wanted.groups;
  if (constrained && isNodeUser(wanted.name)) {
    groups = [nodesGroup];
    // Checked for every node, because a requestor on one is on some node: which one says its token.
    await check(part('nodes', mode === 'associated-node' ? '*' : nodeOf(wanted.name)));
  } else if (account !== undefined) {
    if (groups.length === 0) groups = serviceAccountGroups(account.namespace);
    await check(part('serviceaccounts', account.name, { apiGroup: group, namespace: account.namespace }));
  } else await check(part('users', wanted.name, { apiGroup: group }));

  if (wanted.uid !== '') await check(part('uids', wanted.uid));
  await checkGroups(wanted.groups, constrained, (name) => part('groups', name, { apiGroup: group }), check);
  await checkExtra(wanted.extra, constrained, (subresource, name) => part('userextras', name, { subresource }), check);
  return {
    user: {
      name: wanted.name,
      groups: completeGroups(wanted.name, groups),
      ...(wanted.uid === '' ? {} : { uid: wanted.uid }),
      ...(Object.keys(wanted.extra).length === 0 ? {} : { extra: { ...wanted.extra } }),
    },
    constraint: constrained ? verb : '',
  };
}

type Check = (attributes: AuthorizerAttributes) => Promise<void>;

async function allowedAtOnce(check: Check, attributes: AuthorizerAttributes): Promise<boolean> {
  return check(attributes).then(
    () => true,
    () => false,
  );
}

async function checkGroups(
  groups: readonly string[],
  constrained: boolean,
  part: (name: string) => AuthorizerAttributes,
  check: Check,
): Promise<void> {
  if (constrained) {
    if (groups.includes('')) throw forbiddenError(part(''), 'impersonating the empty string group is not allowed');
    if (groups.includes(privilegedGroup))
      throw forbiddenError(part(privilegedGroup), 'impersonating the system:masters group is not allowed');
    if (groups.length >= manyChecks && (await allowedAtOnce(check, part('*')))) return;
  }
  for (const name of groups) await check(part(name));
}

async function checkExtra(
  extra: Wanted['extra'],
  constrained: boolean,
  part: (key: string, value: string) => AuthorizerAttributes,
  check: Check,
): Promise<void> {
  const entries = Object.entries(extra);
  if (constrained) {
    const error = extraError(extra);
    if (error !== undefined) throw forbiddenError(part('', ''), error);
    const count = entries.reduce((sum, [, values]) => sum + values.length, 0);
    if (Math.max(count, entries.length) >= manyChecks && (await allowedAtOnce(check, part('*', '*')))) return;
  }
  for (const [key, values] of entries) for (const value of values) await check(part(key, value));
}

/** The node and pod of a token change with every pod; rules for the mode must not depend on them. */
function withoutNode(user: UserInfo): UserInfo {
  return {
    ...user,
    extra: { 'authentication.kubernetes.io/associated-node-keys': Object.keys(user.extra ?? {}).sort() },
  };
}

function completeGroups(name: string, groups: readonly string[]): string[] {
  const implied = name === anonymousUser ? allUnauthenticated : allAuthenticated;
  if (name !== anonymousUser && groups.includes(allUnauthenticated)) return [...groups];
  return groups.includes(implied) ? [...groups] : [...groups, implied];
}

/** As upstream's message shows what was asked for. */
function printed({ name, uid, groups, extra }: Wanted): string {
  const list = (items: readonly string[]): string =>
    `[]string{${items.map((item) => JSON.stringify(item)).join(', ')}}`;
  const entries = Object.entries(extra).map(([key, values]) => `${JSON.stringify(key)}:${list(values)}`);
  const shownGroups = groups.length === 0 ? '[]string(nil)' : list(groups);
  const shownExtra = entries.length === 0 ? 'map[string][]string(nil)' : `map[string][]string{${entries.join(', ')}}`;
  return `&user.DefaultInfo{Name:${JSON.stringify(name)}, UID:${JSON.stringify(uid)}, Groups:${shownGroups}, Extra:${shownExtra}}`;
}
