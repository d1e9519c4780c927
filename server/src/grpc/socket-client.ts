/** Calls of a gRPC service that listens on a unix socket of this machine: plugins for keys and for tokens. */
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { decodeFields, type Fields } from '../protobuf.ts';
import { codeName } from './codes.ts';

/** Said as Go's client says it. */
export class RpcError extends Error {
  /** The code's name. */
  readonly code: string;

  constructor(code: number, details: string) {
    super(`rpc error: code = ${codeName(code)} desc = ${details}`);
    this.name = 'RpcError';
    this.code = codeName(code);
  }
}

export interface SocketClient {
  /** `request` and the answer are protobuf messages. Throws RpcError. */
  call(method: string, request: Buffer, timeoutMs: number): Promise<Fields>;
  close(): void;
}

export interface SocketClientOptions {
  /** A path, or `@name` for a socket without a file (of Linux's abstract namespace). */
  socket: string;
  /** Such as `v2.KeyManagementService`. */
  service: string;
  /** Let a call wait until somebody listens; else it fails at once. */
  waitForReady?: boolean;
  /** Told of every call; what it returns, of its code. */
  observe?: (path: string) => (code: string) => void;
}

const bytes = (message: Buffer): Buffer => message;

export function socketClient({ socket, service, waitForReady = false, observe }: SocketClientOptions): SocketClient {
  const client = new Client(`unix:${socket.replace(/^@/, '\0')}`, credentials.createInsecure(), {
    // Else clients of one socket share connections, and a new one is answered by a plugin that was replaced, or waits
    // because an older one failed a moment ago.
    'grpc.use_local_subchannel_pool': 1,
  });
  const metadata = new Metadata({ waitForReady });
  return {
    async call(method, request, timeoutMs) {
      const path = `/${service}/${method}`;
      const ended = observe?.(path);
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
      client.makeUnaryRequest(
        path,
        bytes,
        bytes,
        request,
        metadata,
        { deadline: Date.now() + timeoutMs },
        (error, response) => {
          ended?.(codeName(error?.code ?? 0));
          if (error === null) resolve(response ?? Buffer.alloc(0));
          else reject(new RpcError(error.code, error.details));
        },
      );
      return decodeFields(await promise);
    },
    close: () => client.close(),
  };
}
