/** HTTPS the way an attacker would speak it: paths and headers go out exactly as given. */
import https from 'node:https';

/** Nothing a test asks takes longer; a watch must be asked to end. */
const limitMs = 20_000;

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The body as JSON; throws if it is none. */
  json<T = StatusBody>(): T;
}

export interface StatusBody {
  kind?: string;
  code?: number;
  reason?: string;
  message?: string;
  details?: { name?: string; group?: string; kind?: string; causes?: { message?: string; field?: string }[] };
}

export interface CallOptions {
  body?: unknown;
  contentType?: string;
  /** In order, repeats allowed: `[name, value, name, value, …]` or an object. */
  headers?: readonly [string, string][] | Record<string, string | string[]>;
}

export class TestClient {
  readonly #url: URL;
  readonly #headers: Record<string, string>;
  readonly #agent: https.Agent;

  constructor(url: string, tls: https.AgentOptions, headers: Record<string, string>) {
    this.#url = new URL(url);
    this.#headers = headers;
    this.#agent = new https.Agent({ keepAlive: true, ...tls });
  }

  close(): void {
    this.#agent.destroy();
  }

  call(method: string, target: string, options: CallOptions = {}): Promise<Answer> {
    const { body, contentType = 'application/json' } = options;
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const request = https.request({
        agent: this.#agent,
        hostname: this.#url.hostname,
        port: this.#url.port,
        method,
        path: target,
        signal: AbortSignal.timeout(limitMs),
      });
      for (const [name, value] of Object.entries(this.#headers)) request.setHeader(name, value);
      if (text !== undefined) {
        request.setHeader('content-type', contentType);
        request.setHeader('content-length', Buffer.byteLength(text));
      }
      for (const [name, value] of entries(options.headers)) request.appendHeader(name, value);
      const finish = (status: number, headers: Answer['headers'], received: string): void =>
        resolve({ status, headers, text: received, json: <T>() => JSON.parse(received) as T });
      request.once('response', (response) => {
        let received = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
        response.once('end', () => finish(response.statusCode ?? 0, response.headers, received));
        response.once('error', reject);
      });
      request.once('upgrade', (response, socket) => {
        socket.destroy();
        finish(response.statusCode ?? 0, response.headers, '');
      });
      request.once('error', reject);
      request.end(text);
    });
  }

  get(target: string, headers?: CallOptions['headers']): Promise<Answer> {
    return this.call('GET', target, headers === undefined ? {} : { headers });
  }

  post(target: string, body: unknown): Promise<Answer> {
    return this.call('POST', target, { body });
  }

  delete(target: string, body?: unknown): Promise<Answer> {
    return this.call('DELETE', target, body === undefined ? {} : { body });
  }
}

function entries(headers: CallOptions['headers']): readonly [string, string | string[]][] {
  if (headers === undefined) return [];
  return Array.isArray(headers) ? headers : Object.entries(headers);
}
