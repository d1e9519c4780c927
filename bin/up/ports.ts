import { createServer } from 'node:net';

/** A port that is free on the address now; with 0 any free one. Throws, saying what to do, where it is taken. */
export function freePort(address: string, wanted: number): Promise<number> {
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
