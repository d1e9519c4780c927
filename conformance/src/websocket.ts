/** A websocket to the API server, as bare as HTTP: any header, any protocol, any refusal. */
import { randomBytes } from 'node:crypto';
import { request } from 'node:https';
import type { Duplex } from 'node:stream';
import type { PromiseContext } from './context.ts';
import type { ClientCertificate } from './http.ts';

export interface WebSocketRequest {
  protocols?: readonly string[];
  headers?: Record<string, string>;
  /** Without it the kubeconfig's own credentials are shown. */
  anonymous?: boolean;
  certificate?: ClientCertificate;
}

export interface Message {
  text: boolean;
  data: Buffer;
}

export interface WebSocketConnection {
  protocol: string | undefined;
  /** Until the server closes; the code of its close frame ends it as `closed`. */
  messages: AsyncGenerator<Message>;
  closed: Promise<number | undefined>;
  send(data: Buffer): void;
  close(): void;
}

export interface Refused {
  status: number;
  body: string;
}

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9 } as const;

export async function openWebSocket(
  context: PromiseContext,
  path: string,
  options: WebSocketRequest = {},
): Promise<WebSocketConnection | Refused> {
  const { server, token } = context.cluster.access;
  const { protocols = [], anonymous = false, certificate } = options;
  const outgoing = request({
    host: server.hostname,
    port: server.port || 443,
    path,
    signal: context.signal,
    agent: false,
    ...context.http.credentials(certificate ?? !anonymous),
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      ...(protocols.length > 0 ? { 'Sec-WebSocket-Protocol': protocols.join(', ') } : {}),
      ...(token !== undefined && !anonymous ? { Authorization: `Bearer ${token}` } : {}),
      ...options.headers,
    },
  });
  return new Promise((resolve, reject) => {
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') }),
      );
    });
    outgoing.once('upgrade', (response, socket, head) => {
      context.onCleanup(async () => void socket.destroy());
      resolve(connection(socket, head, response.headers['sec-websocket-protocol']));
    });
    outgoing.end();
  });
}

/** Throws where the handshake was refused. */
export async function connectWebSocket(
  context: PromiseContext,
  path: string,
  options: WebSocketRequest = {},
): Promise<WebSocketConnection> {
  const opened = await openWebSocket(context, path, options);
  if ('status' in opened) throw new Error(`websocket ${path}: ${opened.status} ${opened.body}`);
  return opened;
}

function connection(socket: Duplex, head: Buffer, protocol: string | undefined): WebSocketConnection {
  const { promise: closed, resolve: close } = Promise.withResolvers<number | undefined>();
  return {
    protocol,
    closed,
    messages: readMessages(socket, head, close),
    send: (data) => void socket.write(frame(opcodes.binary, data)),
    close: () => void socket.end(frame(opcodes.close, Buffer.from([0x03, 0xe8]))),
  };
}

/** Clients mask what they send; a mask of zeros changes nothing. */
function frame(opcode: number, data: Buffer): Buffer {
  const long = data.length > 125;
  const length = long ? [0x80 | 126, data.length >> 8, data.length & 0xff] : [0x80 | data.length];
  return Buffer.concat([Buffer.from([0x80 | opcode, ...length, 0, 0, 0, 0]), data]);
}

async function* readMessages(
  socket: Duplex,
  head: Buffer,
  close: (code: number | undefined) => void,
): AsyncGenerator<Message> {
  let rest = head;
  let parts: Buffer[] = [];
  let text = false;
  const take = (): { last: boolean; opcode: number; data: Buffer } | undefined => {
    if (rest.length < 2) return undefined;
    const [first = 0, second = 0] = rest;
    const short = second & 0x7f;
    const headerLength = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (rest.length < headerLength) return undefined;
    const length = short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short;
    if (rest.length < headerLength + length) return undefined;
    const data = rest.subarray(headerLength, headerLength + length);
    rest = rest.subarray(headerLength + length);
    return { last: (first & 0x80) !== 0, opcode: first & 0x0f, data };
  };
  const arriving = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const next = take();
      if (next === undefined) {
        const { done, value } = await arriving.next();
        if (done === true) return;
        rest = Buffer.concat([rest, value]);
        continue;
      }
      if (next.opcode === opcodes.close) {
        close(next.data.length >= 2 ? next.data.readUInt16BE(0) : undefined);
        return;
      }
      if (next.opcode > opcodes.close) continue;
      if (next.opcode !== opcodes.continuation) text = next.opcode === opcodes.text;
      parts.push(next.data);
      if (!next.last) continue;
      yield { text, data: Buffer.concat(parts) };
      parts = [];
    }
  } finally {
    close(undefined);
    socket.destroy();
  }
}
