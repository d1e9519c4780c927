/** Admission webhooks in this process, at the address from which it reaches the API server. */
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { selfSigned } from './certificate.ts';
import type { PromiseContext } from './context.ts';

export interface AdmissionRequest {
  uid: string;
  name?: string;
  namespace?: string;
  operation: string;
  subResource?: string;
  kind: { group: string; version: string; kind: string };
  object: ReviewedObject | null;
  oldObject: ReviewedObject | null;
}

export interface ReviewedObject {
  apiVersion: string;
  kind: string;
  metadata?: { name?: string; labels?: Record<string, string> };
  data?: Record<string, string>;
  spec?: Record<string, unknown>;
}

/** The response without its uid; late where it takes its time. */
export type Answer = (request: AdmissionRequest) => object | Promise<object>;

export interface WebhookServer {
  /** clientConfig of the webhook at this path. */
  at(path: string): { url: string; caBundle: string };
  /** How often the path was called. */
  calls(path: string): number;
}

/** `answers` by path. Ends with the promise. */
export async function serveWebhooks(
  context: PromiseContext,
  answers: Readonly<Record<string, Answer>>,
): Promise<WebhookServer> {
  const host = await localAddress(context.cluster.access.server);
  const { certificate, key } = selfSigned(host);
  const counts = new Map<string, number>();
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const path = new URL(request.url ?? '/', 'https://webhook').pathname;
    counts.set(path, (counts.get(path) ?? 0) + 1);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString()) as { request: AdmissionRequest };
      const { uid } = review.request;
      void Promise.resolve(answers[path]?.(review.request) ?? { allowed: true }).then((answer) => {
        response.setHeader('content-type', 'application/json');
        const whole = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, ...answer } };
        response.end(JSON.stringify(whole));
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  context.onCleanup(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const origin = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const caBundle = Buffer.from(certificate).toString('base64');
  return {
    at: (path) => ({ url: `${origin}${path}`, caBundle }),
    calls: (path) => counts.get(path) ?? 0,
  };
}

function localAddress(server: URL): Promise<string> {
  return new Promise((resolve, reject) => {
    const host = server.hostname.replaceAll(/^\[|\]$/g, '');
    const socket = connect({ host, port: Number(server.port || 443) }, () => {
      resolve((socket.localAddress ?? '127.0.0.1').replace(/^::ffff:/, ''));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

export const allowed = { allowed: true };
export const denied = (message: string): object => ({ allowed: false, status: { message } });

export function patched(...operations: object[]): object {
  return { allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(operations)).toString('base64') };
}
