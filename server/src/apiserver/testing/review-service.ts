/** A remote service that answers reviews over HTTPS, as a test tells it to, and a kubeconfig that leads there. */
import { writeFile } from 'node:fs/promises';
import { type HttpsServer, startHttpsServer } from '../../certificates/testing/https-server.ts';

export interface Review {
  apiVersion: string;
  kind: string;
  spec: Record<string, unknown>;
}

export class ReviewService {
  readonly asked: Review[] = [];
  /** The status of the answer; a number is an HTTP status instead. */
  answer: (review: Review) => object | number = () => ({});
  readonly #server: HttpsServer;
  readonly #kubeconfig: object;

  private constructor(server: HttpsServer, kubeconfig: object) {
    this.#server = server;
    this.#kubeconfig = kubeconfig;
  }

  static async start(): Promise<ReviewService> {
    const https = await startHttpsServer('reviews');
    const service = new ReviewService(https, {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'reviews',
          cluster: {
            server: `https://127.0.0.1:${https.port}/review`,
            'certificate-authority-data': https.caBundle,
          },
        },
      ],
      users: [{ name: 'apiserver', user: { token: 'of-the-apiserver' } }],
      contexts: [{ name: 'reviews', context: { cluster: 'reviews', user: 'apiserver' } }],
      'current-context': 'reviews',
    });
    https.server.on('request', (request, response) => {
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

  stop(): Promise<void> {
    return this.#server.stop();
  }
}
