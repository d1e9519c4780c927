/**
 * Reads a kubeconfig, or the service account of a pod, into a ClientConfig. Credential plugins (`exec`,
 * `auth-provider`) are refused by name rather than ignored.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type { ClientConfig } from './config.ts';

interface Named<K extends string, T> {
  entries: ({ name: string } & Partial<Record<K, T>>)[];
}

interface KubeconfigCluster {
  server?: string;
  'certificate-authority'?: string;
  'certificate-authority-data'?: string;
  'insecure-skip-tls-verify'?: boolean;
  'tls-server-name'?: string;
}

interface KubeconfigUser {
  'client-certificate'?: string;
  'client-certificate-data'?: string;
  'client-key'?: string;
  'client-key-data'?: string;
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  as?: string;
  'as-uid'?: string;
  'as-groups'?: string[];
  'as-user-extra'?: Record<string, string[]>;
  exec?: unknown;
  'auth-provider'?: unknown;
}

interface KubeconfigContext {
  cluster?: string;
  user?: string;
  namespace?: string;
}

interface Kubeconfig {
  'current-context'?: string;
  clusters?: Named<'cluster', KubeconfigCluster>['entries'];
  users?: Named<'user', KubeconfigUser>['entries'];
  contexts?: Named<'context', KubeconfigContext>['entries'];
}

/** The kubeconfig cannot be used as it is; the message says what to change. */
export class KubeconfigError extends Error {
  override name = 'KubeconfigError';
}

function readDocument(where: string, read: () => string): unknown {
  try {
    return parse(read());
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : (message.split('\n')[0] ?? '');
    throw new KubeconfigError(`${where}: ${reason}`, { cause: error });
  }
}

/** Who somebody is, as a kubeconfig's user says it. */
export type KubeconfigIdentity = Pick<
  ClientConfig,
  'cert' | 'key' | 'token' | 'tokenFile' | 'username' | 'password' | 'impersonate'
>;

/** `source` as in loadKubeconfig. */
function readKubeconfig(source: string): { kubeconfig: Kubeconfig; where: string; directory: string } {
  const isText = source.includes('\n');
  const where = isText ? 'kubeconfig' : `kubeconfig ${source}`;
  const document = readDocument(where, () => (isText ? source : readFileSync(source, 'utf8')));
  if (typeof document !== 'object' || document === null) throw new KubeconfigError(`${where} is not a mapping`);
  return { kubeconfig: document as Kubeconfig, where, directory: isText ? process.cwd() : dirname(resolve(source)) };
}

function readPem(directory: string, data: string | undefined, file: string | undefined): string | undefined {
  if (data) return Buffer.from(data, 'base64').toString('utf8');
  return file ? readFileSync(resolve(directory, file), 'utf8') : undefined;
}

function identityOf(name: string, user: KubeconfigUser, directory: string): KubeconfigIdentity {
  for (const plugin of ['exec', 'auth-provider'] as const) {
    if (user[plugin] != null) throw new KubeconfigError(`user "${name}": ${plugin} is not supported`);
  }
  return withoutUndefined({
    cert: readPem(directory, user['client-certificate-data'], user['client-certificate']),
    key: readPem(directory, user['client-key-data'], user['client-key']),
    token: user.token,
    tokenFile: user.tokenFile ? resolve(directory, user.tokenFile) : undefined,
    username: user.username,
    password: user.password,
    impersonate: user.as
      ? withoutUndefined({
          user: user.as,
          uid: user['as-uid'],
          groups: user['as-groups'],
          extra: user['as-user-extra'],
        })
      : undefined,
  });
}

/**
 * @param source path of a kubeconfig, or its text (anything with a line break); relative paths inside are relative to
 * the file.
 */
export function loadKubeconfig(source: string, options: { context?: string } = {}): ClientConfig {
  const { kubeconfig, where, directory } = readKubeconfig(source);
  const contextName = options.context ?? kubeconfig['current-context'];
  if (!contextName) throw new KubeconfigError(`${where} has no current-context`);
  const context = kubeconfig.contexts?.find((entry) => entry.name === contextName)?.context;
  if (!context) throw new KubeconfigError(`context "${contextName}" does not exist`);
  const cluster = kubeconfig.clusters?.find((entry) => entry.name === context.cluster)?.cluster;
  if (!cluster) throw new KubeconfigError(`cluster "${context.cluster ?? ''}" does not exist`);
  if (!cluster.server) throw new KubeconfigError(`cluster "${context.cluster ?? ''}" has no server`);
  const user = context.user ? kubeconfig.users?.find((entry) => entry.name === context.user)?.user : {};
  if (!user) throw new KubeconfigError(`auth info "${context.user ?? ''}" does not exist`);
  return withoutUndefined({
    server: cluster.server,
    ca: readPem(directory, cluster['certificate-authority-data'], cluster['certificate-authority']),
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'],
    tlsServerName: cluster['tls-server-name'],
    ...identityOf(context.user ?? '', user, directory),
    namespace: context.namespace,
  });
}

export interface KubeconfigUsers {
  /** Undefined where there is no user of that name; throws where it cannot be used. */
  identity(name: string): KubeconfigIdentity | undefined;
  /** Of the current context. */
  current: string | undefined;
}

/** The users of a kubeconfig whose clusters do not matter; `source` as in loadKubeconfig. */
export function loadKubeconfigUsers(source: string): KubeconfigUsers {
  const { kubeconfig, directory } = readKubeconfig(source);
  const context = kubeconfig.contexts?.find((entry) => entry.name === kubeconfig['current-context'])?.context;
  return {
    identity(name) {
      const found = kubeconfig.users?.find((entry) => entry.name === name);
      return found === undefined ? undefined : identityOf(name, found.user ?? {}, directory);
    },
    current: context?.user,
  };
}

const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The configuration of a process inside a pod. Throws outside of one. */
export function inClusterConfig(
  environment: Record<string, string | undefined> = process.env,
  directory: string = serviceAccountDirectory,
): ClientConfig {
  const host = environment['KUBERNETES_SERVICE_HOST'];
  const port = environment['KUBERNETES_SERVICE_PORT'];
  if (!host || !port) {
    throw new KubeconfigError(
      'not inside a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    );
  }
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca: readFileSync(`${directory}/ca.crt`, 'utf8'),
    tokenFile: `${directory}/token`,
    namespace: readFileSync(`${directory}/namespace`, 'utf8').trim(),
  };
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Defined<T>;
}
