import type { UserInfo } from '../authenticator.ts';

const serviceAccountPrefix = 'system:serviceaccount:';
export const credentialIdKey = 'authentication.kubernetes.io/credential-id';
const allServiceAccounts = 'system:serviceaccounts';

export function serviceAccountUsername(namespace: string, name: string): string {
  return `${serviceAccountPrefix}${namespace}:${name}`;
}

export function serviceAccountGroups(namespace: string): string[] {
  return [allServiceAccounts, `${allServiceAccounts}:${namespace}`];
}

/** Namespace and name of a service account's user name; undefined for any other user. */
export function splitServiceAccountUsername(username: string): { namespace: string; name: string } | undefined {
  if (!username.startsWith(serviceAccountPrefix)) return undefined;
  const [namespace, name, ...rest] = username.slice(serviceAccountPrefix.length).split(':');
  if (rest.length > 0 || !namespace || !name || !isLabel(namespace) || !isSubdomain(name)) return undefined;
  return { namespace, name };
}

function isLabel(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text);
}

function isSubdomain(text: string): boolean {
  return text.length <= 253 && text.split('.').every((part) => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(part));
}

interface Reference {
  name: string;
  uid?: string | undefined;
}

/** The user a service account token stands for. Bound objects show as extra, for admission and audit. */
export function serviceAccountUser(account: {
  namespace: string;
  name: string;
  uid: string;
  pod?: Reference | undefined;
  node?: Reference | undefined;
  tokenId?: string | undefined;
}): UserInfo {
  const extra: Record<string, string[]> = {};
  const add = (key: string, value: string | undefined): void => {
    if (value) extra[`authentication.kubernetes.io/${key}`] = [value];
  };
  if (account.tokenId) extra[credentialIdKey] = [`JTI=${account.tokenId}`];
  add('pod-name', account.pod?.name);
  add('pod-uid', account.pod?.uid);
  add('node-name', account.node?.name);
  add('node-uid', account.node?.uid);
  return {
    name: serviceAccountUsername(account.namespace, account.name),
    uid: account.uid,
    groups: serviceAccountGroups(account.namespace),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}
