/** Exec and attach, server side: answers the upgrade, whichever transport the client speaks, and hands out streams. */
import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Status } from '../meta/status.ts';
import {
  channelNumber,
  encodeOutcome,
  type RemoteCommandOptions,
  type RemoteCommandStream,
  type RemoteCommandStreams,
  spdyRemoteCommandProtocols,
  websocketRemoteCommandProtocols,
} from './remote-command.ts';
import type { SpdyConnection, SpdyStream } from './spdy/index.ts';
import { acceptSpdyUpgrade } from './spdy-upgrade.ts';
import { isWebsocketRequest } from './upgrade.ts';
import { acceptWebsocket, WebsocketChannels } from './websocket-channels.ts';

export interface RemoteCommandServerOptions extends RemoteCommandOptions {
  /** The connection dies after so long without a byte; upstream: 4 hours. */
  idleTimeoutMs?: number;
  /** How long a SPDY client may take to open its streams; upstream: 30 s. */
  streamCreationTimeoutMs?: number;
  websocketProtocols?: readonly string[];
}

const defaultIdleTimeout = 4 * 60 * 60 * 1000;
const defaultStreamCreationTimeout = 30_000;
/** How long a client may take to read the last bytes and close. */
const closeTimeout = 10_000;

/** Undefined where the request was refused or the client went away before all streams were there. */
export function acceptRemoteCommand(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: RemoteCommandServerOptions,
): Promise<RemoteCommandStreams | undefined> {
  return isWebsocketRequest(request)
    ? acceptOverWebsocket(request, socket, head, options)
    : acceptOverSpdy(request, socket, head, options);
}

async function acceptOverWebsocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: RemoteCommandServerOptions,
): Promise<RemoteCommandStreams | undefined> {
  setIdleTimeout(socket, options.idleTimeoutMs ?? defaultIdleTimeout);
  const accepted = await acceptWebsocket(
    request,
    socket,
    head,
    options.websocketProtocols ?? websocketRemoteCommandProtocols,
  );
  if (accepted === undefined) return undefined;
  const channels = new WebsocketChannels(accepted.socket, accepted.protocol, 'server');
  const open = (name: RemoteCommandStream, wanted: boolean): Duplex | undefined =>
    wanted ? channels.channel(channelNumber[name]) : undefined;
  const streams = {
    stdin: open('stdin', options.stdin),
    stdout: open('stdout', options.stdout),
    stderr: open('stderr', options.stderr),
    resize: open('resize', options.tty),
    error: channels.channel(channelNumber.error),
  };
  channels.announce(channelNumber[options.stdout ? 'stdout' : options.stderr ? 'stderr' : 'error']);
  return serverStreams(
    accepted.protocol,
    streams,
    channels.closed,
    () => channels.close(),
    () => accepted.socket.terminate(),
  );
}

function setIdleTimeout(socket: Duplex, milliseconds: number): void {
  if ('setTimeout' in socket && typeof socket.setTimeout === 'function')
    socket.setTimeout(milliseconds, () => socket.destroy());
}

function acceptOverSpdy(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: RemoteCommandServerOptions,
): Promise<RemoteCommandStreams | undefined> {
  return new Promise((resolve) => {
    const streams: Partial<Record<RemoteCommandStream, SpdyStream>> = {};
    let expected: RemoteCommandStream[] = [];
    const upgrade = acceptSpdyUpgrade(request, socket, head, spdyRemoteCommandProtocols, {
      idleTimeoutMs: options.idleTimeoutMs ?? defaultIdleTimeout,
      onStream: (stream) => {
        const name = stream.headers.streamtype ?? '';
        if (!isStreamName(name) || streams[name] !== undefined) throw new Error(`unexpected stream type: "${name}"`);
        streams[name] = stream;
        if (expected.every((each) => streams[each] !== undefined)) settle();
      },
    });
    if (upgrade === undefined) {
      resolve(undefined);
      return;
    }
    const { connection, protocol } = upgrade;
    expected = expectedStreams(protocol, options);
    const timer = setTimeout(
      () => connection.destroy(),
      options.streamCreationTimeoutMs ?? defaultStreamCreationTimeout,
    );
    void connection.closed.then(() => {
      clearTimeout(timer);
      resolve(undefined);
    });
    const settle = (): void => {
      clearTimeout(timer);
      const { error } = streams;
      // The reply to the last stream must be on its way before anything is written to it.
      if (error !== undefined)
        setImmediate(() => resolve(spdyServerStreams(protocol, { ...streams, error }, connection)));
    };
  });
}

function isStreamName(name: string): name is RemoteCommandStream {
  return Object.hasOwn(channelNumber, name);
}

function expectedStreams(protocol: string, options: RemoteCommandOptions): RemoteCommandStream[] {
  const resizable = protocol !== 'channel.k8s.io' && protocol !== 'v2.channel.k8s.io';
  const names: RemoteCommandStream[] = ['error'];
  if (options.stdin) names.push('stdin');
  if (options.stdout) names.push('stdout');
  if (options.stderr) names.push('stderr');
  if (options.tty && resizable) names.push('resize');
  return names;
}

function spdyServerStreams(
  protocol: string,
  streams: Partial<Record<RemoteCommandStream, SpdyStream>> & { error: SpdyStream },
  connection: SpdyConnection,
): RemoteCommandStreams {
  const close = (): void => {
    // What the client still sends is of no use to anyone any more.
    streams.stdin?.reset();
    streams.resize?.reset();
    for (const stream of [streams.stdout, streams.stderr, streams.error]) stream?.resume();
    connection.close();
  };
  return serverStreams(protocol, streams, connection.closed, close, () => connection.destroy());
}

interface Ends {
  stdin?: Readable | undefined;
  stdout?: Writable | undefined;
  stderr?: Writable | undefined;
  resize?: Readable | undefined;
  error: Writable;
}

function serverStreams(
  protocol: string,
  ends: Ends,
  closed: Promise<void>,
  close: () => void,
  kill: () => void,
): RemoteCommandStreams {
  const gone = new AbortController();
  void closed.then(() => gone.abort());
  return {
    protocol,
    error: ends.error,
    ...(ends.stdin === undefined ? {} : { stdin: ends.stdin }),
    ...(ends.stdout === undefined ? {} : { stdout: ends.stdout }),
    ...(ends.stderr === undefined ? {} : { stderr: ends.stderr }),
    ...(ends.resize === undefined ? {} : { resize: ends.resize }),
    signal: gone.signal,
    async finish(outcome: Status): Promise<void> {
      await Promise.race([Promise.all([endOf(ends.stdout), endOf(ends.stderr)]), closed]);
      const message = encodeOutcome(protocol, outcome);
      if (message.length > 0 && !ends.error.writableEnded) ends.error.write(message);
      await Promise.race([endOf(ends.error), closed]);
      close();
      const timer = setTimeout(kill, closeTimeout);
      await closed;
      clearTimeout(timer);
    },
  };
}

async function endOf(stream: Writable | undefined): Promise<void> {
  if (stream === undefined || stream.destroyed) return;
  stream.end();
  await finished(stream, { readable: false }).catch(() => {});
}
