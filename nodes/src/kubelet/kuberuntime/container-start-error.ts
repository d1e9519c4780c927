/** Why a container could not be started: the reason and message of its waiting state. */
export type StartFailure =
  | 'CrashLoopBackOff'
  | 'ImagePullBackOff'
  | 'ErrImagePull'
  | 'ErrImageNeverPull'
  | 'ImageInspectError'
  | 'InvalidImageName'
  | 'CreateContainerConfigError'
  | 'CreateContainerError'
  | 'RunContainerError'
  | 'PostStartHookError';

export class ContainerStartError extends Error {
  override readonly name = 'ContainerStartError';
  readonly reason: StartFailure;
  /** When another try makes sense; undefined: as after any failure. */
  readonly retryAfterMs: number | undefined;

  constructor(reason: StartFailure, message: string, retryAfterMs?: number) {
    super(message);
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}
