/** Exec and attach, client side, over SPDY or websocket. */

import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { WebSocket } from 'ws';
import type { Status } from '../meta/status.ts';
import {
  channelNumber,
  encodeTerminalSize,
  type RemoteCommandStream,
  remoteCommandProtocols,
  successOutcome,
  type TerminalSize,
} from './remote-command.ts';
import { refusal, upgradeSpdyClient } from './spdy-upgrade.ts';
import { type UpgradeTarget, websocketTarget } from './upgrade.ts';
import { WebsocketChannels } from './websocket-channels.ts';

export interface RemoteExecutorRequest extends UpgradeTarget {
  /** SPDY only; upstream's clients use POST. */
  method?: string;
  transport: 'spdy' | 'websocket';
  stdin?: Readable;
  stdout?: Writable;
  stderr?: Writable;
  /** With it the command has a terminal; each size is sent on. */
  terminalSizes?: AsyncIterable<TerminalSize>;
  tty?: boolean;
  signal?: AbortSignal;
}

interface Session {
  protocol: string;
  open(name: RemoteCommandStream): Promise<Duplex>;
  readonly closed: Promise<void>;
  /** Throws where the connection ended other than it should. */
  check(): void;
  close(): void;
}

/**
 * Runs a command to its end: copies the streams, ends no output given, and resolves to the outcome (`exitCodeOf` reads
 * it). Throws StatusError or UpgradeError where the server refuses, the connection's error where it breaks.
 */
export async function remoteExecute(request: RemoteExecutorRequest): Promise<Status> {
  const session = request.transport === 'spdy' ? await openSpdy(request) : await openWebsocket(request);
  const stop = (): void => session.close();
  request.signal?.addEventListener('abort', stop, { once: true });
  try {
    request.signal?.throwIfAborted();
    return await run(session, request);
  } finally {
    request.signal?.removeEventListener('abort', stop);
    session.close();
  }
}

async function run(session: Session, request: RemoteExecutorRequest): Promise<Status> {
  // In upstream's order: the error stream first.
  const error = await session.open('error');
  const stdin = request.stdin === undefined ? undefined : await session.open('stdin');
  const stdout = request.stdout === undefined ? undefined : await session.open('stdout');
  const stderr = request.stderr === undefined || request.tty === true ? undefined : await session.open('stderr');
  const resizable = session.protocol !== remoteCommandProtocols.v1 && session.protocol !== remoteCommandProtocols.v2;
  const resize = request.tty === true && resizable ? await session.open('resize') : undefined;
  if (resize !== undefined && request.terminalSizes !== undefined) void sendSizes(resize, request.terminalSizes);
  if (stdin !== undefined && request.stdin !== undefined) {
    request.stdin.pipe(stdin);
    stdin.resume();
  }
  const message = collect(error);
  await Promise.all([copy(stdout, request.stdout), copy(stderr, request.stderr)]);
  const bytes = await message;
  if (stdin !== undefined) request.stdin?.unpipe(stdin);
  request.signal?.throwIfAborted();
  if (bytes.length === 0) session.check();
  return decodeOutcome(session.protocol, bytes.toString('utf8'));
}

/** Until the command ends, or the sizes do: where their source breaks, so does what else comes from there. */
async function sendSizes(resize: Duplex, sizes: AsyncIterable<TerminalSize>): Promise<void> {
  try {
    for await (const size of sizes) {
      if (resize.destroyed || resize.writableEnded) return;
      resize.write(encodeTerminalSize(size));
    }
  } catch {
    // The command goes on in the size that it has.
  }
}

async function copy(from: Duplex | undefined, to: Writable | undefined): Promise<void> {
  if (from === undefined || to === undefined) return;
  from.pipe(to, { end: false });
  await finished(from, { writable: false }).catch(() => {});
  if (to.writableNeedDrain) await new Promise<void>((resolve) => to.once('drain', resolve).once('close', resolve));
}

async function collect(stream: Duplex): Promise<Buffer> {
  const parts: Buffer[] = [];
  stream.on('data', (part: Buffer) => parts.push(part));
  await finished(stream, { writable: false }).catch(() => {});
  return Buffer.concat(parts);
}

function decodeOutcome(protocol: string, text: string): Status {
  if (text === '') return successOutcome();
  if (protocol === remoteCommandProtocols.v4 || protocol === remoteCommandProtocols.v5) {
    try {
      return JSON.parse(text) as Status;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new Error(`error stream protocol error: ${error.message} in ${JSON.stringify(text)}`, { cause: error });
    }
  }
  return { ...successOutcome(), status: 'Failure', message: `error executing remote command: ${text}` };
}

async function openSpdy(request: RemoteExecutorRequest): Promise<Session> {
  const { v5, v4, v3, v2, v1 } = remoteCommandProtocols;
  const { connection, protocol } = await upgradeSpdyClient({
    ...request,
    protocols: [v5, v4, v3, v2, v1],
    connection: { pingIntervalMs: 5000 },
  });
  return {
    protocol: protocol === '' ? v1 : protocol,
    async open(name) {
      const stream = connection.createStream({ streamType: name });
      await stream.ready;
      return stream;
    },
    closed: connection.closed,
    check() {},
    close: () => connection.destroy(),
  };
}

async function openWebsocket(request: RemoteExecutorRequest): Promise<Session> {
  const { v5, v4 } = remoteCommandProtocols;
  const { url, headers } = websocketTarget(request);
  const address =
    request.socketPath === undefined ? url : `ws+unix://${request.socketPath}:${url.pathname}${url.search}`;
  const socket = new WebSocket(address, [v5, v4], {
    ...(url.protocol === 'wss:' ? request.tls : {}),
    headers,
    perMessageDeflate: false,
  });
  let channels: WebsocketChannels | undefined;
  await new Promise<void>((resolve, reject) => {
    // Channels must listen before the first message, which can come with the upgrade itself.
    socket.once('open', () => {
      channels = new WebsocketChannels(socket, socket.protocol, 'client');
      for (const number of Object.values(channelNumber)) channels.channel(number);
      resolve();
    });
    socket.once('unexpected-response', (outgoing: ClientRequest, response: IncomingMessage) => {
      refusal(response)
        .then(reject, reject)
        .finally(() => outgoing.destroy());
    });
    socket.once('error', reject);
  });
  const opened = channels;
  if (opened === undefined) throw new Error('websocket did not open');
  return {
    protocol: opened.protocol,
    open: (name) => Promise.resolve(opened.channel(channelNumber[name])),
    closed: opened.closed,
    check() {
      if (opened.closeCode !== 1000) throw new Error(`websocket: close ${opened.closeCode}`);
    },
    close() {
      socket.close(1000);
    },
  };
}
