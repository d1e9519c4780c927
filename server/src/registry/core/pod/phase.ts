import type { Container } from '@typernetes/openapi/types/core/v1';

/** A pod that has run to its end and never starts again. */
export function isTerminalPhase(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** An init container that keeps running beside the main ones (a sidecar, KEP-753). */
export function isRestartableInitContainer(container: Pick<Container, 'restartPolicy'>): boolean {
  return container.restartPolicy === 'Always';
}
