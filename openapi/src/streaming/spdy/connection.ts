/**
 * A SPDY/3.1 connection over any Duplex, either side: streams opened here and there, pings, flow control per stream,
 * graceful close. Peers written in Go (moby/spdystream) neither send nor obey window updates: we obey windows only
 * after the peer has announced its own, and stop reading from the socket when a reader falls behind.
 */
import type { Duplex } from 'node:stream';
import {
  dataHeader,
  decodeFrame,
  type Frame,
  frameLength,
  goAway,
  ping,
  resetStatus,
  rstStream,
  SpdyError,
  settings,
  synReply,
  synStream,
  windowUpdate,
} from './frames.ts';
import { HeaderDecoder, HeaderEncoder, type Headers } from './header-block.ts';
import { SpdyStream, type StreamCarrier } from './stream.ts';

export interface SpdyConnectionOptions {
  role: 'client' | 'server';
  /** What was read from the socket already, behind the upgrade. */
  head?: Buffer;
  /** A stream the peer opened. It is accepted when this returns, and refused when it throws. */
  onStream?: (stream: SpdyStream) => void;
  /** The connection dies after so long without a byte in either direction. */
  idleTimeoutMs?: number;
  /** Sends a ping this often. */
  pingIntervalMs?: number;
}

const initialWindowSize = 256 * 1024;
const maxStreams = 10_000;
const empty: Buffer = Buffer.alloc(0);

export class SpdyConnection {
  /** Settles when the socket is closed and what came by it has been handled; never rejects. */
  readonly closed: Promise<void>;
  readonly #socket: Duplex;
  readonly #options: SpdyConnectionOptions;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #encoder = new HeaderEncoder();
  readonly #decoder = new HeaderDecoder();
  readonly #pings = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  readonly #unacknowledged = new Map<number, number>();
  #nextStreamId: number;
  #nextPingId: number;
  #lastPeerStreamId = 0;
  #peerWindow: number | undefined;
  #closing = false;
  /** The socket is closed: what it brought is handed to the streams at once, however far behind their readers are. */
  #draining = false;
  #over = false;
  #pingTimer: NodeJS.Timeout | undefined;
  readonly #carrier: StreamCarrier = {
    sendData: (streamId, data, fin, sent) => this.#sendData(streamId, data, fin, sent),
    sendReset: (streamId, status) => this.#write(rstStream(streamId, status)),
    consumed: (streamId, bytes) => this.#consumed(streamId, bytes),
    finished: (streamId) => this.#finished(streamId),
  };

  constructor(socket: Duplex, options: SpdyConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#nextStreamId = options.role === 'client' ? 1 : 2;
    this.#nextPingId = this.#nextStreamId;
    const socketClosed = new Promise<void>((resolve) => {
      socket.once('close', () => {
        this.#draining = true;
        for (const stream of this.#streams.values()) stream.stopWaiting();
        resolve();
      });
    });
    socket.on('error', () => {});
    if (options.idleTimeoutMs !== undefined && 'setTimeout' in socket && typeof socket.setTimeout === 'function') {
      socket.setTimeout(options.idleTimeoutMs, () => this.destroy());
    }
    if (options.pingIntervalMs !== undefined) {
      this.#pingTimer = setInterval(() => void this.ping().catch(() => {}), options.pingIntervalMs).unref();
    }
    this.#write(settings(initialWindowSize));
    // The socket may close while its last frames wait for a header block: a peer that is done closes at once.
    this.closed = Promise.all([this.#read(options.head ?? empty), socketClosed]).then(() =>
      this.#end(new SpdyError('connection closed')),
    );
  }

  /** Opens a stream. What is written waits until the peer has accepted it (`stream.ready`). */
  createStream(headers: Headers): SpdyStream {
    if (this.#over || this.#closing) throw new SpdyError('connection closed');
    const id = this.#nextStreamId;
    this.#nextStreamId += 2;
    const stream = new SpdyStream(id, lowerCase(headers), this.#carrier, 'here');
    if (this.#peerWindow !== undefined) stream.setInitialWindow(this.#peerWindow);
    this.#streams.set(id, stream);
    this.#write(synStream(id, this.#encoder.encode(headers), false));
    return stream;
  }

  /** Resolves when the peer has answered. */
  ping(): Promise<void> {
    if (this.#over) return Promise.reject(new SpdyError('connection closed'));
    const id = this.#nextPingId;
    this.#nextPingId = id + 2 > 0x7fffffff ? (id % 2) + (id % 2 === 0 ? 2 : 0) : id + 2;
    return new Promise((resolve, reject) => {
      this.#pings.set(id, { resolve, reject });
      this.#write(ping(id));
    });
  }

  /** No new streams; the socket ends when those there are have finished. */
  close(): void {
    if (this.#closing || this.#over) return;
    this.#closing = true;
    this.#write(goAway(this.#lastPeerStreamId, 0));
    this.#endIfIdle();
  }

  destroy(error?: Error): void {
    this.#end(error ?? new SpdyError('connection closed'));
    this.#socket.destroy();
  }

  async #read(head: Buffer): Promise<void> {
    let pending = head;
    try {
      pending = await this.#handleFrames(pending);
      for await (const chunk of this.#socket as AsyncIterable<Buffer>) {
        pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
        pending = await this.#handleFrames(pending);
      }
      this.#closeStreams();
      this.#socket.end();
    } catch (error) {
      this.destroy(error instanceof SpdyError ? error : new SpdyError('connection failed', { cause: error }));
    }
  }

  /** Returns the bytes of the frame that is not complete yet. */
  async #handleFrames(buffer: Buffer): Promise<Buffer> {
    let rest = buffer;
    for (;;) {
      const length = frameLength(rest);
      if (length === undefined || rest.length < length) return rest;
      const waiting = this.#handle(decodeFrame(rest.subarray(0, length)));
      if (waiting !== undefined) await waiting;
      rest = rest.subarray(length);
    }
  }

  #handle(frame: Frame): Promise<void> | undefined {
    switch (frame.type) {
      case 'data':
        return this.#handleData(frame);
      case 'synStream':
        return this.#handleSynStream(frame);
      case 'synReply':
      case 'headers':
        return this.#handleReply(frame);
      case 'rstStream':
        this.#streams.get(frame.streamId)?.acceptReset(new SpdyError(`stream reset (status ${frame.status})`));
        return undefined;
      case 'settings':
        if (frame.initialWindowSize !== undefined) {
          this.#peerWindow = frame.initialWindowSize;
          for (const stream of this.#streams.values()) stream.setInitialWindow(frame.initialWindowSize);
        }
        return undefined;
      case 'windowUpdate':
        if (this.#peerWindow !== undefined) this.#streams.get(frame.streamId)?.addWindow(frame.delta);
        return undefined;
      case 'ping':
        this.#handlePing(frame.id);
        return undefined;
      case 'goAway':
        this.#closing = true;
        this.#endIfIdle();
        return undefined;
      case 'unknown':
        return undefined;
      default:
        return frame satisfies never;
    }
  }

  #handleData(frame: Frame & { type: 'data' }): Promise<void> | undefined {
    const stream = this.#streams.get(frame.streamId);
    if (stream === undefined) return undefined;
    const waiting = stream.acceptData(frame.data);
    if (frame.fin) stream.acceptEnd();
    return this.#draining ? undefined : waiting;
  }

  async #handleSynStream(frame: Frame & { type: 'synStream' }): Promise<void> {
    const headers = await this.#decoder.decode(frame.block);
    const fromPeer = frame.streamId % 2 !== this.#nextStreamId % 2;
    if (!fromPeer || frame.streamId <= this.#lastPeerStreamId || this.#streams.size >= maxStreams) {
      this.#write(rstStream(frame.streamId, resetStatus.protocolError));
      return;
    }
    this.#lastPeerStreamId = frame.streamId;
    const stream = new SpdyStream(frame.streamId, headers, this.#carrier, 'there');
    if (this.#peerWindow !== undefined) stream.setInitialWindow(this.#peerWindow);
    this.#streams.set(frame.streamId, stream);
    try {
      if (this.#closing || this.#options.onStream === undefined) throw new SpdyError('no streams wanted');
      this.#options.onStream(stream);
    } catch {
      stream.reset(resetStatus.refusedStream);
      return;
    }
    this.#write(synReply(frame.streamId, this.#encoder.encode({})));
    if (frame.fin) stream.acceptEnd();
    if (frame.unidirectional) stream.end();
  }

  async #handleReply(frame: Frame & { type: 'synReply' | 'headers' }): Promise<void> {
    await this.#decoder.decode(frame.block);
    const stream = this.#streams.get(frame.streamId);
    if (frame.type === 'synReply') stream?.acceptReply();
    if (frame.fin) stream?.acceptEnd();
  }

  #handlePing(id: number): void {
    if (id % 2 !== this.#nextPingId % 2) {
      this.#write(ping(id));
      return;
    }
    this.#pings.get(id)?.resolve();
    this.#pings.delete(id);
  }

  #sendData(streamId: number, data: Buffer, fin: boolean, sent: (error?: Error | null) => void): void {
    if (this.#over || this.#socket.destroyed || this.#socket.writableEnded) {
      sent(new SpdyError('connection closed'));
      return;
    }
    this.#socket.cork();
    if (data.length === 0) {
      this.#socket.write(dataHeader(streamId, 0, fin), sent);
    } else {
      this.#socket.write(dataHeader(streamId, data.length, fin));
      this.#socket.write(data, sent);
    }
    process.nextTick(() => this.#socket.uncork());
  }

  #write(frame: Buffer): void {
    if (!this.#over && !this.#socket.destroyed && !this.#socket.writableEnded) this.#socket.write(frame);
  }

  /** Gives the window back in portions of a quarter, to peers that know windows. */
  #consumed(streamId: number, bytes: number): void {
    if (this.#peerWindow === undefined) return;
    const total = (this.#unacknowledged.get(streamId) ?? 0) + bytes;
    if (total < initialWindowSize / 4) {
      this.#unacknowledged.set(streamId, total);
      return;
    }
    this.#unacknowledged.delete(streamId);
    this.#write(windowUpdate(streamId, total));
  }

  #finished(streamId: number): void {
    this.#streams.delete(streamId);
    this.#unacknowledged.delete(streamId);
    this.#endIfIdle();
  }

  #endIfIdle(): void {
    if (this.#closing && this.#streams.size === 0 && !this.#over) this.#socket.end();
  }

  #closeStreams(): void {
    for (const stream of this.#streams.values()) stream.acceptClose();
    this.#streams.clear();
  }

  #end(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#pingTimer);
    this.#decoder.close();
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) stream.acceptReset(error);
    for (const waiting of this.#pings.values()) waiting.reject(error);
    this.#pings.clear();
  }
}

function lowerCase(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
