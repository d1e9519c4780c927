/** A container's environment: envFrom, env with expansion, service links for names that are not taken. */

import { isNotFound } from '@typernetes/openapi/meta';
import type { ConfigMap, Container, Pod, Secret, Service } from '@typernetes/openapi/types/core/v1';
import { identityOf, specOf } from '../pod/pod.ts';
import { expand } from './expansion.ts';
import { type Allocatable, fieldValue, type PodRuntimeFacts, resourceValue } from './field-ref.ts';
import { serviceLinkVariables } from './service-links.ts';

/** Reads configuration objects that pods refer to; rejects with a StatusError. */
export interface ConfigurationReader {
  configMap(namespace: string, name: string): Promise<ConfigMap>;
  secret(namespace: string, name: string): Promise<Secret>;
}

export interface EnvironmentSources extends PodRuntimeFacts {
  configuration: ConfigurationReader;
  services: readonly Service[];
  allocatable: Allocatable;
}

/** What the pod asks for does not exist: the container cannot be configured. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

interface Reference {
  name?: string;
  optional?: boolean;
}

async function optional<T>(reference: Reference, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isNotFound(error) && reference.optional === true) return undefined;
    throw new EnvironmentError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

const decoded = (secret: Secret): Record<string, string> =>
  Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );

export async function containerEnvironment(
  pod: Pod,
  container: Container,
  sources: EnvironmentSources,
): Promise<Map<string, string>> {
  const { namespace } = identityOf(pod);
  const { configuration } = sources;
  const variables = new Map<string, string>();
  const links = serviceLinkVariables(sources.services, namespace, specOf(pod).enableServiceLinks !== false);

  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    let data: Record<string, string> | undefined;
    if (configMapRef !== undefined)
      data = (await optional(configMapRef, () => configuration.configMap(namespace, configMapRef.name ?? '')))?.data;
    else if (secretRef !== undefined) {
      const secret = await optional(secretRef, () => configuration.secret(namespace, secretRef.name ?? ''));
      data = secret && decoded(secret);
    }
    for (const [key, value] of Object.entries(data ?? {})) variables.set(prefix + key, value);
  }

  for (const { name, value, valueFrom } of container.env ?? []) {
    const known = (wanted: string): string | undefined => variables.get(wanted) ?? links[wanted];
    let result: string | undefined = value === undefined ? '' : expand(value, known);
    if (!value && valueFrom !== undefined) {
      const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
      if (fieldRef !== undefined) result = fieldValue(pod, fieldRef, sources);
      else if (resourceFieldRef !== undefined)
        result = resourceValue(pod, container, resourceFieldRef, sources.allocatable);
      else if (configMapKeyRef !== undefined) {
        const map = await optional(configMapKeyRef, () =>
          configuration.configMap(namespace, configMapKeyRef.name ?? ''),
        );
        result = map?.data?.[configMapKeyRef.key];
        if (result === undefined && configMapKeyRef.optional !== true) {
          throw new EnvironmentError(
            `couldn't find key ${configMapKeyRef.key} in ConfigMap ${namespace}/${configMapKeyRef.name}`,
          );
        }
      } else if (secretKeyRef !== undefined) {
        const secret = await optional(secretKeyRef, () => configuration.secret(namespace, secretKeyRef.name ?? ''));
        result = secret && decoded(secret)[secretKeyRef.key];
        if (result === undefined && secretKeyRef.optional !== true) {
          throw new EnvironmentError(
            `couldn't find key ${secretKeyRef.key} in Secret ${namespace}/${secretKeyRef.name}`,
          );
        }
      }
    }
    if (result !== undefined) variables.set(name, result);
  }
  for (const [name, value] of Object.entries(links)) if (!variables.has(name)) variables.set(name, value);
  return variables;
}
