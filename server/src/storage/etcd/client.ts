/**
 * The connection to etcd: endpoints, TLS, password, deadlines and what to do when a call fails. Reads and writes of keys
 * are requests on an HTTP/2 session of our own, unless there is a password; the rest, and then they too, go through etcd3's
 * RPC clients (its high-level API has no ranges at a revision and hides compaction).
 */
import { rootCertificates } from 'node:tls';
import type { KVClient, LeaseClient, WatchClient } from 'etcd3';
import { Etcd3, EtcdInvalidAuthTokenError, GRPCDeadlineExceededError, isRecoverableError } from 'etcd3';
import { compacted, futureRevision, tooLarge } from '../errors.ts';
import { StorageError } from '../storage.ts';
import { directKv, etcd3Kv, type Kv } from './kv.ts';
import type { EtcdObserver } from './metrics.ts';
import { GrpcError, grpcCodes, UnaryCalls } from './unary.ts';

export interface EtcdConnectOptions {
  /** `https://host:port` or `http://host:port`, all of one scheme. */
  endpoints: readonly string[];
  /** PEM. Absent: the system's authorities. */
  ca?: Buffer;
  /** PEM of the client certificate and its key. */
  cert?: Buffer;
  key?: Buffer;
  username?: string;
  password?: string;
  /** How long a call may take, retries at other endpoints included. Default 5000. */
  timeoutMs?: number;
  observer?: EtcdObserver;
}

export interface CallOptions {
  deadline: number;
}

const retryDelayMs = 50;
/** A read tries another endpoint after this long. */
const attemptMs = 2000;

type FaultHandling = NonNullable<NonNullable<ConstructorParameters<typeof Etcd3>[0]>['faultHandling']>;
type Policy = NonNullable<FaultHandling['global']>;

/**
 * Runs the call and nothing else. etcd3 repeats failed calls by default, also writes that may have happened: the second
 * try would then report a conflict with itself.
 */
const once: Policy = {
  _altReturn: undefined as never,
  onSuccess: () => ({ dispose: () => undefined }),
  onFailure: () => ({ dispose: () => undefined }),
  execute: async (call, signal = new AbortController().signal) => call({ signal }),
};

export class EtcdClient {
  /** Reads and writes of keys. */
  readonly kv: Kv;
  readonly #etcd: Etcd3;
  readonly #calls: UnaryCalls;
  readonly #timeoutMs: number;
  readonly hasPassword: boolean;

  constructor(options: EtcdConnectOptions) {
    const { endpoints, ca, cert, key, username, password, observer } = options;
    const secure = endpoints.some((endpoint) => endpoint.startsWith('https:'));
    this.#timeoutMs = options.timeoutMs ?? 5000;
    this.hasPassword = username !== undefined;
    const authorities = ca ?? Buffer.from(rootCertificates.join('\n'));
    // A breaker per endpoint keeps calls away from a dead one; with a single endpoint it would only delay recovery.
    const faultHandling: FaultHandling = { global: once, ...(endpoints.length === 1 && { host: () => once }) };
    this.#etcd = new Etcd3({
      hosts: [...endpoints],
      faultHandling,
      ...(secure && {
        credentials: {
          rootCertificate: authorities,
          ...(cert && { certChain: cert }),
          ...(key && { privateKey: key }),
        },
      }),
      ...(username !== undefined && { auth: { username, password: password ?? '' } }),
      grpcOptions: {
        'grpc.max_receive_message_length': -1,
        'grpc.max_send_message_length': -1,
        'grpc.keepalive_time_ms': 30_000,
        'grpc.keepalive_timeout_ms': 10_000,
        'grpc.enable_http_proxy': 0,
        'grpc.initial_reconnect_backoff_ms': 100,
        'grpc.max_reconnect_backoff_ms': 1000,
      },
    });
    this.#calls = new UnaryCalls({
      endpoints: endpoints.map(withScheme),
      ca: secure ? authorities : undefined,
      cert,
      key,
      observer,
    });
    this.kv = this.hasPassword ? etcd3Kv(() => this.rpc) : directKv(this.#calls);
  }

  /** The KV service as etcd3 has it. */
  get rpc(): KVClient {
    return this.#etcd.kv;
  }

  get leases(): LeaseClient {
    return this.#etcd.leaseClient;
  }

  get watches(): WatchClient {
    return this.#etcd.watchClient;
  }

  version(): Promise<string> {
    return this.read(async (options) => (await this.#etcd.maintenance.status(options)).version);
  }

  /** Bytes of the database file. */
  size(): Promise<number> {
    return this.read(async (options) => Number((await this.#etcd.maintenance.status(options)).dbSize));
  }

  /** A call that may be repeated. */
  read<T>(call: (options: CallOptions) => Promise<T>): Promise<T> {
    return this.#call(call, attemptMs, mayPass);
  }

  /** A call that is repeated only where it certainly did nothing. */
  write<T>(call: (options: CallOptions) => Promise<T>): Promise<T> {
    return this.#call(call, this.#timeoutMs, neverSent);
  }

  async #call<T>(
    call: (options: CallOptions) => Promise<T>,
    withinMs: number,
    again: (error: Error) => boolean,
  ): Promise<T> {
    const end = Date.now() + this.#timeoutMs;
    for (;;) {
      try {
        return await call({ deadline: Math.min(end, Date.now() + withinMs) });
      } catch (error) {
        if (!(error instanceof Error) || !again(error) || Date.now() + retryDelayMs >= end) throw error;
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
      }
    }
  }

  close(): void {
    this.#calls.close();
    this.#etcd.close();
  }
}

/** As etcd3 has it: without a scheme it is plain. */
function withScheme(endpoint: string): string {
  return endpoint.includes('://') ? endpoint : `http://${endpoint}`;
}

function neverSent(error: Error): boolean {
  return (
    (error instanceof GrpcError && error.neverSent) ||
    /No connection established|ECONNREFUSED|Name resolution failed|etcdserver: no leader|etcdserver: too many requests/.test(
      error.message,
    ) ||
    error.name === 'BrokenCircuitError'
  );
}

const passingCodes: ReadonlySet<number> = new Set([grpcCodes.deadlineExceeded, grpcCodes.unavailable]);

function mayPass(error: Error): boolean {
  return (
    neverSent(error) ||
    (error instanceof GrpcError && passingCodes.has(error.code)) ||
    isRecoverableError(error) ||
    error instanceof GRPCDeadlineExceededError ||
    error instanceof EtcdInvalidAuthTokenError ||
    /etcdserver: (leader changed|request timed out|server stopped)/.test(error.message)
  );
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
