/** Questions about a pod's spec that several parts of the kubelet ask. A pod given here has been served: it has a name, a namespace and a uid. */
import type { Container, EphemeralContainer, Pod, PodSpec } from '@typernetes/openapi/types/core/v1';

export const configSourceAnnotation = 'kubernetes.io/config.source';
export const configMirrorAnnotation = 'kubernetes.io/config.mirror';
export const configHashAnnotation = 'kubernetes.io/config.hash';

export interface PodIdentity {
  uid: string;
  name: string;
  namespace: string;
}

export const identityOf = (pod: Pod): PodIdentity => ({
  uid: pod.metadata?.uid ?? '',
  name: pod.metadata?.name ?? '',
  namespace: pod.metadata?.namespace ?? 'default',
});

/** `name_namespace(uid)`, as upstream writes a pod in messages. */
export function formatPod(pod: Pod): string {
  const { name, namespace, uid } = identityOf(pod);
  return `${name}_${namespace}(${uid})`;
}

export function specOf(pod: Pod): PodSpec {
  return pod.spec ?? { containers: [] };
}

/** A sidecar: an init container that runs as long as the pod. */
export const isRestartableInit = (container: Container): boolean => container.restartPolicy === 'Always';

export const isHostNetwork = (pod: Pod): boolean => specOf(pod).hostNetwork === true;

export const isStatic = (pod: Pod): boolean => {
  const source = pod.metadata?.annotations?.[configSourceAnnotation];
  return source !== undefined && source !== 'api';
};

export const isMirror = (pod: Pod): boolean => pod.metadata?.annotations?.[configMirrorAnnotation] !== undefined;

export const isTerminalPhase = (phase: string | undefined): boolean => phase === 'Succeeded' || phase === 'Failed';

export const isDeleted = (pod: Pod): boolean => pod.metadata?.deletionTimestamp !== undefined;

/** An ephemeral container as what it is but for its target. */
export const asContainer = (ephemeral: EphemeralContainer): Container => {
  const { targetContainerName: _, ...container } = ephemeral;
  return container as Container;
};

/** Init, regular and ephemeral containers, in this order. */
export function allContainers(pod: Pod): Container[] {
  const { initContainers = [], containers, ephemeralContainers = [] } = specOf(pod);
  return [...initContainers, ...containers, ...ephemeralContainers.map(asContainer)];
}

export const findContainer = (pod: Pod, name: string): Container | undefined =>
  allContainers(pod).find((container) => container.name === name);

/** Whether a container that exited so is started again: its own rules, its own policy, the pod's policy. */
export function restartsAfterExit(container: Container, spec: PodSpec, exitCode: number): boolean {
  if (container.restartPolicy !== undefined) {
    const rule = (container.restartPolicyRules ?? []).find(({ exitCodes }) => {
      const values = exitCodes?.values ?? [];
      if (exitCodes?.operator === 'In') return values.includes(exitCode);
      return exitCodes?.operator === 'NotIn' && !values.includes(exitCode);
    });
    if (rule?.action === 'Restart') return true;
  }
  switch (container.restartPolicy ?? spec.restartPolicy) {
    case 'Never':
      return false;
    case 'OnFailure':
      return exitCode !== 0;
    default:
      return true;
  }
}

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';
