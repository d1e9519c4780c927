export { type RunningAuthenticationConfig, startAuthenticationConfig } from './authentication-config.ts';
export * from './identity-lease.ts';
export * from './kubernetes-service.ts';
export * from './system-objects.ts';
