/** Drops what a structural schema does not specify. */
import { isObject } from '@typernetes/openapi/schema';
import { additionalSchema, type Structural } from './structural.ts';

const metaFields = new Set(['apiVersion', 'kind', 'metadata']);
const maxReported = 100;

/** Changes `object` in place; returns the paths of what is gone. */
export function prune(object: unknown, schema: Structural): string[] {
  const gone: string[] = [];
  pruneValue(object, { ...schema, 'x-kubernetes-embedded-resource': true }, '', gone);
  return gone;
}

/** Without a schema (below `additionalProperties: true`) nothing inside an object is specified. */
function pruneValue(value: unknown, schema: Structural | undefined, at: string, gone: string[]): void {
  const keeps = schema?.['x-kubernetes-preserve-unknown-fields'] === true;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      if (schema?.items !== undefined || !keeps) pruneValue(item, schema?.items, `${at}[${index}]`, gone);
    return;
  }
  if (!isObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    if (schema?.['x-kubernetes-embedded-resource'] === true && metaFields.has(name)) continue;
    const place = at === '' ? name : `${at}.${name}`;
    const property = ownProperty(schema, name);
    if (property !== undefined) pruneValue(member, property, place, gone);
    else if (schema?.additionalProperties !== undefined) {
      const additional = additionalSchema(schema);
      if (additional !== undefined || !keeps) pruneValue(member, additional, place, gone);
    } else if (!keeps) {
      if (gone.length < maxReported) gone.push(place);
      delete value[name];
    }
  }
}

export function ownProperty(schema: Structural | undefined, name: string): Structural | undefined {
  const properties = schema?.properties;
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
}
