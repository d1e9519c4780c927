export { type RunningAuthenticationConfig, startAuthenticationConfig } from './authentication-config.ts';
export { type ClusterHooks, clusterHooks } from './cluster-hooks.ts';
