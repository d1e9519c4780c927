/** Files of configMap, secret, downwardAPI and projected volumes: what is to be written where, and with what mode. */

import { isNotFound } from '@typernetes/openapi/meta';
import type {
  ConfigMapProjection,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  SecretProjection,
  Volume,
  VolumeProjection,
} from '@typernetes/openapi/types/core/v1';
import type { ConfigurationReader } from '../environment/environment.ts';
import { type Allocatable, fieldValue, type PodRuntimeFacts, resourceValue } from '../environment/field-ref.ts';
import { effectiveSecurityContext } from '../kuberuntime/security-context.ts';
import { allContainers, identityOf, specOf } from '../pod/pod.ts';
import type { FileProjection } from './atomic-writer.ts';
import { VolumeError } from './volume-error.ts';

export interface PayloadSources {
  configuration: ConfigurationReader;
  token: (pod: Pod, audience: string, expirationSeconds: number) => Promise<string>;
  facts: (pod: Pod) => PodRuntimeFacts;
  allocatable: Allocatable;
}

type Payload = Map<string, FileProjection>;

function select(
  kind: 'configmap' | 'secret',
  data: ReadonlyMap<string, Buffer>,
  items: readonly KeyToPath[] | undefined,
  mode: number,
  optional: boolean,
): Payload {
  const payload: Payload = new Map();
  if (items === undefined || items.length === 0) {
    for (const [key, content] of data) payload.set(key, { data: content, mode });
    return payload;
  }
  for (const { key, path, mode: own } of items) {
    const content = data.get(key);
    if (content !== undefined) payload.set(path, { data: content, mode: own ?? mode });
    else if (!optional)
      throw new VolumeError(`references non-existent ${kind === 'secret' ? 'secret' : 'config'} key: ${key}`);
  }
  return payload;
}

async function orNothing<T>(optional: boolean, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (optional && isNotFound(error)) return undefined;
    throw error;
  }
}

async function configMapPayload(
  pod: Pod,
  source: ConfigMapProjection,
  mode: number,
  { configuration }: PayloadSources,
): Promise<Payload> {
  const { name = '', items, optional = false } = source;
  const map = await orNothing(optional, () => configuration.configMap(identityOf(pod).namespace, name));
  const data = new Map([
    ...Object.entries(map?.data ?? {}).map(([key, text]) => [key, Buffer.from(text)] as const),
    ...Object.entries(map?.binaryData ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64')] as const),
  ]);
  return select('configmap', data, items, mode, optional);
}

async function secretPayload(
  pod: Pod,
  source: SecretProjection,
  mode: number,
  { configuration }: PayloadSources,
): Promise<Payload> {
  const { name = '', items, optional = false } = source;
  const secret = await orNothing(optional, () => configuration.secret(identityOf(pod).namespace, name));
  const data = new Map(
    Object.entries(secret?.data ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64')] as const),
  );
  return select('secret', data, items, mode, optional);
}

function downwardPayload(
  pod: Pod,
  items: readonly DownwardAPIVolumeFile[],
  mode: number,
  sources: PayloadSources,
): Payload {
  const payload: Payload = new Map();
  for (const { path, fieldRef, resourceFieldRef, mode: own } of items) {
    let text = '';
    if (fieldRef !== undefined) text = fieldValue(pod, fieldRef, sources.facts(pod));
    else if (resourceFieldRef !== undefined)
      text = resourceValue(pod, undefined, resourceFieldRef, sources.allocatable);
    payload.set(path, { data: Buffer.from(text), mode: own ?? mode });
  }
  return payload;
}

/** A token is for its reader only: the pod's user where all containers run as one. */
function tokenOwner(pod: Pod): number | undefined {
  const users = new Set(allContainers(pod).map((container) => effectiveSecurityContext(pod, container).runAsUser));
  const [only] = users;
  return users.size === 1 ? only : undefined;
}

async function tokenPayload(
  pod: Pod,
  source: NonNullable<VolumeProjection['serviceAccountToken']>,
  mode: number,
  sources: PayloadSources,
): Promise<Payload> {
  const token = await sources.token(pod, source.audience ?? '', source.expirationSeconds ?? 3600);
  const owner = tokenOwner(pod);
  const grouped = specOf(pod).securityContext?.fsGroup !== undefined;
  const strict = owner !== undefined || grouped ? 0o600 : mode;
  return new Map([
    [source.path, { data: Buffer.from(token), mode: strict, ...(owner === undefined ? {} : { uid: owner }) }],
  ]);
}

/** undefined: not a volume of files. */
export async function volumePayload(pod: Pod, volume: Volume, sources: PayloadSources): Promise<Payload | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) return configMapPayload(pod, configMap, configMap.defaultMode ?? 0o644, sources);
  if (secret !== undefined) {
    const { secretName, items, optional, defaultMode = 0o644 } = secret;
    const projection: SecretProjection = {
      name: secretName ?? '',
      ...(items && { items }),
      ...(optional === undefined ? {} : { optional }),
    };
    return secretPayload(pod, projection, defaultMode, sources);
  }
  if (downwardAPI !== undefined)
    return downwardPayload(pod, downwardAPI.items ?? [], downwardAPI.defaultMode ?? 0o644, sources);
  if (projected === undefined) return undefined;
  const mode = projected.defaultMode ?? 0o644;
  const payload: Payload = new Map();
  for (const source of projected.sources ?? []) {
    let part: Payload = new Map();
    if (source.configMap !== undefined) part = await configMapPayload(pod, source.configMap, mode, sources);
    else if (source.secret !== undefined) part = await secretPayload(pod, source.secret, mode, sources);
    else if (source.downwardAPI !== undefined)
      part = downwardPayload(pod, source.downwardAPI.items ?? [], mode, sources);
    else if (source.serviceAccountToken !== undefined)
      part = await tokenPayload(pod, source.serviceAccountToken, mode, sources);
    else
      throw new VolumeError(
        `projected volume ${volume.name} has a source that this kubelet does not support: ${Object.keys(source).join(', ')}`,
      );
    for (const [path, file] of part) payload.set(path, file);
  }
  return payload;
}
