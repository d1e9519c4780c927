/**
 * Asks a remote service by a kubeconfig whose cluster is the service's URL: token, access and image reviews. What may
 * pass (a connection reset, 429, 500, 504, or an answer that says when to come back) is tried again, as upstream does.
 */
import { readFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { type ClientConfig, loadKubeconfig, trust } from '@typernetes/openapi/client';
import { isInternalError, isTimeout, isTooManyRequests, StatusError } from '@typernetes/openapi/meta';
import { formatDuration } from '../duration.ts';
import { errorOfAnswer, unreadable } from './answer-error.ts';
import { networkErrorText } from './network-error.ts';

export interface ReviewClientOptions {
  timeoutMs?: number;
  /** How often one question is asked at most; the pauses begin with the second and grow by half. */
  attempts?: number;
  firstPauseMs?: number;
}

class ConnectionReset extends Error {}

export class ReviewClient {
  readonly #config: ClientConfig;
  readonly #agent: Agent;
  readonly #timeoutMs: number;
  readonly #attempts: number;
  readonly #firstPauseMs: number;

  /** `file`: a kubeconfig. Throws where it cannot be used. */
  constructor(file: string, { timeoutMs = 30_000, attempts = 5, firstPauseMs = 500 }: ReviewClientOptions = {}) {
    this.#config = loadKubeconfig(file);
    const { ca, cert, key, insecureSkipTlsVerify, tlsServerName } = this.#config;
    this.#agent = new Agent({
      keepAlive: true,
      ...trust(ca),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
      ...(insecureSkipTlsVerify === true ? { rejectUnauthorized: false } : {}),
    });
    this.#timeoutMs = timeoutMs;
    this.#attempts = attempts;
    this.#firstPauseMs = firstPauseMs;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** The answer to `review`: the same object with its status. */
  async ask<T extends object>(review: T): Promise<T> {
    const body = JSON.stringify(review);
    let pause = this.#firstPauseMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return parsed(await this.#post(body));
      } catch (error) {
        if (!mayPass(error) || attempt >= this.#attempts) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause *= 1.5;
    }
  }

  #post(body: string): Promise<string> {
    const { server, token, tokenFile, username, password } = this.#config;
    const bearer = tokenFile === undefined ? token : readFileSync(tokenFile, 'utf8').trim();
    const authorization =
      typeof bearer === 'string'
        ? `Bearer ${bearer}`
        : username !== undefined && `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(authorization === false ? {} : { authorization }),
    };
    const signal = AbortSignal.timeout(this.#timeoutMs);
    const url = new URL(server);
    url.searchParams.set('timeout', formatDuration(this.#timeoutMs));
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void => {
        const cause = signal.aborted ? 'context deadline exceeded' : networkErrorText(error);
        const Failure = error.code === 'ECONNRESET' ? ConnectionReset : Error;
        reject(new Failure(`Post ${JSON.stringify(url.href)}: ${cause}`, { cause: error }));
      };
      const request = httpsRequest(url, { method: 'POST', agent: this.#agent, headers, signal }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', fail);
        response.on('end', () => {
          const { statusCode: status = 0, headers: answered } = response;
          if (status >= 200 && status < 300) resolve(text);
          else reject(errorOfAnswer(status, text, Number(answered['retry-after'] ?? 0)));
        });
      });
      request.on('error', fail);
      request.end(body);
    });
  }
}

function parsed<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new Error(unreadable(text, 200), { cause: error });
  }
}

function mayPass(error: unknown): boolean {
  if (error instanceof ConnectionReset) return true;
  if (!(error instanceof StatusError)) return false;
  const isLater = (error.status.details?.retryAfterSeconds ?? 0) > 0;
  return isLater || isInternalError(error) || isTimeout(error) || isTooManyRequests(error);
}
