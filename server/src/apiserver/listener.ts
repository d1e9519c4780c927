import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { genericServerResponse } from '@typernetes/openapi/meta';
import type { ApiApp } from '../endpoints/app.ts';
import type { ServingFiles, ServingTls } from './serving/serving-tls.ts';

/**
 * All connections, also those whose handshake is not over, or that were upgraded: the server waits for them when it
 * closes, but destroys only those that it speaks HTTP with. The function returned ends them.
 */
export function ownConnections(server: Server): () => void {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return () => {
    for (const socket of open) socket.destroy();
  };
}

/** The HTTPS server around an app; it does not listen yet. */
export function httpsServer(app: ApiApp, tls: ServingTls, files: ServingFiles, offerHttp2 = false): Server {
  const server = createServer(
    {
      ...tls.contextOptions(files),
      ...tls.choice,
      // Certificates are asked for and judged by the authenticators: a bad one is a 401, not a broken handshake.
      requestCert: true,
      rejectUnauthorized: false,
      ...(offerHttp2 ? { ALPNProtocols: ['h2', 'http/1.1'] } : {}),
      keepAliveTimeout: 180_000,
      headersTimeout: 32_000,
      // Watches and uploads have limits of their own.
      requestTimeout: 0,
      noDelay: true,
      maxHeaderSize: 1024 * 1024,
      // Other upgrades (h2c) are declined by answering as if they had not been asked for.
      shouldUpgradeCallback: (request) => /websocket|spdy/i.test(request.headers.upgrade ?? ''),
    },
    (request, response) => app.listener(request, response),
  );
  // Its default drops what comes after the 2000th header, unseen: that might be the one that matters.
  server.maxHeadersCount = 0;
  server.on('upgrade', (request, socket, head) => app.upgrade(request, socket, head));
  server.on('clientError', refuse);
  server.on('tlsClientError', (_, socket) => socket.destroy());
  return server;
}

const notAllowed = JSON.stringify(genericServerResponse(405, '', { group: '', resource: '' }, '', '', 0, false).status);
const methodNotAllowed = [
  'HTTP/1.1 405 Method Not Allowed',
  'Content-Type: application/json',
  'Connection: close',
  `Content-Length: ${Buffer.byteLength(notAllowed)}`,
  '',
  notAllowed,
].join('\r\n');

/** Node reads a fixed list of methods. Go reads any, and its server says which are not allowed. */
function namesMethod(packet: Buffer | undefined): boolean {
  return /^[A-Za-z][\w!#$%&'*+.^`|~-]* \//.test(packet?.toString('latin1', 0, 200) ?? '');
}

/** What cannot be read as a request gets the plain answer that Go's server gives. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code?.startsWith('HPE_') !== true) {
    socket.destroy();
    return;
  }
  if (error.code === 'HPE_INVALID_METHOD' && namesMethod((error as { rawPacket?: Buffer }).rawPacket)) {
    socket.end(methodNotAllowed);
    return;
  }
  const text = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${text}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${text}`);
}

/** Resolves to the port. `shared`: other processes may listen on it as well. */
export function listen(server: Server, port: number, address: string, shared = false): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: address, reusePort: shared }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
