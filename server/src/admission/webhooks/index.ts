export { mutatingAdmissionWebhook } from './mutating.ts';
export { validatingAdmissionWebhook } from './validating.ts';
