/** The connection to etcd: endpoints, TLS, password, deadlines and what to do when a call fails. */
import { decodeFields, eachField, numberOf, textOf, wideVarint } from '../../protobuf.ts';
import { compacted, futureRevision, tooLarge } from '../errors.ts';
import { StorageError } from '../storage.ts';
import { Calls, type MessageStream, type StreamHandler } from './calls.ts';
import { number } from './encode.ts';
import { GrpcError, grpcCodes } from './grpc-error.ts';
import { type Call, Kv } from './kv.ts';
import type { EtcdObserver } from './metrics.ts';
import type { ClientIdentity } from './sessions.ts';
import { Token } from './token.ts';

export interface EtcdConnectOptions {
  /** `https://host:port` or `http://host:port`, all of one scheme. */
  endpoints: readonly string[];
  /** PEM. Absent: the system's authorities. */
  ca?: Buffer;
  /** The client certificate and its key, asked for each connection. */
  identity?: () => Promise<ClientIdentity>;
  username?: string;
  password?: string;
  /** How long a call may take, retries at other endpoints included. Default 5000. */
  timeoutMs?: number;
  observer?: EtcdObserver;
}

const retryDelayMs = 50;
/** A read tries another endpoint after this long. */
const attemptMs = 2000;

export class EtcdClient {
  /** Reads and writes of keys. */
  readonly kv: Kv;
  readonly #calls: Calls;
  readonly #token: Token | undefined;
  readonly #timeoutMs: number;

  constructor({ endpoints, username, password = '', timeoutMs = 5000, ...options }: EtcdConnectOptions) {
    this.#timeoutMs = timeoutMs;
    this.#calls = new Calls({ ...options, endpoints: endpoints.map(withScheme) });
    const plain: Call = (path, message, deadline) => this.#calls.call(path, message, deadline);
    this.#token = username === undefined ? undefined : new Token(plain, username, password);
    this.kv = new Kv((path, message, deadline) => this.#authenticated(path, message, deadline));
  }

  get hasPassword(): boolean {
    return this.#token !== undefined;
  }

  #authenticated(path: string, message: readonly Buffer[], deadline: number): Promise<Buffer> {
    if (this.#token === undefined) return this.#calls.call(path, message, deadline);
    return this.#token.with(deadline, (metadata) => this.#calls.call(path, message, deadline, metadata));
  }

  async version(): Promise<string> {
    return textOf(decodeFields(await this.#status()), 2);
  }

  /** Bytes of the database file. */
  async size(): Promise<number> {
    return numberOf(decodeFields(await this.#status()), 3);
  }

  #status(): Promise<Buffer> {
    return this.read((deadline) => this.#authenticated('/etcdserverpb.Maintenance/Status', [], deadline));
  }

  /** The id of a new lease. */
  async grantLease(seconds: number): Promise<bigint> {
    const path = '/etcdserverpb.Lease/LeaseGrant';
    const answer = await this.write((deadline) => this.#authenticated(path, number(1, seconds), deadline));
    let id = 0n;
    eachField(answer, (field, _value, at) => {
      if (field === 2) id = wideVarint(answer, at);
    });
    return id;
  }

  async watch(handler: StreamHandler): Promise<MessageStream> {
    const deadline = Date.now() + this.#timeoutMs;
    const token = await this.#token?.metadata(deadline);
    // A member that is cut off from the others ends it instead of leaving it silent.
    return this.#calls.stream('/etcdserverpb.Watch/Watch', deadline, { hasleader: 'true', ...token }, handler);
  }

  /** A call that may be repeated. */
  read<T>(call: (deadline: number) => Promise<T>): Promise<T> {
    return this.#repeated(call, attemptMs, mayPass);
  }

  /** A call that is repeated only where it certainly did nothing. */
  write<T>(call: (deadline: number) => Promise<T>): Promise<T> {
    return this.#repeated(call, this.#timeoutMs, neverSent);
  }

  async #repeated<T>(
    call: (deadline: number) => Promise<T>,
    withinMs: number,
    again: (error: Error) => boolean,
  ): Promise<T> {
    const end = Date.now() + this.#timeoutMs;
    for (;;) {
      try {
        return await call(Math.min(end, Date.now() + withinMs));
      } catch (error) {
        if (!(error instanceof Error) || !again(error) || Date.now() + retryDelayMs >= end) throw error;
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
      }
    }
  }

  close(): void {
    this.#calls.close();
  }
}

/** Without a scheme it is plain. */
function withScheme(endpoint: string): string {
  return endpoint.includes('://') ? endpoint : `http://${endpoint}`;
}

function neverSent(error: Error): boolean {
  if (!(error instanceof GrpcError)) return false;
  return error.neverSent || /etcdserver: (no leader|too many requests)/.test(error.message);
}

const passingCodes: ReadonlySet<number> = new Set([grpcCodes.deadlineExceeded, grpcCodes.unavailable]);

function mayPass(error: Error): boolean {
  return neverSent(error) || (error instanceof GrpcError && passingCodes.has(error.code));
}

/** The one place where etcd's errors become the storage's. */
export function translateEtcdError(error: unknown, key?: string): unknown {
  if (error instanceof StorageError || !(error instanceof Error)) return error;
  const { message } = error;
  if (message.includes('required revision has been compacted')) return compacted();
  if (message.includes('required revision is a future revision')) return futureRevision(NaN, NaN);
  if (/request is too large|message larger than max/.test(message)) return tooLarge(key ?? '');
  const detail = key === undefined ? { cause: error } : { cause: error, key };
  return new StorageError('unavailable', `etcd: ${message}`, detail);
}
