/** An HTTPS webhook in this process, at the address from which it reaches the API server. */
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { selfSigned } from './certificate.ts';
import type { PromiseContext } from './context.ts';

export interface ReviewServer {
  /** clientConfig of the webhook at this path. */
  at(path: string): { url: string; caBundle: string };
  /** The reviews that came, oldest first. */
  reviews: unknown[];
}

/** Ends with the promise. `answer` makes the body of a 200; late where it takes its time. */
export async function serveReviews(
  context: PromiseContext,
  answer: (review: never, path: string) => object | Promise<object>,
): Promise<ReviewServer> {
  const host = await localAddress(context.cluster.access.server);
  const { certificate, key } = selfSigned(host);
  const reviews: unknown[] = [];
  const server = createServer({ cert: certificate, key }, (incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const review = JSON.parse(Buffer.concat(parts).toString('utf8')) as never;
      reviews.push(review);
      const { pathname } = new URL(incoming.url ?? '/', 'https://webhook');
      void Promise.resolve(answer(review, pathname)).then((body) => {
        outgoing.setHeader('content-type', 'application/json');
        outgoing.end(JSON.stringify(body));
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
  return { at: (path) => ({ url: `${origin}${path}`, caBundle }), reviews };
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
