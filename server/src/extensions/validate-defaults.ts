/** Defaults of a definition's schema: each must be valid by itself, its own rules included, and must not be pruned. */
import {
  aggregateFieldErrors,
  type FieldError,
  type FieldPath,
  invalidValue,
  type JsonObject,
  type JsonValue,
  path,
} from '@typernetes/openapi/meta';
import { deepCopy } from '@typernetes/openapi/schema';
import { compileValidator, limits, validateRules } from '../cel/index.ts';
import {
  asGoMap,
  coercePart,
  prune,
  resourceErrors,
  type Structural,
  validateDefault,
  validateEmbedded,
} from './schema/index.ts';

export function validateDefaults(schema: Structural, at: FieldPath): FieldError[] {
  const run = new Run();
  const root = { ...schema, ...embedded };
  run.visit(root, at, { root, surround: asResource, insideMeta: false });
  return run.errors;
}

const embedded: Structural = { 'x-kubernetes-embedded-resource': true };
const metaFields = new Set(['metadata', 'apiVersion', 'kind']);

/** Where a default is: in which resource, and how it looks there if nothing else is. */
interface Place {
  root: Structural;
  surround: (value: JsonValue) => JsonObject;
  /** Below metadata, or apiVersion or kind. */
  insideMeta: boolean;
}

const asResource = (value: JsonValue): JsonObject => ({
  apiVersion: 'validation/v1',
  kind: 'Validation',
  ...(value as JsonObject),
});

class Run {
  readonly errors: FieldError[] = [];
  #budget: number = limits.runtimeBudget;

  /** additionalProperties have no defaults. */
  visit(schema: Structural, at: FieldPath, given: Place): void {
    if (this.#budget < 0) return;
    const isResource = schema['x-kubernetes-embedded-resource'] === true;
    const place = isResource ? { root: schema, surround: asResource, insideMeta: false } : given;
    const { surround } = place;
    if (schema.default !== undefined && schema.default !== null)
      this.#check(schema, schema.default, at.child('default'), place);
    if (schema.items !== undefined)
      this.visit(schema.items, at.child('items'), { ...place, surround: (value) => surround([value] as never) });
    for (const [name, property] of Object.entries(schema.properties ?? {}))
      this.visit(property, at.child('properties').key(name), {
        root: place.root,
        surround: (value) => surround({ [name]: value }),
        insideMeta: place.insideMeta || (isResource && metaFields.has(name)),
      });
  }

  #check(schema: Structural, value: JsonValue, at: FieldPath, place: Place): void {
    if (!place.insideMeta && isPruned(schema, value))
      this.errors.push(invalidValue(at, asGoMap(value), 'must not have unknown fields'));
    const form = place.insideMeta ? metaErrors(value, at, place) : formErrors(schema, value, at);
    const found = form.length > 0 ? form : validateDefault(value, schema, at.toString());
    this.errors.push(...found);
    if (found.length > 0) return;
    const validator = compileValidator(schema, schema === place.root);
    if (validator === undefined) return;
    // It must do as an update of itself, and where nothing was before.
    const options = { path: at, budget: this.#budget, ratcheting: false };
    const kept = validateRules(validator, value, value, options);
    const added = kept.errors.length > 0 ? kept : validateRules(validator, value, undefined, options);
    this.errors.push(...kept.errors, ...(added === kept ? [] : added.errors));
    this.#budget = Math.min(kept.remainingBudget, added.remainingBudget);
  }
}

function isPruned(schema: Structural, value: JsonValue): boolean {
  return prune({ value: deepCopy(value) }, { type: 'object', properties: { value: schema } }).length > 0;
}

function formErrors(schema: Structural, value: JsonValue, at: FieldPath): FieldError[] {
  const error = coercePart(deepCopy(value), schema, at);
  return error === undefined ? validateEmbedded(value, schema, at, false) : [error];
}

/** Of metadata, only whole resources can be told right from wrong. */
function metaErrors(value: JsonValue, at: FieldPath, { root, surround }: Place): FieldError[] {
  const resource = surround(deepCopy(value));
  const error = coercePart(resource, root, path());
  const errors =
    error === undefined
      ? [...resourceErrors(resource, path()), ...validateEmbedded(resource, root, path(), true)]
      : [error];
  if (errors.length === 0) return [];
  return [invalidValue(at, asGoMap(value), `must result in valid metadata: ${aggregateFieldErrors(errors)}`)];
}
