/** A conversion webhook on loopback, with a certificate of its own, that records what it is asked. */
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KubernetesObject } from '@typernetes/openapi/meta';
import { createCertificateAuthority, issueCertificate } from '../../certificates/index.ts';

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
  const ca = await createCertificateAuthority({ commonName: 'conversion-webhook-ca' });
  const { certificate, key } = await issueCertificate({
    ca,
    subject: { commonName: 'conversion-webhook' },
    ipAddresses: ['127.0.0.1'],
    usages: ['serverAuth'],
  });
  const requests: ConversionRequest[] = [];
  const server = https.createServer({ cert: certificate, key }, (incoming, outgoing) => {
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
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const webhook: ConversionWebhook = {
    clientConfig: {
      url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/convert`,
      caBundle: Buffer.from(ca.certificate).toString('base64'),
    },
    requests,
    answer,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return webhook;
}
