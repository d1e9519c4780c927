/** Of google.golang.org/grpc/codes, by number. */
const names =
  'OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss Unauthenticated'.split(
    ' ',
  );

/** As Go writes it. */
export function codeName(code: number): string {
  return names[code] ?? 'Unknown';
}
