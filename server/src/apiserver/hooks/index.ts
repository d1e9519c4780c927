export * from './kubernetes-service.ts';
export * from './system-objects.ts';
