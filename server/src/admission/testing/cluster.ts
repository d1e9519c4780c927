/** An API server of its own, a client of it, and webhooks that it can reach, for tests of admission as users see it. */
import { mkdtemp, rm } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startApiserver } from '../../apiserver/server.ts';
import { ensureClusterCertificates, kubeconfig } from '../../certificates/index.ts';
import { silentLogger } from '../../endpoints/request-context.ts';

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
  /** Impersonated. */
  as?: string;
}

export interface WebhookServer {
  /** Ends in `/`. */
  url: string;
  /** Of all AdmissionReviews, in the order in which they came. */
  requests: { path: string; review: Body }[];
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
  /** In base64, as configurations have it. */
  caBundle: string;
  /** Of the administrator. */
  kubeconfig: string;
  stop(): Promise<void>;
}

export async function startTestCluster(): Promise<TestCluster> {
  const directory = await mkdtemp(path.join(tmpdir(), 'typernetes-admission-'));
  const certificates = await ensureClusterCertificates(path.join(directory, 'pki'), {
    nodes: [],
    advertiseAddresses: ['127.0.0.1'],
    serviceIPs: ['10.96.0.1'],
  });
  const { admin, apiserver, ca, serviceAccount } = certificates;
  const server = await startApiserver(
    {
      securePort: 0,
      bindAddress: '127.0.0.1',
      storageDir: path.join(directory, 'storage'),
      tlsCertFile: apiserver.certificateFile,
      tlsPrivateKeyFile: apiserver.keyFile,
      clientCaFile: ca.certificateFile,
      serviceAccountSigningKeyFile: serviceAccount.privateKeyFile,
      serviceAccountKeyFile: [serviceAccount.publicKeyFile],
    },
    undefined,
    silentLogger,
  );
  await server.ready;
  const agent = new https.Agent({
    keepAlive: true,
    ca: ca.certificate,
    cert: admin.certificate,
    key: admin.key,
  });
  const opened: WebhookServer[] = [];
  return {
    caBundle: Buffer.from(ca.certificate).toString('base64'),
    kubeconfig: kubeconfig({
      server: server.url,
      userName: 'admin',
      certificateAuthority: ca.certificate,
      clientCertificate: admin.certificate,
      clientKey: admin.key,
    }),
    call: (method, url, body, options = {}) => send(agent, `${server.url}${url}`, method, body, options),
    async webhooks(handler) {
      const webhook = await serveWebhooks(apiserver, handler);
      opened.push(webhook);
      return webhook;
    },
    async stop() {
      for (const webhook of opened) await webhook.close();
      agent.destroy();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function send(
  agent: https.Agent,
  url: string,
  method: string,
  body: object | undefined,
  { contentType = 'application/json', as }: CallOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      ...(text === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }),
      ...(as === undefined ? {} : { 'impersonate-user': as }),
    };
    const request = https.request(url, { method, agent, headers }, (response) => {
      let answer = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
      response.on('end', () => {
        const { warning = '' } = response.headers;
        resolve({
          status: response.statusCode ?? 0,
          body: parse(answer),
          warnings: [...warning.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, message = '']) =>
            message.replaceAll(/\\(.)/g, '$1'),
          ),
        });
      });
    });
    request.once('error', reject);
    request.end(text);
  });
}

function parse(text: string): Body {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return { message: text };
  }
}

async function serveWebhooks(
  { certificate, key }: { certificate: string; key: string },
  handler: WebhookHandler,
): Promise<WebhookServer> {
  const requests: WebhookServer['requests'] = [];
  const server = https.createServer({ cert: certificate, key }, (request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'https://webhook');
      const review = JSON.parse(text) as Body;
      requests.push({ path: url.pathname, review });
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
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}/`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
