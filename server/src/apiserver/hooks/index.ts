export { type RunningAuthenticationConfig, startAuthenticationConfig } from './authentication-config.ts';
export { type ClusterHooks, clusterHooks } from './cluster-hooks.ts';
export { kubernetesServiceIp } from './kubernetes-service.ts';
