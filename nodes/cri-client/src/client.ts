/**
 * connectCri: RuntimeService and ImageService over one HTTP/2 connection on a unix socket. The connection is made at
 * the first call and again after it was lost; a call made while the runtime is away fails with UNAVAILABLE.
 */
import { Client, credentials, type CallOptions as GrpcCallOptions, Metadata } from '@grpc/grpc-js';
import { decode, encode } from './codec.ts';
import { CriError, fromServiceError } from './error.ts';
import type { CallOptions } from './input.ts';
import { services } from './protocol/descriptors.ts';
import type { Messages } from './protocol/messages.ts';
import type { ImageService, RuntimeService } from './protocol/services.ts';

export interface CriConnection {
  runtime: RuntimeService;
  images: ImageService;
  /** Waits until the runtime's socket accepts connections. */
  waitForReady(timeoutMs: number): Promise<void>;
  close(): void;
}

export interface ConnectOptions {
  /** For calls that name no deadline of their own; pulls have none. Default: two minutes, as the kubelet. */
  timeoutMs?: number;
  /** The largest message accepted. Default: 16 MiB, as the kubelet. */
  maxMessageBytes?: number;
}

const withoutDeadline = new Set(['pullImage', 'getContainerEvents']);
const wireName = (method: string): string => method.charAt(0).toUpperCase() + method.slice(1);

/** unix:///run/x.sock, unix:/run/x.sock and /run/x.sock name the same socket. */
export function criTarget(endpoint: string): string {
  if (endpoint.startsWith('unix:')) return `unix:${endpoint.slice('unix:'.length).replace(/^\/\/(?=\/)/, '')}`;
  if (endpoint.startsWith('/')) return `unix:${endpoint}`;
  throw new CriError('INVALID_ARGUMENT', `endpoint ${JSON.stringify(endpoint)} is no unix socket (unix:///run/…)`);
}

type Call = (request: Record<string, unknown>, options?: CallOptions) => unknown;

function callOptions(method: string, defaults: ConnectOptions, options: CallOptions): GrpcCallOptions {
  const timeoutMs = options.timeoutMs ?? (withoutDeadline.has(method) ? 0 : (defaults.timeoutMs ?? 120_000));
  return timeoutMs > 0 ? { deadline: Date.now() + timeoutMs } : {};
}

function unary(
  client: Client,
  path: string,
  method: string,
  types: readonly [string, string, boolean],
  defaults: ConnectOptions,
): Call {
  const [requestType, responseType] = types as unknown as [keyof Messages, keyof Messages];
  return (request, options = {}) =>
    new Promise((resolve, reject) => {
      if (options.signal?.aborted) {
        reject(new CriError('CANCELLED', 'the call was cancelled'));
        return;
      }
      const call = client.makeUnaryRequest(
        path,
        (value: Record<string, unknown>) => encode(requestType, value),
        (bytes: Buffer) => decode(responseType, bytes),
        request,
        new Metadata(),
        callOptions(method, defaults, options),
        (error, response) => {
          options.signal?.removeEventListener('abort', cancel);
          if (error !== null) reject(fromServiceError(error));
          else resolve(response);
        },
      );
      const cancel = (): void => call.cancel();
      options.signal?.addEventListener('abort', cancel, { once: true });
    });
}

function streamed(
  client: Client,
  path: string,
  method: string,
  types: readonly [string, string, boolean],
  defaults: ConnectOptions,
): Call {
  const [requestType, responseType] = types as unknown as [keyof Messages, keyof Messages];
  return async function* (request, options = {}) {
    const call = client.makeServerStreamRequest(
      path,
      (value: Record<string, unknown>) => encode(requestType, value),
      (bytes: Buffer) => decode(responseType, bytes),
      request,
      new Metadata(),
      callOptions(method, defaults, options),
    );
    const cancel = (): void => call.cancel();
    options.signal?.addEventListener('abort', cancel, { once: true });
    if (options.signal?.aborted) cancel();
    try {
      for await (const message of call) yield message as unknown;
    } catch (error) {
      throw fromServiceError(error);
    } finally {
      options.signal?.removeEventListener('abort', cancel);
      // Leaving the loop destroys the stream, which cancels the call; the late CANCELLED error has no reader.
      call.on('error', () => undefined);
      call.cancel();
    }
  };
}

function serviceClient(client: Client, service: string, defaults: ConnectOptions): unknown {
  const calls: Record<string, Call> = {};
  for (const [method, types] of Object.entries(services[service] ?? {})) {
    const path = `/runtime.v1.${service}/${wireName(method)}`;
    calls[method] = (types[2] ? streamed : unary)(client, path, method, types, defaults);
  }
  return calls;
}

export function connectCri(endpoint: string, options: ConnectOptions = {}): CriConnection {
  const limit = options.maxMessageBytes ?? 16 * 1024 * 1024;
  const client = new Client(criTarget(endpoint), credentials.createInsecure(), {
    'grpc.max_receive_message_length': limit,
    'grpc.max_send_message_length': limit,
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 3000,
    'grpc.default_authority': 'localhost',
    'grpc.enable_http_proxy': 0,
    // Else clients of one address share sockets, and a new one is ready through one whose runtime has just ended.
    'grpc.use_local_subchannel_pool': 1,
  });
  return {
    runtime: serviceClient(client, 'RuntimeService', options) as RuntimeService,
    images: serviceClient(client, 'ImageService', options) as ImageService,
    waitForReady: (timeoutMs) =>
      new Promise((resolve, reject) => {
        client.waitForReady(Date.now() + timeoutMs, (error) => {
          if (error === undefined) resolve();
          else reject(new CriError('UNAVAILABLE', `nothing answers at ${endpoint}`, { cause: error }));
        });
      }),
    close: () => client.close(),
  };
}
