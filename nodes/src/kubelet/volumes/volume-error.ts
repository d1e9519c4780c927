/** A volume could not be set up; shown in the pod's FailedMount event. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
}
