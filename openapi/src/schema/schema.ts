/** OpenAPI schemas as the catalogue serves them: JSON Schema's words plus Kubernetes' extensions. */
import type { JsonValue } from '../meta/object.ts';

export interface Schema {
  type?: string;
  format?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
  required?: string[];
  default?: JsonValue;
  enum?: JsonValue[];
  nullable?: boolean;
  description?: string;
  /** Name of a definition; the caller's Resolve knows it. */
  $ref?: string;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-patch-strategy'?: string;
  'x-kubernetes-patch-merge-key'?: string;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  [extension: `x-${string}`]: unknown;
}

/** Finds a definition by the text of its `$ref`. Must return the same object each time: compiled forms hang on it. */
export type Resolve = (ref: string) => Schema | undefined;

/** The reference a schema stands for: its own, or the only one of an `allOf` that adds a default to it. */
export function refOf(schema: Schema): string | undefined {
  return schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0]?.$ref : undefined);
}

/** The schema behind references; undefined where a definition is missing. */
export function dereference(schema: Schema | undefined, resolve: Resolve): Schema | undefined {
  let current = schema;
  for (let hops = 0; current !== undefined && hops < 32; hops++) {
    const ref = refOf(current);
    if (ref === undefined) return current;
    current = resolve(ref);
  }
  return undefined;
}

/** `io.k8s.api.core.v1.PodSpec`, with or without a path in front. */
export function definitionName(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1);
}
