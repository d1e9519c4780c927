/**
 * Message descriptors for the protobuf codec: upstream's field numbers joined with the JSON side of each message (the
 * field's name there, and whether its fields are inlined into the parent), which the OpenAPI definition tells.
 */
import type { FieldDescriptor } from '../src/catalogue/protobuf.ts';
import type { Spec, SpecSchema } from './spec.ts';

/** Full message name → fields in the order of their numbers. */
export type Descriptors = Record<string, FieldDescriptor[]>;

const scalars = new Set([
  'string',
  'bytes',
  'bool',
  'int32',
  'int64',
  'uint32',
  'uint64',
  'double',
  'float',
  'fixed64',
]);

const messageName = (definition: string): string => definition.replace(/^io\.k8s\./, 'k8s.io.').replaceAll('-', '_');

export function protobufDescriptors(spec: Spec): Descriptors {
  const definitions = new Map<string, SpecSchema>();
  for (const part of [spec.machinery, ...spec.groupVersions.map((file) => file.definitions)]) {
    for (const [name, schema] of Object.entries(part)) definitions.set(messageName(name), schema);
  }
  const descriptors: Descriptors = {};
  for (const [packageName, messages] of Object.entries(spec.protobuf)) {
    for (const [message, fields] of Object.entries(messages)) {
      const full = `${packageName}.${message}`;
      const properties = definitions.get(full)?.properties;
      const names = new Set(Object.keys(properties ?? {}));
      descriptors[full] = Object.entries(fields).map(([name, [number, type, repeated]]): FieldDescriptor => {
        const map = /^map<string,\s*(.*)>$/.exec(type)?.[1];
        const bare = map ?? type;
        const resolved = scalars.has(bare) || bare.includes('.') ? bare : `${packageName}.${bare}`;
        const json = jsonName(name, names);
        return {
          name: json ?? name,
          number,
          type: resolved,
          ...(repeated === undefined ? {} : { repeated: true as const }),
          ...(map === undefined ? {} : { map: true as const }),
          ...(json === undefined && properties !== undefined && !scalars.has(resolved)
            ? { inline: true as const }
            : {}),
        };
      });
    }
  }
  return descriptors;
}

/** Names that protobuf cannot spell: `$ref` is ref there, `x-kubernetes-list-type` xKubernetesListType. */
function jsonName(name: string, properties: ReadonlySet<string>): string | undefined {
  const dashed = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return (
    [name, `$${name}`, dashed].find((candidate) => properties.has(candidate)) ??
    [...properties].find((property) => property.toLowerCase() === name.toLowerCase())
  );
}
