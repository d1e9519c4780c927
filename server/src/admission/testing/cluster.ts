/** An API server of its own, a client of it, and webhooks that it can reach, for tests of admission as users see it. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ApiserverOptions } from '../../apiserver/config.ts';
import { startTestServer } from '../../apiserver/testing/test-server.ts';
import { kubeconfig } from '../../certificates/index.ts';
import { startHttpsServer } from '../../certificates/testing/https-server.ts';

export interface Body {
  [field: string]: unknown;
  message?: string;
}

/** The value at a dotted path, as in `metadata.labels.app` or `spec.containers.0.image`. */
export function pick(value: unknown, place: string): unknown {
  return place.split('.').reduce<unknown>((found, key) => (found as Body | undefined)?.[key], value);
}

export interface Answer {
  status: number;
  body: Body;
  warnings: string[];
}

export interface CallOptions {
  contentType?: string;
  headers?: Record<string, string>;
  /** Without the administrator's certificate. */
  anonymous?: boolean;
}

export interface WebhookServer {
  /** Ends in `/`. */
  url: string;
  caBundle: string;
  /** Its own certificate alone, in base64. */
  certificate: string;
  /** Of all AdmissionReviews, in the order in which they came. */
  requests: { path: string; review: Body; headers: IncomingHttpHeaders }[];
  close(): Promise<void>;
}

/** Answers with the `response`, to which the uid is added, or with a status and text of its own. */
export type WebhookHandler = (
  path: string,
  review: Body,
  query: URLSearchParams,
) => object | { status: number; text: string } | Promise<object>;

export interface TestCluster {
  call(method: string, path: string, body?: object, options?: CallOptions): Promise<Answer>;
  webhooks(handler: WebhookHandler): Promise<WebhookServer>;
  /** Of the administrator. */
  kubeconfig: string;
  stop(): Promise<void>;
}

export async function startTestCluster(options: Partial<ApiserverOptions> = {}): Promise<TestCluster> {
  const api = await startTestServer(options);
  const { admin, ca } = api.certificates;
  const opened: WebhookServer[] = [];
  return {
    kubeconfig: kubeconfig({
      server: api.server.url,
      userName: 'admin',
      certificateAuthority: ca.certificate,
      clientCertificate: admin.certificate,
      clientKey: admin.key,
    }),
    async call(method, url, body, { contentType = 'application/json', headers = {}, anonymous = false } = {}) {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const content: Record<string, string> =
        text === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)) };
      const all = { ...headers, 'content-type': contentType, ...content };
      const answer = await api.call(method, url, { body: text, headers: all, anonymous });
      return { status: answer.status, body: parse(answer.text), warnings: answer.warnings };
    },
    async webhooks(handler) {
      const webhook = await serveWebhooks(handler);
      opened.push(webhook);
      return webhook;
    },
    async stop() {
      for (const webhook of opened) await webhook.close();
      await api.close();
    },
  };
}

function parse(text: string): Body {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return { message: text };
  }
}

async function serveWebhooks(handler: WebhookHandler): Promise<WebhookServer> {
  const requests: WebhookServer['requests'] = [];
  const { server, port, caBundle, certificate, stop } = await startHttpsServer('webhooks');
  server.on('request', (request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'https://webhook');
      const review = JSON.parse(text) as Body;
      requests.push({ path: url.pathname, review, headers: request.headers });
      void Promise.resolve(handler(url.pathname, review, url.searchParams)).then((answer) => {
        if ('text' in answer) {
          response.statusCode = answer.status;
          response.end(answer.text);
          return;
        }
        const { apiVersion, kind } = review;
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ apiVersion, kind, response: { uid: pick(review, 'request.uid'), ...answer } }));
      });
    });
  });
  return { url: `https://127.0.0.1:${port}/`, caBundle, certificate, requests, close: stop };
}
