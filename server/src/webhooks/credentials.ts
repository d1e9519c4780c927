/**
 * Who the API server is to admission webhooks: the user of a kubeconfig that is named as the webhook's host
 * (`HOST:PORT`, a Service's is `NAME.NAMESPACE.svc:PORT`; for port 443 also `HOST`), as its domain (`*.NAMESPACE.svc:443`),
 * or `*`; or else the user of its current context.
 */
import { readFileSync } from 'node:fs';
import { type KubeconfigIdentity, type KubeconfigUsers, loadKubeconfigUsers } from '@typernetes/openapi/client';

export interface WebhookCredential {
  readonly cert?: string;
  readonly key?: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

const nobody: WebhookCredential = { headers: {} };
/** Files of tokens and certificates are read anew that often. */
const maxAgeMs = 60_000;

export class WebhookCredentials {
  readonly #users: KubeconfigUsers;
  readonly #now: () => number;
  readonly #known = new Map<string, { credential: WebhookCredential; until: number }>();

  /** Throws where the file cannot be read. */
  constructor(kubeconfig: string, now: () => number = Date.now) {
    this.#users = loadKubeconfigUsers(kubeconfig);
    this.#now = now;
  }

  /** Throws where the user cannot be used. */
  for(host: string, port: number): WebhookCredential {
    const target = `${host}:${port}`;
    const known = this.#known.get(target);
    if (known !== undefined && this.#now() < known.until) return known.credential;
    const credential = this.#find(host, target, port);
    this.#known.set(target, { credential, until: this.#now() + maxAgeMs });
    return credential;
  }

  #find(host: string, target: string, port: number): WebhookCredential {
    const names = [...namesFor(target), ...(port === 443 ? namesFor(host) : []), '*', this.#users.current ?? ''];
    for (const name of names) {
      const identity = this.#users.identity(name);
      if (identity !== undefined) return credentialOf(identity);
    }
    return nobody;
  }
}

/** Itself, and then its domains from the nearest on. */
function namesFor(target: string): string[] {
  const parts = target.split('.');
  return [target, ...parts.slice(1).map((_part, index) => `*.${parts.slice(index + 1).join('.')}`)];
}

function credentialOf({
  cert,
  key,
  token,
  tokenFile,
  username,
  password = '',
  impersonate,
}: KubeconfigIdentity): WebhookCredential {
  const bearer = token ?? (tokenFile === undefined ? undefined : readFileSync(tokenFile, 'utf8').trim());
  const headers: Record<string, string | readonly string[]> = {};
  if (typeof bearer === 'string') headers['Authorization'] = `Bearer ${bearer}`;
  else if (username !== undefined)
    headers['Authorization'] = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  if (impersonate !== undefined) {
    const { user, uid, groups = [], extra = {} } = impersonate;
    headers['Impersonate-User'] = user;
    if (uid !== undefined) headers['Impersonate-Uid'] = uid;
    if (groups.length > 0) headers['Impersonate-Group'] = groups;
    for (const [name, values] of Object.entries(extra))
      headers[`Impersonate-Extra-${encodeURIComponent(name)}`] = values;
  }
  return { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }), headers };
}
