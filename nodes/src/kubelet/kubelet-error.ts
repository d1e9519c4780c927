/** Why the kubelet cannot go on with a pod right now, and when it makes sense to try again. */
export class PodSyncError extends Error {
  override readonly name = 'PodSyncError';
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number, options?: ErrorOptions) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}
