/** A conversion webhook on loopback, with a certificate of its own, that records what it is asked. */
import type { KubernetesObject } from '@typernetes/openapi/meta';
import { startHttpsServer } from '../../certificates/testing/https-server.ts';

export interface ConversionRequest {
  uid: string;
  desiredAPIVersion: string;
  objects: (KubernetesObject & Record<string, unknown>)[];
}

/** The `response` of the review; or a whole answer. */
export type Converter = (request: ConversionRequest) => object | { status: number; text: string };

export interface ConversionWebhook {
  clientConfig: { url: string; caBundle: string };
  requests: ConversionRequest[];
  answer: Converter;
  stop(): Promise<void>;
}

export function succeeded(request: ConversionRequest, convertedObjects: object[]): object {
  return { uid: request.uid, convertedObjects, result: { status: 'Success' } };
}

export async function startConversionWebhook(answer: Converter): Promise<ConversionWebhook> {
  const https = await startHttpsServer('conversion-webhook');
  const requests: ConversionRequest[] = [];
  https.server.on('request', (incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const review = JSON.parse(Buffer.concat(parts).toString()) as { apiVersion: string; request: ConversionRequest };
      requests.push(review.request);
      const response = webhook.answer(review.request);
      if ('text' in response && 'status' in response) {
        outgoing.statusCode = response.status;
        outgoing.end(response.text);
        return;
      }
      outgoing.setHeader('content-type', 'application/json');
      outgoing.end(JSON.stringify({ apiVersion: review.apiVersion, kind: 'ConversionReview', response }));
    });
  });
  const webhook: ConversionWebhook = {
    clientConfig: {
      url: `https://127.0.0.1:${https.port}/convert`,
      caBundle: https.caBundle,
    },
    requests,
    answer,
    stop: https.stop,
  };
  return webhook;
}
