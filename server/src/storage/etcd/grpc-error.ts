/** Why a call of gRPC failed, from what its stream tells. */
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';

/** Of google.golang.org/grpc/codes. */
export const grpcCodes = { unknown: 2, deadlineExceeded: 4, failedPrecondition: 9, unavailable: 14 } as const;

export class GrpcError extends Error {
  readonly code: number;
  /** The server has certainly not seen the call. */
  readonly neverSent: boolean;

  constructor(code: number, message: string, neverSent = false) {
    super(message);
    this.name = 'GrpcError';
    this.code = code;
    this.neverSent = neverSent;
  }
}

/** The status stands in the trailers, or in the headers where there is nothing else. */
export function followStatus(stream: ClientHttp2Stream): () => IncomingHttpHeaders | undefined {
  let status: IncomingHttpHeaders | undefined;
  const told = (headers: IncomingHttpHeaders): void => {
    if (headers['grpc-status'] !== undefined) status = headers;
  };
  stream.on('response', told);
  stream.on('trailers', told);
  return () => status;
}

export function errorOf(
  stream: ClientHttp2Stream,
  status: IncomingHttpHeaders | undefined,
  expired: boolean,
  failure: Error | undefined,
): GrpcError {
  if (status !== undefined) {
    const code = Number(status['grpc-status']);
    const message = status['grpc-message'];
    return new GrpcError(code, typeof message === 'string' ? decoded(message) : `status ${code}`);
  }
  if (expired) return new GrpcError(grpcCodes.deadlineExceeded, 'deadline exceeded');
  const refused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
  return new GrpcError(grpcCodes.unavailable, failure?.message ?? 'the connection was lost', refused);
}

function decoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
