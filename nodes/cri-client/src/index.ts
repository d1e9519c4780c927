export { type ConnectOptions, type CriConnection, connectCri, criTarget } from './client.ts';
export { complete, decode, encode } from './codec.ts';
export { CriError, type CriErrorCode, isCriError } from './error.ts';
export type { CallOptions, Input } from './input.ts';
export type * from './protocol/messages.ts';
export type { ImageService, RuntimeService } from './protocol/services.ts';
export { type CriServer, serveCri } from './server.ts';
