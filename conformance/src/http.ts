/** Raw HTTPS to the API server: nothing between the promise and the bytes. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { ClusterAccess } from './kubeconfig.ts';

export interface HttpResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  text(): string;
  /** The body as JSON of the shape that the caller expects; throws with the body's start where it is none. */
  json<T = Record<string, unknown>>(): T;
}

export interface HttpRequest {
  body?: string | Buffer | object;
  headers?: Record<string, string | string[]>;
  signal?: AbortSignal;
  /** Another identity: a bearer token instead of the kubeconfig's credentials, or none at all. */
  token?: string;
  anonymous?: boolean;
  /** A client certificate of another identity; PEM. */
  certificate?: ClientCertificate;
}

export interface ClientCertificate {
  certificate: string;
  key: string;
}

export class ApiHttp {
  private readonly access: ClusterAccess;
  private readonly agents = new Map<ClientCertificate | boolean, Agent>();

  constructor(access: ClusterAccess) {
    this.access = access;
  }

  async request(method: string, path: string, options: HttpRequest = {}): Promise<HttpResponse> {
    const response = await this.open(method, path, options);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body,
      text: () => body.toString('utf8'),
      json: <T>() => {
        try {
          return JSON.parse(body.toString('utf8')) as T;
        } catch {
          throw new Error(
            `${method} ${path}: expected JSON, got ${response.statusCode}: ${body.toString('utf8', 0, 200)}`,
          );
        }
      },
    };
  }

  /** The response as a stream, for watches; the path goes on the wire as it is, unescaped and unresolved. */
  open(method: string, path: string, options: HttpRequest = {}): Promise<IncomingMessage> {
    const { certificate } = options;
    const identified = options.anonymous !== true && options.token === undefined && certificate === undefined;
    const token = options.token ?? (identified ? this.access.token : undefined);
    const headers: Record<string, string | string[]> = { ...options.headers };
    const named = Object.keys(headers).map((name) => name.toLowerCase());
    let body: string | Buffer | undefined;
    if (typeof options.body === 'string' || Buffer.isBuffer(options.body)) body = options.body;
    else if (options.body !== undefined) body = JSON.stringify(options.body);
    if (body !== undefined && !named.includes('content-type')) headers['content-type'] = 'application/json';
    if (body !== undefined && !named.includes('content-length'))
      headers['content-length'] = String(Buffer.byteLength(body));
    if (token !== undefined && !named.includes('authorization')) headers['authorization'] = `Bearer ${token}`;
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: this.access.server.hostname,
          port: this.access.server.port || 443,
          method,
          path,
          headers,
          agent: this.agent(certificate ?? identified),
          signal: options.signal,
        },
        resolve,
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  close(): void {
    for (const agent of this.agents.values()) agent.destroy();
  }

  private agent(identity: ClientCertificate | boolean): Agent {
    let agent = this.agents.get(identity);
    if (agent === undefined) {
      agent = new Agent({ keepAlive: true, ...this.credentials(identity) });
      this.agents.set(identity, agent);
    }
    return agent;
  }

  /** What a connection is made with: true for the kubeconfig's own certificate, false for none. */
  credentials(identity: ClientCertificate | boolean): { ca?: Buffer; cert?: Buffer | string; key?: Buffer | string } {
    const { ca, certificate, key } = this.access;
    const trusted = ca === undefined ? {} : { ca };
    if (identity === true) return { ...trusted, ...(certificate && key ? { cert: certificate, key } : {}) };
    return identity === false ? trusted : { ...trusted, cert: identity.certificate, key: identity.key };
  }
}
