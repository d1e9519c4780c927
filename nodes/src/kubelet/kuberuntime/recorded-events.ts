/** PodEvents as Event objects; an event about a container names it by its field path. */

import { type EventRecorder, referenceTo } from '@typernetes/openapi/client';
import type { Container, Pod } from '@typernetes/openapi/types/core/v1';
import { specOf } from '../pod/pod.ts';
import type { PodEvents } from './pod-events.ts';

function fieldPath(pod: Pod, { name }: Container): string {
  const { initContainers = [], ephemeralContainers = [] } = specOf(pod);
  if (initContainers.some((container) => container.name === name)) return `spec.initContainers{${name}}`;
  if (ephemeralContainers.some((container) => container.name === name)) return `spec.ephemeralContainers{${name}}`;
  return `spec.containers{${name}}`;
}

/** `warningsOnly`: events of what went well are left out. */
export function recordedEvents(recorder: EventRecorder, warningsOnly: boolean): PodEvents {
  return {
    record(pod, container, type, reason, message) {
      if (warningsOnly && type === 'Normal') return;
      const path = container === undefined ? undefined : fieldPath(pod, container);
      recorder.event(referenceTo({ apiVersion: 'v1', kind: 'Pod', ...pod }, path), type, reason, message);
    },
  };
}
