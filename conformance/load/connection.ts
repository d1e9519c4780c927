/**
 * One keep-alive HTTP/1.1 connection, made to cost the machine as little as it can: what is measured is the server, and
 * the client runs beside it. A request is one write; of an answer only what the caller asks for is kept.
 */
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ClusterAccess } from '../src/kubeconfig.ts';

export interface Answer {
  status: number;
  /** Bytes of the body, as they came over the wire. */
  size: number;
  /** Undefined where the caller did not want it and the status was as expected. */
  body: Buffer | undefined;
}

export interface Call {
  method: string;
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Buffer;
}

interface Waiting {
  keep: boolean;
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
}

const headEnd = Buffer.from('\r\n\r\n');
const lineEnd = Buffer.from('\r\n');
const empty = Buffer.alloc(0);

export class Connection {
  private readonly socket: Socket;
  private readonly host: string;
  private readonly credentials: string;
  private waiting: Waiting | undefined;
  private failure: Error | undefined;
  /** What of the head, or of a chunk's size line, has come so far. */
  private pending: Buffer = empty;
  private state: 'head' | 'body' | 'chunkSize' | 'chunk' | 'trailer' = 'head';
  private remaining = 0;
  private status = 0;
  private size = 0;
  private parts: Buffer[] = [];
  private stream: ((part: Buffer) => void) | undefined;

  private constructor(socket: Socket, access: ClusterAccess) {
    this.socket = socket;
    this.host = access.server.host;
    this.credentials = access.token === undefined ? '' : `Authorization: Bearer ${access.token}\r\n`;
    socket.setNoDelay(true);
    socket.on('data', (data: Buffer) => this.receive(data));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the server closed the connection')));
  }

  static open(access: ClusterAccess): Promise<Connection> {
    const { server, ca, certificate, key } = access;
    const plain = server.protocol === 'http:';
    const port = Number(server.port || (plain ? 80 : 443));
    const host = server.hostname.replace(/^\[|\]$/g, '');
    return new Promise((resolve, reject) => {
      const socket = plain
        ? connectPlain({ host, port })
        : connectTls({ host, port, ca, cert: certificate, key, ALPNProtocols: ['http/1.1'] });
      socket.once('error', reject);
      socket.once(plain ? 'connect' : 'secureConnect', () => {
        socket.off('error', reject);
        resolve(new Connection(socket, access));
      });
    });
  }

  /** One at a time. */
  request(call: Call, keep = false): Promise<Answer> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.waiting = { keep, resolve, reject };
      this.socket.write(this.encode(call));
    });
  }

  /** A request whose answer does not end: a watch. Resolves when the status is there; `onBody` gets what follows. */
  async follow(path: string, onBody: (part: Buffer) => void, headers: Record<string, string> = {}): Promise<void> {
    this.stream = onBody;
    const { status, body } = await this.request({ method: 'GET', path, headers }, true);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${String(body)}`);
  }

  close(): void {
    this.waiting = undefined;
    this.socket.destroy();
  }

  private encode({ method, path, headers = {}, body }: Call): string | Buffer {
    let head = `${method} ${path} HTTP/1.1\r\nHost: ${this.host}\r\nUser-Agent: load\r\n${this.credentials}`;
    for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
    if (body === undefined) return `${head}\r\n`;
    head += `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
    return typeof body === 'string' ? head + body : Buffer.concat([Buffer.from(head), body]);
  }

  private fail(error: Error): void {
    this.failure ??= error;
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.reject(error);
  }

  private receive(data: Buffer): void {
    let rest = data;
    while (rest.length > 0) {
      switch (this.state) {
        case 'head':
          rest = this.head(rest);
          break;
        case 'chunkSize':
          rest = this.chunkSize(rest);
          break;
        case 'trailer':
          rest = this.line(rest) === undefined ? empty : this.over(rest);
          break;
        default:
          rest = this.body(rest);
      }
    }
  }

  private head(data: Buffer): Buffer {
    const all = this.pending.length === 0 ? data : Buffer.concat([this.pending, data]);
    const end = all.indexOf(headEnd);
    if (end < 0) {
      this.pending = all;
      return empty;
    }
    this.pending = empty;
    const head = all.toString('latin1', 0, end).toLowerCase();
    this.status = Number(head.slice(9, 12));
    this.size = 0;
    this.parts = [];
    const length = /\r\ncontent-length: *(\d+)/.exec(head);
    const rest = all.subarray(end + headEnd.length);
    if (length !== null) {
      this.remaining = Number(length[1]);
      this.state = 'body';
      if (this.remaining === 0) this.finish();
    } else {
      this.state = 'chunkSize';
      if (this.stream !== undefined && this.status === 200) this.answer();
    }
    return rest;
  }

  /** The next line, and where it ends is remembered in `remaining`; undefined while it is not complete. */
  private line(data: Buffer): string | undefined {
    const end = data.indexOf(lineEnd);
    if (end >= 0 && this.pending.length === 0) {
      this.remaining = end + 2;
      return data.toString('latin1', 0, end);
    }
    const all = Buffer.concat([this.pending, data]);
    const at = all.indexOf(lineEnd);
    if (at < 0) {
      this.pending = all;
      return undefined;
    }
    this.remaining = at + 2 - this.pending.length;
    this.pending = empty;
    return all.toString('latin1', 0, at);
  }

  private chunkSize(data: Buffer): Buffer {
    const line = this.line(data);
    if (line === undefined) return empty;
    const rest = data.subarray(this.remaining);
    const size = Number.parseInt(line, 16);
    // What follows a chunk counts as its last two bytes.
    this.remaining = size + 2;
    this.state = size === 0 ? 'trailer' : 'chunk';
    return rest;
  }

  private over(data: Buffer): Buffer {
    const rest = data.subarray(this.remaining);
    this.finish();
    return rest;
  }

  private body(data: Buffer): Buffer {
    const taken = Math.min(data.length, this.remaining);
    const framing = this.state === 'chunk' ? 2 : 0;
    const content = Math.min(taken, Math.max(0, this.remaining - framing));
    this.remaining -= taken;
    this.size += content;
    if (content > 0 && this.status === 200 && this.stream !== undefined) this.stream(data.subarray(0, content));
    else if (content > 0 && (this.waiting?.keep === true || this.status >= 300))
      this.parts.push(data.subarray(0, content));
    if (this.remaining === 0) {
      if (this.state === 'body') this.finish();
      else this.state = 'chunkSize';
    }
    return data.subarray(taken);
  }

  private finish(): void {
    this.state = 'head';
    if (this.stream !== undefined && this.status === 200) this.fail(new Error('the server ended the watch'));
    else this.answer();
  }

  private answer(): void {
    const { waiting, status, size, parts } = this;
    this.waiting = undefined;
    this.parts = [];
    const body = waiting?.keep === true || status >= 300 ? Buffer.concat(parts) : undefined;
    waiting?.resolve({ status, size, body });
  }
}
