import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the range from which kernels give ports to whoever wants any, and NodePorts: what is chosen here is still free when
 * it is listened on, a moment later or after a crash.
 */
const first = 20_000;
const last = 29_999;
const attempts = 50;

/** A port that is free on the address now; with 0 any free one but those. Throws, saying what to do, where it is taken. */
export async function freePort(address: string, wanted: number, but: readonly number[] = []): Promise<number> {
  if (wanted !== 0) return listenable(address, wanted);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(first, last + 1);
    if (but.includes(port)) continue;
    try {
      return await listenable(address, port);
    } catch {
      // Somebody's: the next one.
    }
  }
  return listenable(address, 0);
}

function listenable(address: string, wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(
              `port ${wanted} of ${address} is taken: choose another with --secure-port, or --secure-port 0 for a free one`,
            )
          : new Error(`cannot listen on ${address}:${wanted}: ${error.message}`),
      );
    });
    server.listen(wanted, address, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
