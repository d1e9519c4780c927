import type { JsonObject } from '../meta/object.ts';
import { duplicateFieldMessage } from '../schema/check-types.ts';
import { jsonTypeOf } from '../schema/go-types.ts';
import { isObject } from '../schema/json-value.ts';
import { parseJson } from './parse-json.ts';
import { CodecError, type Decoded, type DecodeOptions, type Serializer, type WatchEventType } from './serializer.ts';
import { listBody } from './splice.ts';

const frameHeads: Record<WatchEventType, Buffer> = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
  BOOKMARK: Buffer.from('{"type":"BOOKMARK","object":'),
  ERROR: Buffer.from('{"type":"ERROR","object":'),
};
const frameTail = Buffer.from('}\n');

/** The words of upstream's first look at a body, which asks for its kind only. */
const unreadable = "couldn't get version/kind; json parse error: ";

export function objectOrThrow(value: unknown): JsonObject {
  if (isObject(value)) return value;
  if (value === null) return {};
  const target =
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
  throw new CodecError(`${unreadable}json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type ${target}`);
}

/** Throws CodecError. */
export function decodeJson(bytes: Uint8Array | string, options?: DecodeOptions): Decoded {
  let parsed: ReturnType<typeof parseJson>;
  try {
    parsed = parseJson(bytes, options);
  } catch (error) {
    if (error instanceof CodecError) throw new CodecError(unreadable + error.message);
    throw error;
  }
  const { value, duplicateFields, fields, asWritten } = parsed;
  return {
    object: objectOrThrow(value),
    duplicateFields,
    strictErrors: duplicateFields.map(duplicateFieldMessage),
    ...(fields === undefined ? {} : { fields }),
    ...(asWritten === undefined ? {} : { asWritten }),
  };
}

export const jsonSerializer: Serializer = {
  mediaType: 'application/json',
  streaming: true,

  encode(object, options) {
    return Buffer.from(options?.pretty === true ? JSON.stringify(object, null, 2) : `${JSON.stringify(object)}\n`);
  },

  decode: decodeJson,

  encodeList: listBody,

  streamFrame(eventType, object) {
    return Buffer.concat([frameHeads[eventType], object, frameTail]);
  },
};
