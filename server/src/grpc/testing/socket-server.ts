/** A gRPC server on a unix socket: what tests answer with. */
import { Server, ServerCredentials, status, type UntypedHandleCall } from '@grpc/grpc-js';

/** Answers of protobuf messages, by method. What they throw is the call's error. */
export type Methods = Record<string, (request: Buffer) => Buffer>;

export interface SocketServer {
  stop(): void;
}

type Done = (error: { code: number; details: string } | null, answer?: Buffer) => void;

/** `socket` is a path, or `@name`. */
export async function startSocketServer(socket: string, service: string, methods: Methods): Promise<SocketServer> {
  const server = new Server();
  const bytes = (message: Buffer): Buffer => message;
  for (const [name, answer] of Object.entries(methods)) {
    const handle: UntypedHandleCall = (call: { request: Buffer }, done: Done) => {
      try {
        done(null, answer(call.request));
      } catch (error) {
        done({ code: status.INTERNAL, details: (error as Error).message });
      }
    };
    const definition = {
      path: `/${service}/${name}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    } as const;
    server.addService({ [name]: definition }, { [name]: handle });
  }
  await new Promise<void>((resolve, reject) => {
    const address = `unix:${socket.replace(/^@/, '\0')}`;
    server.bindAsync(address, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  return { stop: () => server.forceShutdown() };
}
