/** Where watch frames go: a chunked HTTP response, or a websocket. Both tell when they cannot take more. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { cborMediaType, cborSequenceMediaType, protobufMediaType } from '@typernetes/openapi/codec';
import { type WebSocket, WebSocketServer } from 'ws';
import type { MediaType } from '../negotiation.ts';
import type { RequestContext } from '../request-context.ts';
import { setWarnings } from '../respond.ts';
import { SharedWrites } from './shared-writes.ts';
import { acceptHandshake } from './websocket-handshake.ts';

export interface WatchConnection {
  /** Frames that follow each other. False: wait for `onDrain` before sending more. */
  send(frames: readonly Buffer[]): boolean;
  onDrain(listener: () => void): void;
  onClose(listener: () => void): void;
  /** Ends it politely, after everything sent so far. */
  end(): void;
  /** Cuts it off. */
  destroy(): void;
}

const contentTypes: Partial<Record<MediaType, string>> = {
  'application/json': 'application/json',
  [cborMediaType]: cborSequenceMediaType,
};

export function httpWatchConnection(context: RequestContext, mediaType: MediaType): WatchConnection {
  const { response } = context;
  setWarnings(context);
  response.statusCode = 200;
  response.setHeader('Content-Type', contentTypes[mediaType] ?? `${mediaType};stream=watch`);
  response.flushHeaders();
  const { socket } = response;
  if (socket !== null && response.chunkedEncoding) return overSocket(response, socket);
  return {
    send: (frames) => response.write(plainWrites.of(frames)),
    onDrain: (listener) => void response.on('drain', listener),
    onClose: (listener) => void response.once('close', listener),
    end: () => void response.end(),
    destroy: () => void response.destroy(),
  };
}

const plainWrites = new SharedWrites(false);
const chunkWrites = new SharedWrites(true);

/** Past the response, whose own framing takes three writes and as many objects for every event of every watcher. */
function overSocket(response: ServerResponse, socket: Socket): WatchConnection {
  const drained: (() => void)[] = [];
  const onDrain = (): void => {
    for (const listener of drained) listener();
  };
  socket.on('drain', onDrain);
  response.once('close', () => socket.off('drain', onDrain));
  return {
    send: (frames) => socket.write(chunkWrites.of(frames)),
    onDrain: (listener) => void drained.push(listener),
    onClose: (listener) => void response.once('close', listener),
    end: () => void response.end(),
    destroy: () => void response.destroy(),
  };
}

const server = new WebSocketServer({
  noServer: true,
  maxPayload: 64 * 1024,
  perMessageDeflate: false,
});
/** Beyond this much unsent data a websocket counts as busy. */
const highWaterMark = 256 * 1024;

/**
 * What upstream's websocket library wants of watches: version 13, an Origin that is a URL (any: credentials are never
 * taken from cookies), and at most one protocol, which is echoed. Frames are the same whatever it is.
 */
function handshakeProblem({ headers }: IncomingMessage): { code: number; text: string } | undefined {
  if (headers['sec-websocket-version'] !== '13') return { code: 400, text: 'missing or bad WebSocket Version' };
  const { origin = '' } = headers;
  if (!origin.startsWith('/') && !URL.canParse(origin)) return { code: 403, text: '' };
  return (headers['sec-websocket-protocol'] ?? '').includes(',') ? { code: 400, text: '' } : undefined;
}

/** Undefined where the handshake was refused. */
export async function webSocketWatchConnection(
  context: RequestContext,
  upgrade: { socket: Duplex; head: Buffer },
  mediaType: MediaType,
): Promise<WatchConnection | undefined> {
  const { request, response } = context;
  const problem = handshakeProblem(request);
  if (problem !== undefined) {
    response.writeHead(problem.code, { 'Sec-WebSocket-Version': '13', Connection: 'close' }).end(problem.text);
    return undefined;
  }
  if (request.headers['sec-websocket-protocol']?.trim() === '') delete request.headers['sec-websocket-protocol'];
  response.detachSocket(upgrade.socket as never);
  const socket = await acceptHandshake(server, request, upgrade.socket, upgrade.head);
  return socket === undefined ? undefined : overWebSocket(socket, upgrade.socket, mediaType);
}

/** The length in front of a binary frame, which a websocket message does not need. */
const framePrefixBytes = 4;

function overWebSocket(socket: WebSocket, raw: Duplex, mediaType: MediaType): WatchConnection {
  const drained: (() => void)[] = [];
  raw.on('drain', () => {
    for (const listener of drained) listener();
  });
  socket.on('error', () => socket.terminate());
  return {
    send(frames) {
      for (const frame of frames) {
        const message = mediaType === protobufMediaType ? frame.subarray(framePrefixBytes) : frame;
        socket.send(message, { binary: mediaType !== 'application/json' });
      }
      return socket.bufferedAmount < highWaterMark && !raw.writableNeedDrain;
    },
    onDrain: (listener) => void drained.push(listener),
    onClose: (listener) => void socket.once('close', listener),
    end: () => socket.close(1000),
    destroy: () => socket.terminate(),
  };
}
