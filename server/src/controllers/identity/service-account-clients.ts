/**
 * A client for each controller, with the identity of a ServiceAccount in kube-system, so that each may do only what it
 * must. Tokens come from the serviceaccounts/token subresource and are renewed before they expire.
 */
import { type Clock, RestClient, resources } from '@typernetes/openapi/client';
import { isAlreadyExists, isNotFound } from '@typernetes/openapi/meta';

const namespace = 'kube-system';
const expirationSeconds = 3600;

interface TokenRequest {
  apiVersion: string;
  kind: string;
  spec: { expirationSeconds: number; audiences: string[] };
  status?: { token: string; expirationTimestamp: string };
}

export class ServiceAccountClients {
  readonly #manager: RestClient;
  readonly #clock: Clock;
  /** Same server, no identity: its sockets serve all controllers. */
  readonly #base: RestClient;
  readonly #clients = new Map<string, RestClient>();

  constructor(manager: RestClient, clock: Clock) {
    this.#manager = manager;
    this.#clock = clock;
    const {
      cert: _cert,
      key: _key,
      token: _token,
      tokenFile: _file,
      username: _user,
      password: _password,
      impersonate: _as,
      ...anonymous
    } = manager.config;
    this.#base = new RestClient(anonymous, { clock, observer: manager.observer });
  }

  clientFor(name: string): RestClient {
    let client = this.#clients.get(name);
    if (!client) {
      client = this.#base.withToken(this.#tokenSource(name), `kube-controller-manager/${name}`);
      this.#clients.set(name, client);
    }
    return client;
  }

  close(): void {
    this.#base.close();
  }

  /** One request at a time for all who wait; renewed at 80 % of the token's life. */
  #tokenSource(name: string): () => Promise<string> {
    let current: { token: string; renewAt: number } | undefined;
    let pending: Promise<string> | undefined;
    return async () => {
      if (current && this.#clock.now() < current.renewAt) return current.token;
      pending ??= this.#request(name)
        .then(({ token, expiresAt }) => {
          const now = this.#clock.now();
          current = { token, renewAt: now + (expiresAt - now) * 0.8 };
          return token;
        })
        .finally(() => {
          pending = undefined;
        });
      return pending;
    };
  }

  async #request(name: string): Promise<{ token: string; expiresAt: number }> {
    const accounts = this.#manager.resource(resources.serviceAccounts);
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds, audiences: [] },
    };
    const issue = (): Promise<TokenRequest> => accounts.createSubresource(namespace, name, 'token', request);
    let answer: TokenRequest;
    try {
      answer = await issue();
    } catch (error) {
      if (!isNotFound(error)) throw error;
      try {
        await accounts.create(namespace, { metadata: { name, namespace } });
      } catch (creation) {
        if (!isAlreadyExists(creation)) throw creation;
      }
      answer = await issue();
    }
    if (!answer.status) throw new Error(`no token was issued for ${namespace}/${name}`);
    return { token: answer.status.token, expiresAt: Date.parse(answer.status.expirationTimestamp) };
  }
}
