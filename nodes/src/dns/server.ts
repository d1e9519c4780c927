/** UDP and TCP on one address and port. */
import dgram from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import type { Responder } from './responder.ts';

export interface DnsServer {
  port: number;
  stop(): Promise<void>;
}

/** Queries being answered at once, over which UDP queries are dropped: clients ask again. */
const maxInFlight = 1_000;
const tcpIdleMs = 10_000;

/** @param port 0: a free one, the same for both protocols. */
export async function serveDns(address: string, port: number, responder: Responder): Promise<DnsServer> {
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serveConnection(socket, responder);
  });
  await new Promise<void>((resolve, reject) => {
    tcp.once('error', reject);
    tcp.listen(port, address, resolve);
  });
  const bound = (tcp.address() as { port: number }).port;
  const udp = dgram.createSocket({ type: address.includes(':') ? 'udp6' : 'udp4' });
  let inFlight = 0;
  udp.on('message', (query, remote) => {
    if (inFlight >= maxInFlight) return;
    inFlight += 1;
    responder
      .respond(query, 'udp')
      .then((response) => response && udp.send(response, remote.port, remote.address))
      .catch(() => {})
      .finally(() => {
        inFlight -= 1;
      });
  });
  try {
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject);
      udp.bind(bound, address, resolve);
    });
  } catch (error) {
    tcp.close();
    throw error;
  }
  // After binding an error of one datagram must not end the server.
  udp.on('error', () => {});
  return {
    port: bound,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => tcp.close(() => resolve())),
        new Promise<void>((resolve) => udp.close(() => resolve())),
      ]);
    },
  };
}

function serveConnection(socket: Socket, responder: Responder): void {
  socket.setTimeout(tcpIdleMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  let received = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      const query = Buffer.from(received.subarray(2, end));
      received = received.subarray(end);
      responder
        .respond(query, 'tcp')
        .then((response) => {
          if (response === undefined) return socket.destroy();
          const length = Buffer.alloc(2);
          length.writeUInt16BE(response.length, 0);
          return socket.write(Buffer.concat([length, response]));
        })
        .catch(() => socket.destroy());
    }
  });
}
