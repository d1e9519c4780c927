export * from './addresses.ts';
export { validateConditions } from './conditions.ts';
export * from './equality.ts';
export * from './field.ts';
export * from './intstr.ts';
export * from './labels.ts';
export * from './names.ts';
export * from './quantities.ts';
export * from './sloppy-addresses.ts';
