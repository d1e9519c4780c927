/**
 * Every pod runs as a service account that exists, with that account's pull secrets and, unless it declines, a volume
 * with a short-lived token, the cluster's CA and the namespace's name.
 */
import { generateName, type KubernetesObject, parseBool } from '@typernetes/openapi/meta';
import type { Container, Pod, ProjectedVolumeSource, ServiceAccount } from '@typernetes/openapi/types/core/v1';
import { podReferences } from '../../authorization/node/pod-references.ts';
import type { ObjectSource } from '../../authorization/object-source.ts';
import type { RegistryReader } from '../../registry/generic/rest.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { concerns, missing, plainError, refuse } from '../refusal.ts';
import { mirrorPodAnnotation } from './pods.ts';

const defaultName = 'default';
const tokenMountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';
const mountableSecretsAnnotation = 'kubernetes.io/enforce-mountable-secrets';
/** A new namespace's default service account is made by a controller: wait that long for it, as upstream does. */
const defaultAccountWaitMs = 1500;

export function serviceAccount({ registry, source, random = Math.random }: AdmissionDependencies): AdmissionPlugin {
  const find = async (attributes: AdmissionAttributes, name: string): Promise<ServiceAccount> => {
    const { namespace, signal } = attributes;
    const found = await findAccount(registry, source, namespace, name, signal);
    if (found !== undefined) return found;
    const { message } = missing('serviceaccount', name);
    throw refuse(attributes, `error looking up service account ${namespace}/${name}: ${message}`);
  };
  const validate = async (attributes: AdmissionAttributes): Promise<void> => {
    const pod = attributes.object as Pod | undefined;
    const isEphemeral = attributes.operation === 'UPDATE' && concerns(attributes, 'pods/ephemeralcontainers');
    if (pod === undefined || !(isEphemeral || (attributes.operation === 'CREATE' && concerns(attributes, 'pods'))))
      return;
    if (!isEphemeral && isMirror(pod)) return validateMirrorPod(attributes, pod);
    const name = pod.spec?.serviceAccountName ?? '';
    if (name === '') {
      throw refuse(
        attributes,
        `no service account specified for pod ${attributes.namespace}/${pod.metadata?.name ?? ''}`,
      );
    }
    limitSecrets(attributes, await find(attributes, name), pod, isEphemeral);
  };
  return {
    name: 'ServiceAccount',
    handles: (operation) => operation === 'CREATE' || operation === 'UPDATE',
    async admit(attributes) {
      if (attributes.operation !== 'CREATE' || !concerns(attributes, 'pods')) return;
      const pod = attributes.object as Pod;
      // A changed mirror pod no longer mirrors anything, and the kubelet deletes it.
      if (isMirror(pod)) return validateMirrorPod(attributes, pod);
      const spec = (pod.spec ??= { containers: [] });
      spec.serviceAccountName ||= defaultName;
      spec.serviceAccount = spec.serviceAccountName;
      const account = await find(attributes, spec.serviceAccountName);
      if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(pod, random);
      if ((spec.imagePullSecrets ?? []).length === 0 && (account.imagePullSecrets ?? []).length > 0) {
        spec.imagePullSecrets = (account.imagePullSecrets ?? []).map(({ name }) => ({ name: name ?? '' }));
      }
      limitSecrets(attributes, account, pod, false);
    },
    validate,
  };
}

async function findAccount(
  registry: RegistryReader,
  source: ObjectSource | undefined,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<ServiceAccount | undefined> {
  const resource = { group: '', resource: 'serviceaccounts' };
  const found = await registry.get<ServiceAccount>(resource, namespace, name);
  if (found !== undefined || source === undefined || name !== defaultName) return found;
  const { promise, resolve } = Promise.withResolvers<ServiceAccount | undefined>();
  const stop = source.onChange<KubernetesObject>(resource, (type, object) => {
    if (type === 'put' && object.metadata?.namespace === namespace && object.metadata.name === name)
      resolve(object as ServiceAccount);
  });
  const timer = setTimeout(resolve, defaultAccountWaitMs, undefined);
  const abort = (): void => resolve(undefined);
  signal.addEventListener('abort', abort, { once: true });
  try {
    // It may have come between the first look and the watch.
    return (await registry.get<ServiceAccount>(resource, namespace, name)) ?? (await promise);
  } finally {
    stop();
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

function isMirror(pod: Pod): boolean {
  return pod.metadata?.annotations?.[mirrorPodAnnotation] !== undefined;
}

function validateMirrorPod(attributes: AdmissionAttributes, pod: Pod): void {
  const { secrets, serviceAccount } = podReferences(pod);
  if (serviceAccount !== undefined) throw refuse(attributes, 'a mirror pod may not reference service accounts');
  if (secrets.size > 0) throw refuse(attributes, 'a mirror pod may not reference secrets');
  const sources = (pod.spec?.volumes ?? []).flatMap((volume) => volume.projected?.sources ?? []);
  if (sources.some((source) => source.serviceAccountToken !== undefined)) {
    throw refuse(attributes, 'a mirror pod may not use ServiceAccountToken volume projections');
  }
}

function mountToken(pod: Pod, random: () => number): void {
  const { spec } = pod;
  if (spec === undefined) return;
  const existing = spec.volumes?.find((volume) => volume.name.startsWith(volumePrefix));
  const name = existing?.name ?? generateName(volumePrefix, random);
  let needed = false;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    if (container.volumeMounts?.some((mount) => mount.mountPath === tokenMountPath)) continue;
    (container.volumeMounts ??= []).push({ name, readOnly: true, mountPath: tokenMountPath });
    needed = true;
  }
  if (existing === undefined && needed) (spec.volumes ??= []).push({ name, projected: tokenVolume() });
}

function tokenVolume(): ProjectedVolumeSource {
  return {
    defaultMode: 0o644,
    sources: [
      // 3607 seconds tells the token endpoint that the pod may not reread the file; see token-request.ts.
      { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  };
}

/** For accounts with enforce-mountable-secrets: only the secrets that the account lists. */
function limitSecrets(
  attributes: AdmissionAttributes,
  account: ServiceAccount,
  pod: Pod,
  ephemeralOnly: boolean,
): void {
  if (parseBool(account.metadata?.annotations?.[mountableSecretsAnnotation] ?? '') !== true) return;
  const name = account.metadata?.name ?? '';
  const mountable = new Set((account.secrets ?? []).map((secret) => secret.name));
  const tail = `is not allowed because service account ${name} does not reference that secret`;
  const check = (
    kind: string,
    containers: readonly Pick<Container, 'name' | 'env' | 'envFrom'>[] | undefined,
  ): string | undefined => {
    for (const container of containers ?? []) {
      for (const { name: variable, valueFrom } of container.env ?? []) {
        const secret = valueFrom?.secretKeyRef && (valueFrom.secretKeyRef.name ?? '');
        if (secret !== undefined && !mountable.has(secret))
          return `${kind} ${container.name} with envVar ${variable} referencing secret.secretName="${secret}" ${tail}`;
      }
      for (const { secretRef } of container.envFrom ?? []) {
        const secret = secretRef && (secretRef.name ?? '');
        if (secret !== undefined && !mountable.has(secret))
          return `${kind} ${container.name} with envFrom referencing secret.secretName="${secret}" ${tail}`;
      }
    }
    return undefined;
  };
  if (ephemeralOnly) {
    // No Forbidden in upstream either.
    const message = check('ephemeral container', pod.spec?.ephemeralContainers);
    if (message !== undefined) throw plainError(message);
    return;
  }
  for (const { secret } of pod.spec?.volumes ?? []) {
    if (secret === undefined || mountable.has(secret.secretName)) continue;
    throw refuse(attributes, `volume with secret.secretName="${secret.secretName ?? ''}" ${tail}`);
  }
  const message = check('init container', pod.spec?.initContainers) ?? check('container', pod.spec?.containers);
  if (message !== undefined) throw refuse(attributes, message);
  const pullable = new Set((account.imagePullSecrets ?? []).map((secret) => secret.name));
  for (const [index, secret] of (pod.spec?.imagePullSecrets ?? []).entries()) {
    if (pullable.has(secret.name)) continue;
    throw refuse(
      attributes,
      `imagePullSecrets[${index}].name="${secret.name ?? ''}" is not allowed because service account ${name} does not reference that imagePullSecret`,
    );
  }
}
