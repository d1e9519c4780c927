export type { WebhookDependencies } from './dependencies.ts';
export { mutatingAdmissionWebhook } from './mutating.ts';
export { validatingAdmissionWebhook } from './validating.ts';
