/**
 * Who calls a component, and whether they may: client certificates and TokenReviews, then SubjectAccessReviews, as the
 * API server answers them; both are remembered for a while.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { type Clock, LruMap, type RestClient } from '@typernetes/openapi/client';
import { forbidden, type StatusError, unauthorized } from '@typernetes/openapi/meta';
import type { TokenReview } from '@typernetes/openapi/types/authentication/v1';
import type { SubjectAccessReview } from '@typernetes/openapi/types/authorization/v1';
import type { ConfigMap } from '@typernetes/openapi/types/core/v1';

interface Caller {
  username: string;
  uid?: string;
  groups?: readonly string[];
  extra?: Readonly<Record<string, string[]>>;
}

const anonymous: Caller = { username: 'system:anonymous', groups: ['system:unauthenticated'] };
const rememberedMs = 10_000;
const maximumEntries = 1000;

export class DelegatedAccess {
  readonly #client: RestClient;
  readonly #clock: Clock;
  readonly #answers = new LruMap<{ answer: unknown; until: number }>(maximumEntries);

  constructor(client: RestClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Undefined: let in. Otherwise what the caller is told. */
  async refusal(request: IncomingMessage, path: string): Promise<StatusError | undefined> {
    const caller = await this.#caller(request);
    if (caller === undefined) return unauthorized();
    if (caller.groups?.includes('system:masters')) return undefined;
    const verb = (request.method ?? 'GET').toLowerCase();
    const allowed = await this.#remembered(JSON.stringify([caller, verb, path]), () =>
      this.#allows(caller, verb, path),
    );
    if (allowed) return undefined;
    const none = { group: '', resource: '' };
    return forbidden(none, '', `User ${JSON.stringify(caller.username)} cannot ${verb} path ${JSON.stringify(path)}`);
  }

  async #caller(request: IncomingMessage): Promise<Caller | undefined> {
    const socket = request.socket as TLSSocket;
    if (socket.authorized) {
      const { CN, O } = socket.getPeerCertificate().subject as { CN?: string; O?: string | string[] };
      if (CN) return { username: CN, groups: [...(O === undefined ? [] : [O].flat()), 'system:authenticated'] };
    }
    const { authorization } = request.headers;
    if (authorization === undefined) return anonymous;
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    if (token === undefined) return anonymous;
    const key = createHash('sha256').update(token).digest('base64');
    return this.#remembered(key, () => this.#review(token));
  }

  async #review(token: string): Promise<Caller | undefined> {
    const review: TokenReview = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
    const { status } = await this.#client
      .resource<TokenReview>({ group: 'authentication.k8s.io', version: 'v1', resource: 'tokenreviews' })
      .create(undefined, review);
    if (status?.authenticated !== true) return undefined;
    const { username = '', ...rest } = status.user ?? {};
    return { username, ...rest };
  }

  async #allows({ username, uid, groups, extra }: Caller, verb: string, path: string): Promise<boolean> {
    const review: SubjectAccessReview = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: username,
        ...(uid === undefined ? {} : { uid }),
        ...(groups === undefined ? {} : { groups: [...groups] }),
        ...(extra === undefined ? {} : { extra: { ...extra } }),
        nonResourceAttributes: { path, verb },
      },
    };
    const { status } = await this.#client
      .resource<SubjectAccessReview>({ group: 'authorization.k8s.io', version: 'v1', resource: 'subjectaccessreviews' })
      .create(undefined, review);
    return status?.allowed === true;
  }

  /** Failures are not remembered. */
  async #remembered<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(key);
    if (known !== undefined && known.until > this.#clock.now()) return known.answer as T;
    const answer = await ask();
    this.#answers.set(key, { answer, until: this.#clock.now() + rememberedMs });
    return answer;
  }
}

/** The CA whose client certificates the API server takes, as it tells those who delegate to it; undefined: it does not. */
export async function publishedClientCa(client: RestClient): Promise<string | undefined> {
  const { data } = await client
    .resource<ConfigMap>({ group: '', version: 'v1', resource: 'configmaps' })
    .get('kube-system', 'extension-apiserver-authentication');
  return data?.['client-ca-file'];
}
