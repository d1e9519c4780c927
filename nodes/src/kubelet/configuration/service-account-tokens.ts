/** Tokens of pods' service accounts, asked for by TokenRequest, bound to the pod, renewed at four fifths of their life. */

import { type Clock, type RestClient, resources } from '@typernetes/openapi/client';
import type { TokenRequest } from '@typernetes/openapi/types/authentication/v1';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { identityOf, specOf } from '../pod/pod.ts';

interface CachedToken {
  token: string;
  renewAt: number;
  expiresAt: number;
}

const maximumAgeMs = 24 * 3600 * 1000;

export class ServiceAccountTokens {
  readonly #client: RestClient;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, CachedToken>();

  constructor(client: RestClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async get(pod: Pod, audience: string, expirationSeconds: number): Promise<string> {
    const { uid, name, namespace } = identityOf(pod);
    const account = specOf(pod).serviceAccountName ?? 'default';
    const key = `${uid} ${account} ${audience} ${expirationSeconds}`;
    const now = this.#clock.now();
    const cached = this.#tokens.get(key);
    if (cached !== undefined && now < cached.renewAt) return cached.token;
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: audience === '' ? [] : [audience],
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    };
    try {
      const answer = await this.#client
        .resource(resources.serviceAccounts)
        .createSubresource(namespace, account, 'token', request);
      const token = answer.status?.token ?? '';
      const expiresAt = Date.parse(answer.status?.expirationTimestamp ?? '');
      const life = (Number.isNaN(expiresAt) ? now + expirationSeconds * 1000 : expiresAt) - now;
      this.#tokens.set(key, { token, renewAt: now + Math.min(life * 0.8, maximumAgeMs), expiresAt: now + life });
      return token;
    } catch (error) {
      // An old token that is still good is better than none.
      if (cached !== undefined && now < cached.expiresAt) return cached.token;
      throw error;
    }
  }

  forgetPod(uid: string): void {
    for (const key of this.#tokens.keys()) if (key.startsWith(`${uid} `)) this.#tokens.delete(key);
  }
}
