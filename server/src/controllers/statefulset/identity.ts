/** Names, volumes and revisions of a StatefulSet's pods. */
import { resources } from '@typernetes/openapi/client';
import type { StatefulSet } from '@typernetes/openapi/types/apps/v1';
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, Volume } from '@typernetes/openapi/types/core/v1';
import { controllerReference } from '../ownership/controller-reference.ts';

export const revisionLabel = 'controller-revision-hash';
const podNameLabel = 'statefulset.kubernetes.io/pod-name';
const podIndexLabel = 'apps.kubernetes.io/pod-index';

export function firstOrdinal(set: Readonly<StatefulSet>): number {
  return set.spec?.ordinals?.start ?? 0;
}

export function replicasOf(set: Readonly<StatefulSet>): number {
  return set.spec?.replicas ?? 1;
}

/** Undefined: the name is not that of a pod of this set. */
export function ordinalOf(set: Readonly<StatefulSet>, pod: Readonly<Pod>): number | undefined {
  const match = /^(.*)-(\d+)$/.exec(pod.metadata?.name ?? '');
  return match?.[1] === set.metadata?.name ? Number(match?.[2]) : undefined;
}

export function isInRange(set: Readonly<StatefulSet>, ordinal: number): boolean {
  return ordinal >= firstOrdinal(set) && ordinal < firstOrdinal(set) + replicasOf(set);
}

export function revisionOfPod(pod: Readonly<Pod>): string {
  return pod.metadata?.labels?.[revisionLabel] ?? '';
}

export function newPod(
  set: Readonly<StatefulSet>,
  template: Readonly<PodTemplateSpec>,
  revision: string,
  ordinal: number,
): Pod {
  const { name: setName = '', namespace } = set.metadata ?? {};
  const { annotations, finalizers, labels } = template.metadata ?? {};
  const name = `${setName}-${ordinal}`;
  return withIdentity(set, ordinal, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      labels: { ...labels, [revisionLabel]: revision },
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [controllerReference(set, resources.statefulSets)],
    },
    spec: {
      containers: [],
      ...template.spec,
      hostname: name,
      ...(set.spec?.serviceName ? { subdomain: set.spec.serviceName } : {}),
    },
  });
}

/** With the labels and volumes of its ordinal. */
export function withIdentity(set: Readonly<StatefulSet>, ordinal: number, pod: Readonly<Pod>): Pod {
  const name = `${set.metadata?.name ?? ''}-${ordinal}`;
  const claims = set.spec?.volumeClaimTemplates ?? [];
  const claimNames = new Set(claims.map(({ metadata }) => metadata?.name));
  const volumes: Volume[] = [
    ...claims.map((claim) => ({
      name: claim.metadata?.name ?? '',
      persistentVolumeClaim: { claimName: claimName(set, claim, ordinal) },
    })),
    ...(pod.spec?.volumes ?? []).filter((volume) => !claimNames.has(volume.name)),
  ];
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { ...pod.metadata?.labels, [podNameLabel]: name, [podIndexLabel]: String(ordinal) },
    },
    spec: { containers: [], ...pod.spec, ...(volumes.length > 0 ? { volumes } : {}) },
  };
}

export function hasIdentity(set: Readonly<StatefulSet>, ordinal: number, pod: Readonly<Pod>): boolean {
  if (pod.metadata?.labels?.[podNameLabel] !== pod.metadata?.name) return false;
  const volumes = new Map(pod.spec?.volumes?.map((volume) => [volume.name, volume]));
  return (set.spec?.volumeClaimTemplates ?? []).every(
    (claim) =>
      volumes.get(claim.metadata?.name ?? '')?.persistentVolumeClaim?.claimName === claimName(set, claim, ordinal),
  );
}

function claimName(set: Readonly<StatefulSet>, claim: Readonly<PersistentVolumeClaim>, ordinal: number): string {
  return `${claim.metadata?.name ?? ''}-${set.metadata?.name ?? ''}-${ordinal}`;
}

export function claimsOf(set: Readonly<StatefulSet>, ordinal: number): PersistentVolumeClaim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((claim) => ({
    ...claim,
    metadata: {
      ...claim.metadata,
      name: claimName(set, claim, ordinal),
      ...(set.metadata?.namespace ? { namespace: set.metadata.namespace } : {}),
      labels: { ...claim.metadata?.labels, ...set.spec?.selector.matchLabels },
    },
  }));
}
