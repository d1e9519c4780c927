/** HTTP endpoints of the API server. */
export * from './app.ts';
export * from './filters/authentication.ts';
export * from './filters/authorization.ts';
export * from './filters/request.ts';
export * from './request-context.ts';
export * from './request-info.ts';
export * from './resource-endpoint.ts';
export * from './resource-router.ts';
export * from './table.ts';
