/** The objects a pod or volume makes its node read. */
import type { Container, PersistentVolume, Pod } from '@typernetes/openapi/types/core/v1';

export interface PodReferences {
  secrets: Set<string>;
  configMaps: Set<string>;
  claims: Set<string>;
  resourceClaims: Set<string>;
  serviceAccount: string | undefined;
}

export function podReferences(pod: Readonly<Pod>): PodReferences {
  const references: PodReferences = {
    secrets: new Set(),
    configMaps: new Set(),
    claims: new Set(),
    resourceClaims: new Set(),
    serviceAccount: pod.spec?.serviceAccountName || undefined,
  };
  const secret = (name: string | undefined): void => {
    if (name) references.secrets.add(name);
  };
  const configMap = (name: string | undefined): void => {
    if (name) references.configMaps.add(name);
  };
  for (const { name } of pod.spec?.imagePullSecrets ?? []) secret(name);
  for (const container of containersOf(pod)) {
    for (const source of container.envFrom ?? []) {
      secret(source.secretRef?.name);
      configMap(source.configMapRef?.name);
    }
    for (const variable of container.env ?? []) {
      secret(variable.valueFrom?.secretKeyRef?.name);
      configMap(variable.valueFrom?.configMapKeyRef?.name);
    }
  }
  for (const volume of pod.spec?.volumes ?? []) {
    secret(volume.secret?.secretName);
    secret(volume.azureFile?.secretName);
    for (const holder of [
      volume.cephfs,
      volume.cinder,
      volume.flexVolume,
      volume.rbd,
      volume.scaleIO,
      volume.iscsi,
      volume.storageos,
    ]) {
      secret(holder?.secretRef?.name);
    }
    secret(volume.csi?.nodePublishSecretRef?.name);
    configMap(volume.configMap?.name);
    for (const source of volume.projected?.sources ?? []) {
      secret(source.secret?.name);
      configMap(source.configMap?.name);
    }
    if (volume.persistentVolumeClaim) references.claims.add(volume.persistentVolumeClaim.claimName);
    if (volume.ephemeral) references.claims.add(`${pod.metadata?.name ?? ''}-${volume.name}`);
  }
  for (const claim of pod.spec?.resourceClaims ?? [])
    if (claim.resourceClaimName) references.resourceClaims.add(claim.resourceClaimName);
  for (const claim of pod.status?.resourceClaimStatuses ?? [])
    if (claim.resourceClaimName) references.resourceClaims.add(claim.resourceClaimName);
  const extended = pod.status?.extendedResourceClaimStatus?.resourceClaimName;
  if (extended) references.resourceClaims.add(extended);
  return references;
}

function containersOf(pod: Readonly<Pod>): Pick<Container, 'env' | 'envFrom'>[] {
  return [
    ...(pod.spec?.initContainers ?? []),
    ...(pod.spec?.containers ?? []),
    ...(pod.spec?.ephemeralContainers ?? []),
  ];
}

/** `namespace/name` of the secrets a bound volume's node mounts it with. */
export function volumeSecrets(volume: Readonly<PersistentVolume>): string[] {
  const { spec } = volume;
  const home = spec?.claimRef?.namespace ?? '';
  const secrets: string[] = [];
  const add = (reference: { name?: string; namespace?: string } | undefined): void => {
    if (reference?.name) secrets.push(`${reference.namespace || home}/${reference.name}`);
  };
  if (spec?.azureFile) add({ name: spec.azureFile.secretName, namespace: spec.azureFile.secretNamespace ?? '' });
  for (const holder of [
    spec?.cephfs,
    spec?.cinder,
    spec?.flexVolume,
    spec?.rbd,
    spec?.scaleIO,
    spec?.iscsi,
    spec?.storageos,
  ]) {
    add(holder?.secretRef);
  }
  add(spec?.csi?.nodePublishSecretRef);
  add(spec?.csi?.nodeStageSecretRef);
  add(spec?.csi?.nodeExpandSecretRef);
  return secrets;
}
