/**
 * Asks a remote service by a kubeconfig whose cluster is the service's URL: token and access reviews. What may pass
 * (no connection, a timeout, 429, a 5xx) is tried again, as upstream does.
 */
import { readFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { type ClientConfig, loadKubeconfig } from '@typernetes/openapi/client';

export interface ReviewClientOptions {
  timeoutMs?: number;
  /** How often one question is asked at most; the pauses begin with the second and grow by half. */
  attempts?: number;
  firstPauseMs?: number;
}

class Refused extends Error {}

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
      ...(ca === undefined ? {} : { ca }),
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
        return JSON.parse(await this.#post(body)) as T;
      } catch (error) {
        if (error instanceof Refused || error instanceof SyntaxError || attempt >= this.#attempts) throw error;
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
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        const cause = signal.aborted ? 'context deadline exceeded' : error.message;
        reject(new Error(`Post ${JSON.stringify(server)}: ${cause}`, { cause: error }));
      };
      const request = httpsRequest(server, { method: 'POST', agent: this.#agent, headers, signal }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', fail);
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          if (status >= 200 && status < 300) return resolve(text);
          const message = `the server answered ${status}: ${text.slice(0, 500)}`;
          reject(status === 429 || status >= 500 ? new Error(message) : new Refused(message));
        });
      });
      request.on('error', fail);
      request.end(body);
    });
  }
}
