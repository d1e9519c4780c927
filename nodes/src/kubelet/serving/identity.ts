/** Who calls the kubelet, and whether they may: client certificates or TokenReview, then SubjectAccessReview, both remembered for a while. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Clock, RestClient } from '@typernetes/openapi/client';
import type { TokenReview } from '@typernetes/openapi/types/authentication/v1';
import type { SubjectAccessReview } from '@typernetes/openapi/types/authorization/v1';

export interface Caller {
  name: string;
  uid: string;
  groups: readonly string[];
  extra: Readonly<Record<string, string[]>>;
}

const ttlMs = { token: 120_000, allowed: 300_000, denied: 30_000 };
const maximumEntries = 1000;

/** Values with an end; the oldest go when there are too many. */
class Remembered<T> {
  readonly #entries = new Map<string, { value: T; until: number }>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.until > this.#clock.now() ? entry.value : undefined;
  }

  set(key: string, value: T, ttl: number): void {
    if (this.#entries.size >= maximumEntries) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(key, { value, until: this.#clock.now() + ttl });
  }
}

const list = (value: string | string[] | undefined): string[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

export class KubeletAccess {
  readonly #client: RestClient;
  readonly #nodeName: string;
  readonly #tokens: Remembered<Caller>;
  readonly #decisions: Remembered<boolean>;

  constructor(client: RestClient, nodeName: string, clock: Clock) {
    this.#client = client;
    this.#nodeName = nodeName;
    this.#tokens = new Remembered(clock);
    this.#decisions = new Remembered(clock);
  }

  /** undefined: nobody that we know. */
  async authenticate(request: IncomingMessage): Promise<Caller | undefined> {
    const socket = request.socket as TLSSocket;
    if (socket.authorized) {
      const { subject } = socket.getPeerCertificate();
      if (subject !== undefined && subject.CN) {
        return { name: String(subject.CN), uid: '', groups: [...list(subject.O), 'system:authenticated'], extra: {} };
      }
    }
    const token = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    return token === undefined ? undefined : this.#reviewToken(token);
  }

  async #reviewToken(token: string): Promise<Caller | undefined> {
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.#tokens.get(key);
    if (known !== undefined) return known;
    const review: TokenReview = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
    const { status } = await this.#client
      .resource<TokenReview>({ group: 'authentication.k8s.io', version: 'v1', resource: 'tokenreviews' })
      .create(undefined, review);
    if (status?.authenticated !== true) return undefined;
    const { username = '', uid = '', groups = [], extra = {} } = status.user ?? {};
    const caller: Caller = { name: username, uid, groups, extra };
    this.#tokens.set(key, caller, ttlMs.token);
    return caller;
  }

  /** Any of the subresources of this node opens the way. */
  async authorize(caller: Caller, verb: string, subresources: readonly string[]): Promise<boolean> {
    for (const subresource of subresources) if (await this.#review(caller, verb, subresource)) return true;
    return false;
  }

  async #review(caller: Caller, verb: string, subresource: string): Promise<boolean> {
    const key = JSON.stringify([caller, verb, subresource]);
    const known = this.#decisions.get(key);
    if (known !== undefined) return known;
    const review: SubjectAccessReview = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: caller.name,
        ...(caller.uid === '' ? {} : { uid: caller.uid }),
        groups: [...caller.groups],
        extra: { ...caller.extra },
        resourceAttributes: { verb, version: 'v1', resource: 'nodes', subresource, name: this.#nodeName },
      },
    };
    const { status } = await this.#client
      .resource<SubjectAccessReview>({ group: 'authorization.k8s.io', version: 'v1', resource: 'subjectaccessreviews' })
      .create(undefined, review);
    const allowed = status?.allowed === true;
    this.#decisions.set(key, allowed, allowed ? ttlMs.allowed : ttlMs.denied);
    return allowed;
  }
}

const verbs: Record<string, string> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
export const verbOf = (method: string | undefined): string => verbs[method ?? ''] ?? '';

const below = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Which subresources of the node a path stands for: the fine ones first, then what upstream has always asked. */
export function subresourcesOf(path: string): string[] {
  const fine =
    below(path, '/pods') || below(path, '/runningpods')
      ? ['pods']
      : below(path, '/healthz')
        ? ['healthz']
        : below(path, '/configz')
          ? ['configz']
          : [];
  if (below(path, '/stats')) return ['stats'];
  if (below(path, '/metrics')) return ['metrics'];
  if (below(path, '/logs')) return ['log'];
  if (below(path, '/checkpoint')) return ['checkpoint'];
  return [...fine, 'proxy'];
}
