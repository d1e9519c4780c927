/** Every failed call rejects with a CriError that carries the gRPC code by name. */
import { status } from '@grpc/grpc-js';

const codes = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

export type CriErrorCode = (typeof codes)[number];

export class CriError extends Error {
  override readonly name = 'CriError';
  readonly code: CriErrorCode;

  constructor(code: CriErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export const isCriError = (error: unknown, ...wanted: CriErrorCode[]): error is CriError =>
  error instanceof CriError && (wanted.length === 0 || wanted.includes(error.code));

/** From what grpc-js reports to ours. */
export function fromServiceError(error: unknown): CriError {
  if (error instanceof CriError) return error;
  if (error instanceof Error && 'code' in error && typeof error.code === 'number') {
    const details = 'details' in error && typeof error.details === 'string' ? error.details : error.message;
    return new CriError(codes[error.code] ?? 'UNKNOWN', details, { cause: error });
  }
  return new CriError('UNKNOWN', error instanceof Error ? error.message : String(error), { cause: error });
}

/** From whatever an implementation threw to what grpc-js sends. */
export function toServiceError(error: unknown): { code: status; details: string } {
  const known = fromServiceError(error);
  return { code: status[known.code], details: known.message };
}
