import type { GroupVersionKind } from '../meta/object.ts';
import { once, readGeneratedJson } from './generated.ts';
import { definitionName } from './schemas.ts';

export interface FieldDescriptor {
  /** Name in JSON. */
  name: string;
  number: number;
  /** A scalar type of protobuf (`string`, `bytes`, `bool`, `int32`, `int64`, `double` …) or the full name of a message. */
  type: string;
  repeated?: true;
  /** A map<string, type>. */
  map?: true;
  /** A message whose fields JSON has in the parent object (`VolumeSource` in `Volume`). */
  inline?: true;
}

/** Fields in the order of their numbers, which is the order in which upstream encodes them. */
export interface MessageDescriptor {
  /** `k8s.io.api.core.v1.Pod` */
  name: string;
  fields: readonly FieldDescriptor[];
}

export interface ProtobufDescriptors {
  message(fullName: string): MessageDescriptor | undefined;
  /** The message that `runtime.Unknown` wraps for a kind, lists and options included. */
  messageFor(gvk: GroupVersionKind): MessageDescriptor | undefined;
}

/**
 * Field numbers of upstream's messages. Messages whose JSON is no object keep their protobuf shape here: Time and MicroTime
 * {seconds, nanos}, Quantity {string}, IntOrString {type, intVal, strVal}, RawExtension {raw}, FieldsV1 {Raw}, JSON {raw},
 * and lists that are a type of their own (Verbs, ExtraValue …), which wrap `items`.
 */
export const protobufDescriptors = once((): ProtobufDescriptors => {
  const descriptors = readGeneratedJson<Record<string, FieldDescriptor[]>>('protobuf.json');
  const messages = new Map<string, MessageDescriptor>();
  const message = (name: string): MessageDescriptor | undefined => {
    const fields = descriptors[name];
    if (fields === undefined) return undefined;
    let known = messages.get(name);
    if (known === undefined) messages.set(name, (known = { name, fields }));
    return known;
  };
  const unlisted = (gvk: GroupVersionKind) =>
    message(`k8s.io.api.${gvk.group === '' ? 'core' : gvk.group.split('.')[0]}.${gvk.version}.${gvk.kind}`) ??
    message(`k8s.io.apimachinery.pkg.apis.meta.v1.${gvk.kind}`);
  return {
    message,
    messageFor(gvk) {
      const definition = definitionName(gvk);
      if (definition === undefined) return unlisted(gvk);
      return message(definition.replace(/^io\.k8s\./, 'k8s.io.').replaceAll('-', '_'));
    },
  };
});
