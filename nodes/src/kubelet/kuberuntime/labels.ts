/** Labels and annotations on sandboxes and containers, upstream's names: from them a restarted kubelet knows what is whose. */
import type { Container, Pod } from '@typernetes/openapi/types/core/v1';
import { identityOf, specOf } from '../pod/pod.ts';

export const podNameLabel = 'io.kubernetes.pod.name';
export const podNamespaceLabel = 'io.kubernetes.pod.namespace';
export const podUidLabel = 'io.kubernetes.pod.uid';
export const containerNameLabel = 'io.kubernetes.container.name';

export const containerHashAnnotation = 'io.kubernetes.container.hash';
export const restartCountAnnotation = 'io.kubernetes.container.restartCount';
export const terminationMessagePathAnnotation = 'io.kubernetes.container.terminationMessagePath';
export const terminationMessagePolicyAnnotation = 'io.kubernetes.container.terminationMessagePolicy';
const preStopHandlerAnnotation = 'io.kubernetes.container.preStopHandler';
const portsAnnotation = 'io.kubernetes.container.ports';
const deletionGracePeriodAnnotation = 'io.kubernetes.pod.deletionGracePeriod';
const terminationGracePeriodAnnotation = 'io.kubernetes.pod.terminationGracePeriod';

type Texts = Record<string, string>;

export function sandboxLabels(pod: Pod): Texts {
  const { name, namespace, uid } = identityOf(pod);
  return { ...pod.metadata?.labels, [podNameLabel]: name, [podNamespaceLabel]: namespace, [podUidLabel]: uid };
}

export const sandboxAnnotations = (pod: Pod): Texts => ({ ...pod.metadata?.annotations });

export function containerLabels(container: Container, pod: Pod): Texts {
  const { name, namespace, uid } = identityOf(pod);
  return {
    [podNameLabel]: name,
    [podNamespaceLabel]: namespace,
    [podUidLabel]: uid,
    [containerNameLabel]: container.name,
  };
}

export function containerAnnotations(container: Container, pod: Pod, restartCount: number): Texts {
  const annotations: Texts = {
    [containerHashAnnotation]: containerHash(container),
    [restartCountAnnotation]: String(restartCount),
    [terminationMessagePathAnnotation]: container.terminationMessagePath ?? '/dev/termination-log',
    [terminationMessagePolicyAnnotation]: container.terminationMessagePolicy ?? 'File',
  };
  const deletion = pod.metadata?.deletionGracePeriodSeconds;
  if (deletion !== undefined) annotations[deletionGracePeriodAnnotation] = String(deletion);
  const termination = specOf(pod).terminationGracePeriodSeconds;
  if (termination !== undefined) annotations[terminationGracePeriodAnnotation] = String(termination);
  if (container.lifecycle?.preStop !== undefined)
    annotations[preStopHandlerAnnotation] = JSON.stringify(container.lifecycle.preStop);
  if (container.ports !== undefined && container.ports.length > 0)
    annotations[portsAnnotation] = JSON.stringify(container.ports);
  return annotations;
}

/** FNV-1a over name and image: only their change makes a running container another one. */
export function containerHash(container: Container): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(JSON.stringify({ image: container.image ?? '', name: container.name }))) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash.toString(16);
}

/** A pod and a container as far as the labels remember them: enough to stop the container of a pod that is gone. */
export function restoreFromLabels(labels: Texts, annotations: Texts): { pod: Pod; container: Container } {
  const grace = annotations[terminationGracePeriodAnnotation];
  const deletion = annotations[deletionGracePeriodAnnotation];
  const preStop = annotations[preStopHandlerAnnotation];
  const container: Container = {
    name: labels[containerNameLabel] ?? '',
    ...(preStop === undefined ? {} : { lifecycle: { preStop: JSON.parse(preStop) } }),
    ...(annotations[portsAnnotation] === undefined ? {} : { ports: JSON.parse(annotations[portsAnnotation]) }),
  };
  return {
    container,
    pod: {
      metadata: {
        name: labels[podNameLabel] ?? '',
        namespace: labels[podNamespaceLabel] ?? '',
        uid: labels[podUidLabel] ?? '',
        ...(deletion === undefined ? {} : { deletionGracePeriodSeconds: Number(deletion) }),
      },
      spec: {
        containers: [container],
        ...(grace === undefined ? {} : { terminationGracePeriodSeconds: Number(grace) }),
      },
    },
  };
}
