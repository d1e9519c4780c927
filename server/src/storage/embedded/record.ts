/**
 * The bytes of the embedded store, format 2: as format 1, but long records of the log are compressed (LZ4, by LMDB's
 * binding, which tells them by their first byte; ours are 0 or 1).
 *
 * `log` holds one record per revision: put or delete, the key, and for a put the value. `index` holds one small record
 * per key: what happened to it last, and where in the log. A log record names the revision that held the key before it
 * (0: none), so a key's history is a chain that starts at the index, and a value is written once only.
 */
import type { Entry } from '../storage.ts';

export const formatVersion = 2;
/** Read as they are; what is written from then on makes them the present format. */
export const formerVersions: readonly string[] = ['1'];

export interface LogRecord {
  revision: number;
  deleted: boolean;
  key: string;
  /** For a delete: of the entry that went away. */
  createRevision: number;
  /** The key's record before this one, which may be a deletion; 0 where there is none. */
  previousRevision: number;
  /** Empty for a delete. */
  value: Buffer;
}

export interface IndexRecord {
  deleted: boolean;
  modRevision: number;
  createRevision: number;
  /** Milliseconds since the epoch; 0 means never. */
  expiresAt: number;
}

const logHeaderBytes = 19;
const indexBytes = 25;

export function encodeLog(record: Omit<LogRecord, 'revision'>): Buffer {
  const keyBytes = Buffer.byteLength(record.key);
  const bytes = Buffer.allocUnsafe(logHeaderBytes + keyBytes + record.value.length);
  bytes.writeUInt8(record.deleted ? 1 : 0, 0);
  bytes.writeDoubleLE(record.createRevision, 1);
  bytes.writeDoubleLE(record.previousRevision, 9);
  bytes.writeUInt16LE(keyBytes, 17);
  bytes.write(record.key, logHeaderBytes);
  record.value.copy(bytes, logHeaderBytes + keyBytes);
  return bytes;
}

/** The value is a view of `bytes`. */
export function decodeLog(revision: number, bytes: Buffer): LogRecord {
  const keyEnd = logHeaderBytes + bytes.readUInt16LE(17);
  return {
    revision,
    deleted: bytes.readUInt8(0) === 1,
    createRevision: bytes.readDoubleLE(1),
    previousRevision: bytes.readDoubleLE(9),
    key: bytes.toString('utf8', logHeaderBytes, keyEnd),
    value: bytes.subarray(keyEnd),
  };
}

export function previousRevisionOf(bytes: Buffer): number {
  return bytes.readDoubleLE(9);
}

export function isDeletion(bytes: Buffer): boolean {
  return bytes.readUInt8(0) === 1;
}

export function keyOf(bytes: Buffer): string {
  return bytes.toString('utf8', logHeaderBytes, logHeaderBytes + bytes.readUInt16LE(17));
}

export function entryOf(record: LogRecord): Entry {
  return {
    key: record.key,
    value: record.value,
    createRevision: record.createRevision,
    modRevision: record.revision,
    memo: undefined,
  };
}

export function encodeIndex(record: IndexRecord): Buffer {
  const bytes = Buffer.allocUnsafe(indexBytes);
  bytes.writeUInt8(record.deleted ? 1 : 0, 0);
  bytes.writeDoubleLE(record.modRevision, 1);
  bytes.writeDoubleLE(record.createRevision, 9);
  bytes.writeDoubleLE(record.expiresAt, 17);
  return bytes;
}

export function decodeIndex(bytes: Buffer): IndexRecord {
  return {
    deleted: bytes.readUInt8(0) === 1,
    modRevision: bytes.readDoubleLE(1),
    createRevision: bytes.readDoubleLE(9),
    expiresAt: bytes.readDoubleLE(17),
  };
}
