import { WebhookCredentials } from '../../webhooks/index.ts';
import type { ConfigurableDependencies } from '../configurable.ts';
import { readWebhookAdmission } from '../configuration/webhook-admission.ts';

/** With clients that call as whom the configuration says; without one, as nobody. Throws where it cannot be used. */
export function withWebhookCredentials(
  dependencies: ConfigurableDependencies,
  configuration: string | undefined,
): ConfigurableDependencies {
  const kubeconfig = readWebhookAdmission(configuration);
  if (kubeconfig === undefined) return dependencies;
  return { ...dependencies, clients: dependencies.clients.withCredentials(new WebhookCredentials(kubeconfig)) };
}
