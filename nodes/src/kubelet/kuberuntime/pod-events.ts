/** Events about a pod or one of its containers. Never waits, never fails. */
import type { Container, Pod } from '@typernetes/openapi/types/core/v1';

export interface PodEvents {
  record(pod: Pod, container: Container | undefined, type: 'Normal' | 'Warning', reason: string, message: string): void;
}
