/**
 * Kubernetes' channels in a websocket: each message starts with the number of its channel, as a byte or, in the base64
 * protocols, as a digit before base64 text. v5 adds a signal, byte 255 and a channel, that ends one channel.
 */
import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { headerList, refuseUpgrade } from './upgrade.ts';

const closeSignal = 255;
const maxMessage = 32 * 1024 * 1024;
/** A channel this far behind stops the whole websocket. */
const maxUnread = 1024 * 1024;

const base64ChannelProtocol = 'base64.channel.k8s.io';

const isBase64 = (protocol: string): boolean => protocol.endsWith(base64ChannelProtocol);
const supportsCloseSignal = (protocol: string): boolean => protocol === 'v5.channel.k8s.io';

export class WebsocketChannels {
  readonly socket: WebSocket;
  readonly protocol: string;
  /** Settles when the websocket is closed; never rejects. */
  readonly closed: Promise<void>;
  /** The code of the peer's close frame; 1006 where there was none. */
  closeCode = 1006;
  readonly #channels = new Map<number, Channel>();

  readonly #role: 'client' | 'server';

  constructor(socket: WebSocket, protocol: string, role: 'client' | 'server') {
    this.socket = socket;
    this.protocol = protocol;
    this.#role = role;
    this.closed = new Promise((resolve) => {
      socket.once('close', (code) => {
        this.closeCode = code;
        for (const channel of this.#channels.values()) channel.acceptEnd();
        resolve();
      });
    });
    socket.on('error', () => {});
    socket.on('message', (data) => this.#receive(data as Buffer));
    socket.resume();
  }

  /** Messages of channels that nobody opened are dropped. */
  channel(number: number): Duplex {
    let channel = this.#channels.get(number);
    if (channel === undefined) {
      channel = new Channel({
        send: (data, sent) => this.#send(number, data, sent),
        ended: () => this.#sendClose(number),
        drained: () => this.socket.resume(),
      });
      this.#channels.set(number, channel);
    }
    return channel;
  }

  close(code = 1000): void {
    this.socket.close(code);
  }

  #receive(data: Buffer): void {
    if (data.length === 0) return;
    if (supportsCloseSignal(this.protocol) && data[0] === closeSignal) {
      if (data.length !== 2) this.socket.close(1002);
      else this.#channels.get(data[1] ?? closeSignal)?.acceptEnd();
      return;
    }
    const base64 = isBase64(this.protocol);
    const channel = this.#channels.get((data[0] ?? 0) - (base64 ? 0x30 : 0));
    const payload = base64 ? Buffer.from(data.toString('latin1', 1), 'base64') : data.subarray(1);
    if (channel !== undefined && channel.receive(payload) > maxUnread) this.socket.pause();
  }

  #send(number: number, data: Buffer, sent: (error?: Error | null) => void): void {
    if (this.socket.readyState !== this.socket.OPEN) {
      sent(new Error('websocket is closed'));
      return;
    }
    if (isBase64(this.protocol)) this.socket.send(number + data.toString('base64'), sent);
    else this.socket.send(Buffer.concat([Buffer.of(number), data]), { binary: true }, sent);
  }

  /** Only clients end channels one by one; a server's channels end with the websocket. */
  #sendClose(number: number): void {
    if (this.#role === 'server' || !supportsCloseSignal(this.protocol) || this.socket.readyState !== this.socket.OPEN)
      return;
    this.socket.send(Buffer.of(closeSignal, number), { binary: true });
  }

  /** An empty message, by which a client sees that the channel is there. */
  announce(number: number): void {
    this.#send(number, Buffer.alloc(0), () => {});
  }
}

interface ChannelCarrier {
  send(data: Buffer, sent: (error?: Error | null) => void): void;
  ended(): void;
  drained(): void;
}

class Channel extends Duplex {
  readonly #carrier: ChannelCarrier;
  #over = false;

  constructor(carrier: ChannelCarrier) {
    super({ allowHalfOpen: true });
    this.#carrier = carrier;
    this.on('error', () => {});
  }

  /** Returns how many bytes wait to be read. */
  receive(data: Buffer): number {
    if (!this.#over && !this.destroyed && data.length > 0) this.push(data);
    return this.destroyed ? 0 : this.readableLength;
  }

  acceptEnd(): void {
    if (this.#over || this.destroyed) return;
    this.#over = true;
    this.push(null);
    // Nothing more comes to this channel, and nobody will be asked to read on.
    this.#carrier.drained();
  }

  override _read(): void {
    this.#carrier.drained();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#carrier.send(chunk, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#carrier.ended();
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#carrier.drained();
    callback(error);
  }
}

/**
 * Answers a websocket request. `protocols` in the server's order of taste; the client's first that is among them is
 * spoken, and none at all where the client names none and '' is listed. Refuses (undefined) as upstream does. The
 * websocket comes paused, so that no message is lost before its reader is there.
 */
export function acceptWebsocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocols: readonly string[],
): Promise<{ socket: WebSocket; protocol: string } | undefined> {
  const offered = headerList(request.headers, 'sec-websocket-protocol');
  const protocol =
    offered.length === 0 ? (protocols.includes('') ? '' : undefined) : offered.find((each) => protocols.includes(each));
  if (protocol === undefined) {
    refuseUpgrade(
      socket,
      403,
      `requested protocol(s) are not supported: [${offered.join(' ')}]; supports [${protocols.join(' ')}]\n`,
    );
    return Promise.resolve(undefined);
  }
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessage,
  });
  // The library refuses names with a slash (`SPDY/3.1+…`), so the subprotocol is settled without it.
  server.on('headers', (headers) => {
    if (protocol !== '') headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
  });
  const { 'sec-websocket-protocol': _, ...headers } = request.headers;
  const plain = Object.create(request, { headers: { value: headers } }) as IncomingMessage;
  return new Promise((resolve) => {
    socket.once('close', () => resolve(undefined));
    server.handleUpgrade(plain, socket, head, (websocket) => {
      websocket.binaryType = 'nodebuffer';
      websocket.pause();
      resolve({ socket: websocket, protocol });
    });
  });
}
