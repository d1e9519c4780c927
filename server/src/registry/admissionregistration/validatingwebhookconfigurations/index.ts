import type { ValidatingWebhookConfiguration } from '@typernetes/openapi/types/admissionregistration/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, integer, nameColumn } from '../../printing/index.ts';
import { semanticEqual } from '../../validation/index.ts';
import { defaultWebhook, validateWebhooks } from '../webhooks.ts';

export const validatingwebhookconfigurations: ResourceRegistration<ValidatingWebhookConfiguration> = {
  resource: { group: 'admissionregistration.k8s.io', resource: 'validatingwebhookconfigurations' },
  strategy: {
    allowUnconditionalUpdate: false,
    hasGeneration: true,
    default(configuration) {
      for (const webhook of configuration.webhooks ?? []) {
        defaultWebhook(webhook);
      }
    },
    validate: (configuration) => validateWebhooks(configuration.webhooks),
    validateUpdate: (configuration, old) =>
      semanticEqual(configuration.webhooks, old.webhooks) ? [] : validateWebhooks(configuration.webhooks),
  },
  table: {
    columns: [nameColumn, integer('Webhooks'), ageColumn],
    cells: (configuration, now) => [
      configuration.metadata?.name ?? '',
      (configuration.webhooks ?? []).length,
      age(configuration, now),
    ],
  },
};
