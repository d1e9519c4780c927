import { webhookConfigurations } from '../webhooks.ts';

export const validatingwebhookconfigurations = webhookConfigurations('validatingwebhookconfigurations', false);
