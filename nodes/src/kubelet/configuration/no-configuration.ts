/** For runtimes whose containers read nothing: no object is asked for. */
import { notFound } from '@typernetes/openapi/meta';
import type { PodConfiguration } from './pod-configuration.ts';

export type PodConfigurationSource = Pick<
  PodConfiguration,
  'setReferences' | 'forget' | 'configMap' | 'secret' | 'pullSecrets' | 'stop'
>;

export const noConfiguration: PodConfigurationSource = {
  setReferences: () => undefined,
  forget: () => undefined,
  configMap: (_, name) => Promise.reject(notFound({ group: '', resource: 'configmaps' }, name)),
  secret: (_, name) => Promise.reject(notFound({ group: '', resource: 'secrets' }, name)),
  pullSecrets: async () => [],
  stop: () => undefined,
};
