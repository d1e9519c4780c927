/**
 * The seam between objects and bytes, one Serializer per media type. JSON and YAML are here; another (protobuf) is one
 * more implementation and one more entry where the server lists them.
 */
import type { JsonObject, ListMeta } from '../meta/object.ts';

export interface Decoded {
  object: JsonObject;
  /** Paths (`spec.containers[0].name`) of fields given twice; only looked for when strict. The last one counts. */
  duplicateFields: string[];
  /** The same as upstream words it in strict decoding errors, which differs by format. */
  strictErrors: string[];
  /** Every field in the order of the text; only of JSON that has duplicates. */
  fields?: readonly FieldOccurrence[];
  /** Numbers are as DecodeOptions.asWritten asks, and there are such. */
  asWritten?: true;
}

export interface FieldOccurrence {
  path: string;
  /** It is there already, in the same object. */
  again: boolean;
}

export interface DecodeOptions {
  /** Look for duplicate fields (fieldValidation Strict or Warn). */
  strict?: boolean;
  /**
   * Of JSON: keep numbers with a point or an exponent as they are written (RawNumber), so that `1.0` can be told from `1`.
   * `checkTypes` or `plainNumbers` makes them numbers.
   */
  asWritten?: boolean;
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

export interface Serializer {
  readonly mediaType: string;
  /** With it, watches can be sent in this format. */
  readonly streaming: boolean;
  encode(object: unknown, options?: { pretty?: boolean }): Buffer;
  /** Throws CodecError. */
  decode(bytes: Uint8Array, options?: DecodeOptions): Decoded;
  /** A list of objects that are encoded already, as parts to be written one after another. */
  encodeList(apiVersion: string, kind: string, metadata: ListMeta, items: readonly Buffer[]): Buffer[];
  /** One watch event around an encoded object. */
  streamFrame(eventType: WatchEventType, object: Buffer): Buffer;
}

/** Bytes that are not what their media type says; the message is as close to Go's as can be. */
export class CodecError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CodecError';
  }
}
