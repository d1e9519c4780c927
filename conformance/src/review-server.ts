/** An HTTPS webhook in this process, at the address from which it reaches the API server. */
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { selfSigned } from './certificate.ts';
import type { PromiseContext } from './context.ts';

export interface ReviewServer {
  clientConfig: { url: string; caBundle: string };
  /** The reviews that came, oldest first. */
  reviews: unknown[];
}

/** Ends with the promise. `answer` makes the body of a 200. */
export async function serveReviews(context: PromiseContext, answer: (review: never) => object): Promise<ReviewServer> {
  const host = await localAddress(context.cluster.access.server);
  const { certificate, key } = selfSigned(host);
  const reviews: unknown[] = [];
  const server = createServer({ cert: certificate, key }, (incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const review = JSON.parse(Buffer.concat(parts).toString('utf8')) as never;
      reviews.push(review);
      outgoing.setHeader('content-type', 'application/json');
      outgoing.end(JSON.stringify(answer(review)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  context.onCleanup(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  const { port } = server.address() as AddressInfo;
  return {
    clientConfig: {
      url: `https://${host.includes(':') ? `[${host}]` : host}:${port}/`,
      caBundle: Buffer.from(certificate).toString('base64'),
    },
    reviews,
  };
}

/** The address from which this process reaches the API server. */
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
