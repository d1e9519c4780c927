/** Port forwarding, server side: SPDY with a pair of streams per connection, and the plain websocket protocol. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type SpdyConnection, SpdyError, type SpdyStream } from './spdy/index.ts';
import { acceptSpdyUpgrade } from './spdy-upgrade.ts';
import { isWebsocketRequest, refuseUpgrade } from './upgrade.ts';
import { acceptWebsocket, WebsocketChannels } from './websocket-channels.ts';

export const portForwardProtocol = 'portforward.k8s.io';
const websocketProtocols = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io', ''];
const defaultIdleTimeout = 4 * 60 * 60 * 1000;
const defaultStreamCreationTimeout = 30_000;

/** Connects `stream` to the port and resolves when the connection is over; what it throws the client is told. */
export type ForwardPort = (port: number, stream: Duplex) => Promise<void>;

export interface PortForwardOptions {
  /** For messages. */
  pod?: string;
  uid?: string;
  idleTimeoutMs?: number;
  /** How long the second stream of a pair may take. */
  streamCreationTimeoutMs?: number;
}

/** Answers the upgrade and serves until the client is gone. */
export function servePortForward(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  forward: ForwardPort,
  options: PortForwardOptions = {},
): Promise<void> {
  return isWebsocketRequest(request)
    ? serveOverWebsocket(request, socket, head, forward, options)
    : serveOverSpdy(request, socket, head, forward, options);
}

function failureMessage(port: number, options: PortForwardOptions, error: unknown): string {
  const cause = error instanceof Error ? error.message : String(error);
  return `error forwarding port ${port} to pod ${options.pod ?? ''}, uid ${options.uid ?? ''}: ${cause}`;
}

interface Pair {
  error?: SpdyStream;
  data?: SpdyStream;
  timer: NodeJS.Timeout;
}

async function serveOverSpdy(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  forward: ForwardPort,
  options: PortForwardOptions,
): Promise<void> {
  const pairs = new Map<string, Pair>();
  const upgrade = acceptSpdyUpgrade(request, socket, head, [portForwardProtocol], {
    idleTimeoutMs: options.idleTimeoutMs ?? defaultIdleTimeout,
    onStream: (stream) => {
      portOf(stream);
      const type = stream.headers.streamtype;
      if (type !== 'error' && type !== 'data') throw new SpdyError(`invalid stream type "${type ?? ''}"`);
      addToPair(pairs, stream, type, forward, options);
    },
  });
  if (upgrade === undefined) return;
  await upgrade.connection.closed;
  for (const pair of pairs.values()) clearTimeout(pair.timer);
}

function portOf(stream: SpdyStream): number {
  const text = stream.headers.port ?? '';
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) throw new SpdyError(`unable to parse "${text}" as a port`);
  return port;
}

/** Old clients send no request id: their data stream follows the error stream. */
function requestIdOf(stream: SpdyStream, type: 'error' | 'data'): string {
  const id = stream.headers.requestid;
  return id === undefined || id === '' ? String(type === 'error' ? stream.id : stream.id - 2) : id;
}

function addToPair(
  pairs: Map<string, Pair>,
  stream: SpdyStream,
  type: 'error' | 'data',
  forward: ForwardPort,
  options: PortForwardOptions,
): void {
  const id = requestIdOf(stream, type);
  let pair = pairs.get(id);
  if (pair === undefined) {
    const timer = setTimeout(() => giveUp(pairs, id), options.streamCreationTimeoutMs ?? defaultStreamCreationTimeout);
    pairs.set(id, (pair = { timer }));
  }
  if (pair[type] !== undefined) {
    const message = `error processing stream for request ${id}: ${type} stream already assigned`;
    pair.error?.write(message);
    throw new SpdyError(message);
  }
  pair[type] = stream;
  if (pair.error === undefined || pair.data === undefined) return;
  clearTimeout(pair.timer);
  pairs.delete(id);
  void forwardPair(pair.data, pair.error, forward, options);
}

function giveUp(pairs: Map<string, Pair>, id: string): void {
  const pair = pairs.get(id);
  pairs.delete(id);
  pair?.error?.end(`(request=${id}) timed out waiting for streams`);
  pair?.data?.reset();
}

async function forwardPair(
  data: SpdyStream,
  error: SpdyStream,
  forward: ForwardPort,
  options: PortForwardOptions,
): Promise<void> {
  const port = portOf(data);
  error.resume();
  try {
    await forward(port, data);
    data.end();
    error.end();
  } catch (cause) {
    error.end(failureMessage(port, options, cause));
    await finished(error, { readable: false }).catch(() => {});
    data.reset();
  }
}

async function serveOverWebsocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  forward: ForwardPort,
  options: PortForwardOptions,
): Promise<void> {
  const ports = requestedPorts(request);
  if (typeof ports === 'string') {
    refuseUpgrade(socket, 400, `${ports}\n`);
    return;
  }
  const accepted = await acceptWebsocket(request, socket, head, websocketProtocols);
  if (accepted === undefined) return;
  const channels = new WebsocketChannels(accepted.socket, accepted.protocol, 'server');
  await Promise.all(
    ports.map(async (port, index) => {
      const data = channels.channel(index * 2);
      const error = channels.channel(index * 2 + 1);
      const number = Buffer.alloc(2);
      number.writeUInt16LE(port);
      data.write(number);
      error.write(number);
      try {
        await forward(port, data);
      } catch (cause) {
        error.write(failureMessage(port, options, cause));
      }
      data.end();
      error.end();
      await Promise.all([finished(data, { readable: false }), finished(error, { readable: false })]).catch(() => {});
    }),
  );
  channels.close();
  await channels.closed;
}

/** `?port=80&port=443` or `?port=80,443`; a text says what is wrong. */
function requestedPorts(request: IncomingMessage): number[] | string {
  const values = new URL(request.url ?? '/', 'http://localhost').searchParams.getAll('port');
  if (values.length === 0) return 'query parameter "port" is required';
  const ports: number[] = [];
  for (const value of values) {
    if (value === '') return 'query parameter "port" cannot be empty';
    for (const text of value.split(',')) {
      const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
      if (Number.isNaN(port) || port > 65535) return `unable to parse "${value}" as a port`;
      if (port < 1) return `port "${value}" must be > 0`;
      ports.push(port);
    }
  }
  return ports.length > 100 ? 'too many ports' : ports;
}

/** Opens one forwarded connection on a client's SPDY connection; `failure` resolves to the server's message, if any. */
export async function openForwardedPort(
  connection: SpdyConnection,
  port: number,
  requestId: number,
): Promise<{ data: Duplex; failure: Promise<string | undefined> }> {
  const headers = { port: String(port), requestID: String(requestId) };
  const error = connection.createStream({ ...headers, streamType: 'error' });
  await error.ready;
  error.end();
  const data = connection.createStream({ ...headers, streamType: 'data' });
  await data.ready;
  return { data, failure: readMessage(error) };
}

async function readMessage(stream: Duplex): Promise<string | undefined> {
  const parts: Buffer[] = [];
  stream.on('data', (part: Buffer) => parts.push(part));
  await finished(stream, { writable: false }).catch(() => {});
  return parts.length === 0 ? undefined : Buffer.concat(parts).toString('utf8');
}
