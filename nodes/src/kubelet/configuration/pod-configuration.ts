/** ConfigMaps, Secrets and service account tokens, as pods of this node need them. */

import { type Clock, type Logger, type RestClient, resources } from '@typernetes/openapi/client';
import { isNotFound } from '@typernetes/openapi/meta';
import type { ConfigMap, Pod, Secret } from '@typernetes/openapi/types/core/v1';
import type { ConfigurationReader } from '../environment/environment.ts';
import { identityOf, specOf } from '../pod/pod.ts';
import { referencesOf } from './references.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';
import { WatchedObjects } from './watched-objects.ts';

export interface PodConfigurationOptions {
  client: RestClient;
  clock: Clock;
  logger: Logger;
  changed: (podUids: readonly string[]) => void;
}

export class PodConfiguration implements ConfigurationReader {
  readonly tokens: ServiceAccountTokens;
  readonly #configMaps: WatchedObjects<ConfigMap>;
  readonly #secrets: WatchedObjects<Secret>;
  readonly #namespaces = new Map<string, string>();

  constructor(options: PodConfigurationOptions) {
    this.tokens = new ServiceAccountTokens(options.client, options.clock);
    this.#configMaps = new WatchedObjects({ ...options, resource: resources.configMaps });
    this.#secrets = new WatchedObjects({ ...options, resource: resources.secrets });
  }

  setReferences(pod: Pod): void {
    const { uid, namespace } = identityOf(pod);
    const { configMaps, secrets } = referencesOf(pod);
    this.#namespaces.set(uid, namespace);
    this.#configMaps.setReferences(uid, namespace, configMaps);
    this.#secrets.setReferences(uid, namespace, secrets);
  }

  forget(uid: string): void {
    const namespace = this.#namespaces.get(uid);
    if (namespace === undefined) return;
    this.#namespaces.delete(uid);
    this.#configMaps.setReferences(uid, namespace, new Set());
    this.#secrets.setReferences(uid, namespace, new Set());
    this.tokens.forgetPod(uid);
  }

  configMap(namespace: string, name: string): Promise<ConfigMap> {
    return this.#configMaps.get(namespace, name);
  }

  secret(namespace: string, name: string): Promise<Secret> {
    return this.#secrets.get(namespace, name);
  }

  /** Those that exist: a pull may do without. */
  async pullSecrets(pod: Pod): Promise<Secret[]> {
    const { namespace } = identityOf(pod);
    const found = await Promise.all(
      (specOf(pod).imagePullSecrets ?? []).map(({ name = '' }) =>
        this.secret(namespace, name).catch((error: unknown) => {
          if (isNotFound(error)) return undefined;
          throw error;
        }),
      ),
    );
    return found.filter((secret) => secret !== undefined);
  }

  stop(): void {
    this.#configMaps.stop();
    this.#secrets.stop();
  }
}
