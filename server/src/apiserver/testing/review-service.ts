/** A remote service that answers reviews over HTTPS, as a test tells it to, and a kubeconfig that leads there. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { createCertificateAuthority, issueCertificate } from '../../certificates/index.ts';

export interface Review {
  apiVersion: string;
  kind: string;
  spec: Record<string, unknown>;
}

export class ReviewService {
  readonly asked: Review[] = [];
  /** The status of the answer; a number is an HTTP status instead. */
  answer: (review: Review) => object | number = () => ({});
  readonly #server: Server;
  readonly #kubeconfig: object;

  private constructor(server: Server, kubeconfig: object) {
    this.#server = server;
    this.#kubeconfig = kubeconfig;
  }

  static async start(): Promise<ReviewService> {
    const ca = await createCertificateAuthority({ commonName: 'reviews-ca' });
    const pair = await issueCertificate({
      ca,
      subject: { commonName: 'reviews' },
      ipAddresses: ['127.0.0.1'],
      usages: ['serverAuth'],
    });
    const server = createServer({ cert: pair.certificate, key: pair.key }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const service = new ReviewService(server, {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'reviews',
          cluster: {
            server: `https://127.0.0.1:${address.port}/review`,
            'certificate-authority-data': Buffer.from(ca.certificate).toString('base64'),
          },
        },
      ],
      users: [{ name: 'apiserver', user: { token: 'of-the-apiserver' } }],
      contexts: [{ name: 'reviews', context: { cluster: 'reviews', user: 'apiserver' } }],
      'current-context': 'reviews',
    });
    server.on('request', (request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      request.on('end', () => {
        const review = JSON.parse(text) as Review;
        service.asked.push(review);
        const known = request.headers.authorization === 'Bearer of-the-apiserver' && request.url?.startsWith('/review');
        const status = known ? service.answer(review) : 401;
        response.setHeader('content-type', 'application/json');
        if (typeof status === 'number') response.writeHead(status).end('{}');
        else response.end(JSON.stringify({ ...review, status }));
      });
    });
    return service;
  }

  async writeKubeconfig(file: string): Promise<string> {
    await writeFile(file, JSON.stringify(this.#kubeconfig));
    return file;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
