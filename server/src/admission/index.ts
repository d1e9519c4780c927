/** What may change or refuse a write between its authorization and storage: plugins, webhooks and policies. */
export { type AdmissionAttributes, type AdmissionPlugin, type Operation, Reinvocation } from './admission.ts';
export { runMutating, runValidating } from './chain.ts';
export { readAdmissionConfiguration } from './configuration/admission-configuration.ts';
export type { AdmissionDependencies } from './dependencies.ts';
export { type AdmissionSelection, admissionPlugins } from './plugins/index.ts';
export { matchesScopes } from './plugins/quota-scopes.ts';
export { usageOf } from './plugins/quota-usage.ts';
