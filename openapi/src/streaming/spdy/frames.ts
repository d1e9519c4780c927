/** SPDY/3.1 frames on the wire (draft-mbelshe-httpbis-spdy-00, version 3). All numbers are big-endian. */

const frameHeaderSize = 8;
/** The 24-bit length field allows more; no peer of ours needs it. */
export const maxFrameSize = 1024 * 1024;

const controlType = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

export const resetStatus = {
  protocolError: 1,
  refusedStream: 3,
  cancel: 5,
  internalError: 6,
  flowControlError: 7,
} as const;

const flagFin = 0x01;
const flagUnidirectional = 0x02;
const settingInitialWindowSize = 7;
const version = 0x8003;
const streamIdMask = 0x7fffffff;

export type Frame =
  | { type: 'data'; streamId: number; fin: boolean; data: Buffer }
  | { type: 'synStream'; streamId: number; fin: boolean; unidirectional: boolean; block: Buffer }
  | { type: 'synReply' | 'headers'; streamId: number; fin: boolean; block: Buffer }
  | { type: 'rstStream'; streamId: number; status: number }
  | { type: 'settings'; initialWindowSize: number | undefined }
  | { type: 'ping'; id: number }
  | { type: 'goAway'; lastStreamId: number; status: number }
  | { type: 'windowUpdate'; streamId: number; delta: number }
  | { type: 'unknown' };

/** The peer does not speak SPDY/3.1, or the connection is gone. */
export class SpdyError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SpdyError';
  }
}

/** How long the frame is that starts here, header included; undefined while the header is not complete. */
export function frameLength(buffer: Buffer): number | undefined {
  if (buffer.length < frameHeaderSize) return undefined;
  const length = buffer.readUIntBE(5, 3);
  if (length > maxFrameSize) throw new SpdyError(`frame of ${length} bytes is too large`);
  return frameHeaderSize + length;
}

/** Reads one whole frame. */
export function decodeFrame(buffer: Buffer): Frame {
  const flags = buffer.readUInt8(4);
  const fin = (flags & flagFin) !== 0;
  const payload = buffer.subarray(frameHeaderSize);
  const first = buffer.readUInt16BE(0);
  if ((first & 0x8000) === 0)
    return { type: 'data', streamId: buffer.readUInt32BE(0) & streamIdMask, fin, data: payload };
  if (first !== version) throw new SpdyError(`unsupported SPDY version ${first & 0x7fff}`);
  try {
    return decodeControl(buffer.readUInt16BE(2), payload, flags);
  } catch (error) {
    if (error instanceof RangeError) throw new SpdyError('control frame is too short', { cause: error });
    throw error;
  }
}

function decodeControl(type: number, payload: Buffer, flags: number): Frame {
  const fin = (flags & flagFin) !== 0;
  const streamId = (): number => payload.readUInt32BE(0) & streamIdMask;
  switch (type) {
    case controlType.synStream:
      return {
        type: 'synStream',
        streamId: streamId(),
        fin,
        unidirectional: (flags & flagUnidirectional) !== 0,
        block: payload.subarray(10),
      };
    case controlType.synReply:
      return { type: 'synReply', streamId: streamId(), fin, block: payload.subarray(4) };
    case controlType.headers:
      return { type: 'headers', streamId: streamId(), fin, block: payload.subarray(4) };
    case controlType.rstStream:
      return { type: 'rstStream', streamId: streamId(), status: payload.readUInt32BE(4) };
    case controlType.settings:
      return { type: 'settings', initialWindowSize: initialWindowSize(payload) };
    case controlType.ping:
      return { type: 'ping', id: payload.readUInt32BE(0) };
    case controlType.goAway:
      return { type: 'goAway', lastStreamId: streamId(), status: payload.length >= 8 ? payload.readUInt32BE(4) : 0 };
    case controlType.windowUpdate:
      return { type: 'windowUpdate', streamId: streamId(), delta: payload.readUInt32BE(4) & streamIdMask };
    default:
      return { type: 'unknown' };
  }
}

function initialWindowSize(payload: Buffer): number | undefined {
  const count = Math.min(payload.readUInt32BE(0), Math.floor((payload.length - 4) / 8));
  for (let index = 0; index < count; index++) {
    const at = 4 + index * 8;
    if (payload.readUIntBE(at + 1, 3) === settingInitialWindowSize) return payload.readUInt32BE(at + 4);
  }
  return undefined;
}

function control(type: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(frameHeaderSize);
  header.writeUInt16BE(version, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt8(flags, 4);
  header.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([header, payload]);
}

function words(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) buffer.writeUInt32BE(value, index * 4);
  return buffer;
}

export function dataHeader(streamId: number, length: number, fin: boolean): Buffer {
  const header = Buffer.alloc(frameHeaderSize);
  header.writeUInt32BE(streamId, 0);
  header.writeUInt8(fin ? flagFin : 0, 4);
  header.writeUIntBE(length, 5, 3);
  return header;
}

export function synStream(streamId: number, block: Buffer, fin: boolean): Buffer {
  return control(controlType.synStream, fin ? flagFin : 0, Buffer.concat([words(streamId, 0), Buffer.alloc(2), block]));
}

export function synReply(streamId: number, block: Buffer): Buffer {
  return control(controlType.synReply, 0, Buffer.concat([words(streamId), block]));
}

export const rstStream = (streamId: number, status: number): Buffer =>
  control(controlType.rstStream, 0, words(streamId, status));
export const ping = (id: number): Buffer => control(controlType.ping, 0, words(id));
export const goAway = (lastStreamId: number, status: number): Buffer =>
  control(controlType.goAway, 0, words(lastStreamId, status));
export const windowUpdate = (streamId: number, delta: number): Buffer =>
  control(controlType.windowUpdate, 0, words(streamId, delta));
export const settings = (windowSize: number): Buffer =>
  control(controlType.settings, 0, words(1, settingInitialWindowSize, windowSize));
