import { webhookConfigurations } from '../webhooks.ts';

export const mutatingwebhookconfigurations = webhookConfigurations('mutatingwebhookconfigurations', true);
