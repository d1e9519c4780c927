/** Schemas of kinds with their references resolved: our own of built-in kinds, the API server's of all others. */

import { schemaByName, schemaFor } from '@typernetes/openapi/catalogue';
import type { RestClient } from '@typernetes/openapi/client';
import { formatApiVersion, type GroupVersionKind, isNotFound } from '@typernetes/openapi/meta';
import type { Schema } from '@typernetes/openapi/schema';
import type { ValidatedSchema } from '../../cel/index.ts';

type Resolve = (reference: string) => Schema | undefined;

/** Undefined where the kind is not known. */
export async function kindSchema(
  kind: GroupVersionKind,
  client: RestClient,
  signal: AbortSignal,
): Promise<ValidatedSchema | undefined> {
  const own = schemaFor(kind);
  if (own !== undefined) return expand(own, schemaByName, []);
  const apiVersion = formatApiVersion(kind);
  const path = `/openapi/v3/${kind.group === '' ? 'api' : 'apis'}/${apiVersion}`;
  let document: { components?: { schemas?: Record<string, Schema> } };
  try {
    document = await client.requestJson({ method: 'GET', path, signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
  const schemas = document.components?.schemas ?? {};
  const found = Object.values(schemas).find((schema) => isOf(schema, kind));
  const resolve: Resolve = (reference) => schemas[reference.replace('#/components/schemas/', '')];
  return found && expand(found, resolve, []);
}

function isOf(schema: Schema, { group, version, kind }: GroupVersionKind): boolean {
  const kinds = schema['x-kubernetes-group-version-kind'];
  if (!Array.isArray(kinds)) return false;
  return (kinds as GroupVersionKind[]).some(
    (each) => each.group === group && each.version === version && each.kind === kind,
  );
}

/** What refers to itself is an object without fields where it does. */
function expand(schema: Schema, resolve: Resolve, within: readonly string[]): ValidatedSchema {
  const reference = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0]?.$ref : undefined);
  if (reference !== undefined) {
    if (within.includes(reference)) return { type: 'object' };
    return expand(resolve(reference) ?? {}, resolve, [...within, reference]);
  }
  const { properties, items, additionalProperties, format } = schema;
  const below = (each: Schema): ValidatedSchema => expand(each, resolve, within);
  return {
    ...(schema as ValidatedSchema),
    ...(format === 'int-or-string' ? { 'x-kubernetes-int-or-string': true } : {}),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, below(each)])) }),
    ...(items === undefined ? {} : { items: below(items) }),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: below(additionalProperties) } : {}),
  };
}
