/**
 * What would be the body of an answer, sent as websocket messages: binary, or as text in base64 where the client asks
 * for that. Whatever the client sends is ignored; when it closes, sending ends.
 */
import type { IncomingMessage } from 'node:http';
import { type Duplex, type Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { acceptHandshake } from './websocket-handshake.ts';

const bearerProtocol = 'base64url.bearer.authorization.k8s.io.';
const base64Protocol = 'base64.binary.k8s.io';
const protocols = ['binary.k8s.io', base64Protocol];

const requested = (request: IncomingMessage): string[] =>
  (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '' && !protocol.startsWith(bearerProtocol));

const server = new WebSocketServer({
  noServer: true,
  maxPayload: 64 * 1024,
  perMessageDeflate: false,
  handleProtocols: (offered) => protocols.find((protocol) => offered.has(protocol)) ?? false,
});

/** Undefined if all is well, else what to tell a client that knows none of our protocols. */
export function protocolProblem(request: IncomingMessage): string | undefined {
  const asked = requested(request);
  if (asked.length === 0 || asked.some((protocol) => protocols.includes(protocol))) return undefined;
  return `requested protocol(s) are not supported: [${asked.join(' ')}]; supports [${['', ...protocols].join(' ')}]`;
}

/** Resolves when everything is sent, or the client has gone. */
export async function sendOverWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  source: Readable,
): Promise<void> {
  const client = await acceptHandshake(server, request, socket, head);
  if (client === undefined) {
    source.destroy();
    return;
  }
  client.on('error', () => client.terminate());
  client.once('close', () => source.destroy());
  const isText = client.protocol === base64Protocol;
  client.send(isText ? '' : Buffer.alloc(0));
  try {
    await (isText ? pipeline(source, base64(), messages(client, false)) : pipeline(source, messages(client, true)));
    client.close(1000);
  } catch {
    client.terminate();
  }
}

const base64 = (): Transform =>
  new Transform({ transform: (chunk: Buffer, _, done) => done(null, chunk.toString('base64')) });

function messages(client: WebSocket, binary: boolean): Writable {
  return new Writable({
    write: (chunk: Buffer, _, done) => client.send(chunk, { binary }, (error) => done(error)),
  });
}
