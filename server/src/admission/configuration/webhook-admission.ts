import path from 'node:path';
import { fieldErrorMessage, forbiddenField, invalidValue } from '@typernetes/openapi/meta';
import { type ConfigKind, decodeConfig, string, struct } from '../../apiserver/structured/config-file.ts';

const schema = struct({ kubeConfigFile: string, staticManifestsDir: string });
const group = 'apiserver.config.k8s.io';
const kinds: readonly ConfigKind[] = [
  { group, kind: 'WebhookAdmissionConfiguration', versions: ['v1'], schema },
  { group, kind: 'WebhookAdmission', versions: ['v1alpha1'], schema },
];

/** The kubeconfig with credentials for webhooks, where there is one. Throws on what is no valid configuration. */
export function readWebhookAdmission(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const { kubeConfigFile: file, staticManifestsDir } = decodeConfig<{
    kubeConfigFile?: string;
    staticManifestsDir?: string;
  }>(text, kinds);
  if (file && !path.isAbsolute(file))
    throw new Error(fieldErrorMessage(invalidValue('kubeConfigFile', file, 'must be an absolute file path')));
  if (staticManifestsDir) {
    const gate = 'ManifestBasedAdmissionControlConfig';
    const problem = `staticManifestsDir requires the ${gate} feature gate to be enabled`;
    throw new Error(fieldErrorMessage(forbiddenField('staticManifestsDir', problem)));
  }
  return file || undefined;
}
