import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';

/** Undefined where the library has refused the handshake, or the client has gone: it then says no more than that. */
export function acceptHandshake(
  server: WebSocketServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<WebSocket | undefined> {
  if (socket.destroyed) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const gone = (): void => resolve(undefined);
    socket.once('close', gone);
    server.handleUpgrade(request, socket, head, (client) => {
      socket.off('close', gone);
      resolve(client);
    });
  });
}
