export { SpdyConnection, type SpdyConnectionOptions } from './connection.ts';
export { SpdyError } from './frames.ts';
export type { Headers } from './header-block.ts';
export { SpdyStream } from './stream.ts';
