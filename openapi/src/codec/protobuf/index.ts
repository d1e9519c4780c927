/** Objects as protobuf. */
export { hasProtobuf } from './kinds.ts';
export {
  decodeWatchEvent,
  isProtobuf,
  jsonToProtobuf,
  type ProtobufDecodeOptions,
  type ProtobufSerializer,
  partialObjectMetadataOf,
  protobufMediaType,
  protobufSerializer,
} from './protobuf-serializer.ts';
