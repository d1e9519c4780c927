/** Objects and bytes: media type negotiation, and work on encoded objects without parsing them. */
export { cborMediaType, cborSequenceMediaType, cborSerializer } from './cbor-serializer.ts';
export { decodeYaml } from './decode-yaml.ts';
export { jsonSerializer } from './json-serializer.ts';
export { type NegotiatedMediaType, negotiate, parseAccept } from './negotiate.ts';
export { type ParsedJson, parseJson } from './parse-json.ts';
export {
  decodeWatchEvent,
  hasProtobuf,
  isProtobuf,
  jsonToProtobuf,
  type ProtobufDecodeOptions,
  type ProtobufSerializer,
  partialObjectMetadataOf,
  protobufMediaType,
  protobufSerializer,
} from './protobuf/index.ts';
export {
  CodecError,
  type Decoded,
  type DecodeOptions,
  type FieldOccurrence,
  type Serializer,
  type WatchEventType,
} from './serializer.ts';
export {
  type BodyPart,
  bare,
  bareVersioned,
  detached,
  encodeForStorage,
  endOfMetadata,
  joinParts,
  lengthOf,
  listBody,
  metadataPart,
  textWithoutManagedFields,
  versioned,
  withResourceVersion,
} from './splice.ts';
export { yamlSerializer } from './yaml-serializer.ts';
