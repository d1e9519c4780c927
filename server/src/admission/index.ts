export { type AdmissionAttributes, type AdmissionPlugin, type Operation, Reinvocation } from './admission.ts';
export { runMutating, runValidating } from './chain.ts';
export type { AdmissionDependencies } from './dependencies.ts';
export { type AdmissionSelection, absentPlugins, admissionPlugins } from './plugins/index.ts';
export { matchesScopes, usageOf } from './plugins/quota-usage.ts';
