/** Whether containers are (or were) started, and whether the kubelet would start one now. */
import type { Container, Pod } from '@typernetes/openapi/types/core/v1';
import { isDeleted, restartsAfterExit, specOf } from './pod.ts';
import { findRuntimeContainer, type RuntimePodStatus } from './runtime-status.ts';

export function shouldBeStarted(container: Container, pod: Pod, status: RuntimePodStatus): boolean {
  if (isDeleted(pod)) return false;
  const known = findRuntimeContainer(status, container.name);
  switch (known?.state) {
    case undefined:
    case 'unknown':
    case 'created':
      return true;
    case 'running':
      return false;
    case 'exited':
      return restartsAfterExit(container, specOf(pod), known.exitCode);
  }
}

/** Then all init containers have done their work at some time. */
export const anyRegularContainerCreated = (pod: Pod, status: RuntimePodStatus): boolean =>
  specOf(pod).containers.some(({ name }) => {
    const known = findRuntimeContainer(status, name);
    return known !== undefined && known.state !== 'unknown';
  });
