/** Admission webhooks in this process. */
import type { PromiseContext } from './context.ts';
import { type ReviewServer, serveReviews } from './review-server.ts';

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
  at: ReviewServer['at'];
  /** How often the path was called. */
  calls(path: string): number;
}

/** `answers` by path. Ends with the promise. */
export async function serveWebhooks(
  context: PromiseContext,
  answers: Readonly<Record<string, Answer>>,
): Promise<WebhookServer> {
  const counts = new Map<string, number>();
  const server = await serveReviews(context, async ({ request }: { request: AdmissionRequest }, path) => {
    counts.set(path, (counts.get(path) ?? 0) + 1);
    const answer = (await answers[path]?.(request)) ?? { allowed: true };
    return {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: request.uid, ...answer },
    };
  });
  return { at: (path) => server.at(path), calls: (path) => counts.get(path) ?? 0 };
}

export const allowed = { allowed: true };
export const denied = (message: string): object => ({ allowed: false, status: { message } });

export function patched(...operations: object[]): object {
  return { allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(operations)).toString('base64') };
}
