/** Defaults of structural schemas; null where it is not allowed means absent. */
import { deepCopy, isObject, setOwn } from '@typernetes/openapi/schema';
import { ownProperty } from './prune.ts';
import { additionalSchema, type Structural } from './structural.ts';

const isForbiddenNull = (value: unknown, schema: Structural | undefined): boolean =>
  value === null && schema !== undefined && schema.nullable !== true;

/** Changes `value` in place. */
export function applyStructuralDefaults(value: unknown, schema: Structural | undefined): void {
  if (schema === undefined) return;
  if (Array.isArray(value)) {
    const { items } = schema;
    for (const [index, item] of value.entries()) {
      if (isForbiddenNull(item, items) && items?.default !== undefined) value[index] = deepCopy(items.default);
      applyStructuralDefaults(value[index], items);
    }
    return;
  }
  if (!isObject(value)) return;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.default === undefined || property.default === null) continue;
    if (!Object.hasOwn(value, name) || isForbiddenNull(value[name], property))
      setOwn(value, name, deepCopy(property.default));
  }
  for (const name of Object.keys(value)) {
    const member = ownProperty(schema, name) ?? additionalSchema(schema);
    if (member === undefined) continue;
    if (isForbiddenNull(value[name], member)) {
      if (member.default === undefined || member.default === null) {
        delete value[name];
        continue;
      }
      setOwn(value, name, deepCopy(member.default));
    }
    applyStructuralDefaults(value[name], member);
  }
}
