/** serveCri: an implementation of the two services behind a unix socket, for a kubelet or crictl to call. */
import { chmod, unlink } from 'node:fs/promises';
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { criTarget } from './client.ts';
import { decode, encode } from './codec.ts';
import { CriError, toServiceError } from './error.ts';
import type { CallOptions } from './input.ts';
import { services } from './protocol/descriptors.ts';
import type { Messages } from './protocol/messages.ts';
import type { ImageService, RuntimeService } from './protocol/services.ts';

export interface CriServer {
  endpoint: string;
  /** Ends open calls and removes the socket. */
  stop(): Promise<void>;
}

type Method = (request: unknown, options: CallOptions) => unknown;

const unaryHandler =
  (method: Method): handleUnaryCall<unknown, unknown> =>
  (call, callback) => {
    const abort = new AbortController();
    call.on('cancelled', () => abort.abort());
    (async () => method(call.request, { signal: abort.signal }))().then(
      (response) => callback(null, response),
      (error: unknown) => callback(toServiceError(error)),
    );
  };

const streamHandler =
  (method: Method): handleServerStreamingCall<unknown, unknown> =>
  (call) => {
    const abort = new AbortController();
    call.on('cancelled', () => abort.abort());
    (async () => {
      for await (const message of method(call.request, { signal: abort.signal }) as AsyncIterable<unknown>) {
        if (abort.signal.aborted) return;
        if (!call.write(message)) await new Promise((resolve) => call.once('drain', resolve));
      }
      call.end();
    })().catch((error: unknown) => call.emit('error', toServiceError(error)));
  };

function register(server: Server, service: string, implementation: object): void {
  const definition: Record<string, ServiceDefinition[string]> = {};
  const handlers: UntypedServiceImplementation = {};
  for (const [method, [request, response, isStream]] of Object.entries(services[service] ?? {})) {
    const name = method.charAt(0).toUpperCase() + method.slice(1);
    const own: unknown = Reflect.get(implementation, method);
    if (typeof own !== 'function')
      throw new CriError('INVALID_ARGUMENT', `the implementation of ${service} has no ${method}`);
    definition[name] = {
      path: `/runtime.v1.${service}/${name}`,
      requestStream: false,
      responseStream: isStream,
      requestSerialize: (value: object) => encode(request as keyof Messages, value),
      requestDeserialize: (bytes: Buffer) => decode(request as keyof Messages, bytes),
      responseSerialize: (value: object) => encode(response as keyof Messages, value),
      responseDeserialize: (bytes: Buffer) => decode(response as keyof Messages, bytes),
    };
    const bound = own.bind(implementation) as Method;
    handlers[name] = isStream ? streamHandler(bound) : unaryHandler(bound);
  }
  server.addService(definition, handlers);
}

export async function serveCri(
  implementation: { runtime: RuntimeService; images: ImageService },
  socketPath: string,
): Promise<CriServer> {
  const limit = 16 * 1024 * 1024;
  const server = new Server({ 'grpc.max_receive_message_length': limit, 'grpc.max_send_message_length': limit });
  register(server, 'RuntimeService', implementation.runtime);
  register(server, 'ImageService', implementation.images);
  const target = criTarget(socketPath);
  const path = target.slice('unix:'.length);
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(target, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  await chmod(path, 0o600);
  return {
    endpoint: `unix://${path}`,
    async stop() {
      server.forceShutdown();
      await unlink(path).catch(() => undefined);
    },
  };
}
