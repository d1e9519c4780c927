/** Other users than the kubeconfig's: who a request is taken for, and kubectl with other credentials. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { call, createGlobal } from './calls.ts';
import type { PromiseContext } from './context.ts';
import type { ClientCertificate, HttpRequest } from './http.ts';
import { Kubectl } from './kubectl.ts';
import { until } from './until.ts';

export interface UserInfo {
  username: string;
  uid?: string;
  groups?: string[];
  extra?: Record<string, string[]>;
}

export const rbac = '/apis/rbac.authorization.k8s.io/v1';
const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

/** Whom the server takes the request for; undefined where it is 401. */
export async function whoIs(context: PromiseContext, credentials: HttpRequest): Promise<UserInfo | undefined> {
  const response = await context.http.request('POST', reviews, {
    body: {},
    signal: context.signal,
    ...credentials,
  });
  if (response.status === 401) return undefined;
  if (response.status !== 201) throw new Error(`who am I: ${response.status} ${response.text()}`);
  return response.json<{ status: { userInfo: UserInfo } }>().status.userInfo;
}

export function impersonating(user: string, ...groups: string[]): { headers: Record<string, string | string[]> } {
  return { headers: { 'impersonate-user': user, ...(groups.length > 0 ? { 'impersonate-group': groups } : {}) } };
}

/** kubectl with nothing but these credentials. */
export function kubectlWith(
  context: PromiseContext,
  credentials: { token: string } | ClientCertificate | Record<string, never>,
): Kubectl {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'promise-'));
  context.onCleanup(async () => rmSync(directory, { recursive: true, force: true }));
  const { server, ca } = context.cluster.access;
  const data = (text: string): string => Buffer.from(text).toString('base64');
  const user =
    'certificate' in credentials && typeof credentials.certificate === 'string'
      ? { 'client-certificate-data': data(credentials.certificate), 'client-key-data': data(credentials.key as string) }
      : credentials;
  const cluster = { server: server.href, ...(ca ? { 'certificate-authority-data': ca.toString('base64') } : {}) };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  const file = path.join(directory, 'kubeconfig');
  writeFileSync(file, stringify(config), { mode: 0o600 });
  return new Kubectl(context.cluster.kubectl ?? 'kubectl', file, context.namespace, context.signal);
}

export interface Rule {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

/** A user of the promise's own, who cannot meet those of others. */
export const ownUser = (context: PromiseContext, name = 'jane'): string => `${context.namespace}-${name}`;

const subject = (user: string): object => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user });

/** Gives the user the rules in the promise's namespace, and waits until the authorizer knows. */
export async function grant(context: PromiseContext, user: string, rules: Rule[], name = 'granted'): Promise<void> {
  const group = 'rbac.authorization.k8s.io/v1';
  await context.create(group, 'roles', { metadata: { name }, rules });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
  await context.create(group, 'rolebindings', { metadata: { name }, roleRef, subjects: [subject(user)] });
  await effective(context, user, rules, context.namespace);
}

/** The same in every namespace and for what is in none. */
export async function grantGlobally(context: PromiseContext, user: string, rules: Rule[]): Promise<void> {
  const metadata = { name: user };
  await createGlobal(context, `${rbac}/clusterroles`, { metadata, rules });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: user };
  await createGlobal(context, `${rbac}/clusterrolebindings`, { metadata, roleRef, subjects: [subject(user)] });
  await effective(context, user, rules);
}

async function effective(context: PromiseContext, user: string, rules: Rule[], namespace?: string): Promise<void> {
  for (const rule of rules) {
    const [resource = '', subresource = ''] = (rule.resources?.[0] ?? '').split('/');
    const resourceAttributes = {
      verb: rule.verbs[0],
      group: rule.apiGroups?.[0] ?? '',
      resource,
      subresource,
      name: rule.resourceNames?.[0] ?? '',
      ...(namespace === undefined ? {} : { namespace }),
    };
    const path = rule.nonResourceURLs?.[0];
    const asked =
      path === undefined ? { resourceAttributes } : { nonResourceAttributes: { path, verb: rule.verbs[0] } };
    await until(context, async () => (await accessReview(context, { user, ...asked })).allowed);
  }
}

export interface AccessStatus {
  allowed: boolean;
  denied?: boolean;
  reason?: string;
  evaluationError?: string;
}

export async function accessReview(context: PromiseContext, spec: object): Promise<AccessStatus> {
  const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
  const review = await call<{ status: AccessStatus }>(context, 201, 'POST', path, { body: { spec } });
  return review.status;
}
