/** Defaults of a definition's schema: each must be valid by itself, its own rules included, and must not be pruned. */
import { type FieldError, type FieldPath, invalidValue, type JsonValue } from '@typernetes/openapi/meta';
import { deepCopy } from '@typernetes/openapi/schema';
import { compileValidator, limits, validateRules } from '../cel/index.ts';
import { coerceObject, prune, type Structural, validateEmbedded, validateValue } from './schema/index.ts';

export function validateDefaults(schema: Structural, at: FieldPath): FieldError[] {
  const run = new Run();
  run.below(schema, at, true);
  return run.errors;
}

class Run {
  readonly errors: FieldError[] = [];
  #budget: number = limits.runtimeBudget;

  /** Those in the metadata at the root are refused elsewhere; so are those below additionalProperties of metadata. */
  below(schema: Structural, at: FieldPath, isRoot = false): void {
    if (schema.items !== undefined) this.#visit(schema.items, at.child('items'));
    for (const [name, property] of Object.entries(schema.properties ?? {}))
      if (!(isRoot && ['metadata', 'apiVersion', 'kind'].includes(name)))
        this.#visit(property, at.child('properties').key(name));
  }

  #visit(schema: Structural, at: FieldPath): void {
    if (this.#budget < 0) return;
    if (schema.default !== undefined && schema.default !== null)
      this.#check(schema, schema.default, at.child('default'));
    this.below(schema, at);
  }

  #check(schema: Structural, value: JsonValue, at: FieldPath): void {
    const copy = { value: deepCopy(value) };
    const parent: Structural = { type: 'object', properties: { value: schema } };
    if (prune(copy, parent).length > 0) this.errors.push(invalidValue(at, value, 'must not have unknown fields'));
    try {
      coerceObject({ value: deepCopy(value) }, parent, false);
    } catch (error) {
      this.errors.push(invalidValue(at, value, `must result in valid metadata: ${(error as Error).message}`));
      return;
    }
    const embedded = validateEmbedded(value, schema, at);
    const found = embedded.length > 0 ? embedded : validateValue(value, schema, at.toString());
    this.errors.push(...found);
    if (found.length > 0) return;
    const validator = compileValidator(schema, schema['x-kubernetes-embedded-resource'] === true);
    if (validator === undefined) return;
    // It must do as an update of itself, and where nothing was before.
    const options = { path: at, budget: this.#budget, ratcheting: false };
    const kept = validateRules(validator, value, value, options);
    const added = kept.errors.length > 0 ? kept : validateRules(validator, value, undefined, options);
    this.errors.push(...kept.errors, ...(added === kept ? [] : added.errors));
    this.#budget = Math.min(kept.remainingBudget, added.remainingBudget);
  }
}
