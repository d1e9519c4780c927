/**
 * An autoscaler's behavior as v1 carries it in an annotation: upstream writes the fields of its Go type there, with
 * capitals and with null for what is absent, and reads names in any case.
 */
import { type Fields, isFields } from './fields.ts';

const directions = ['scaleUp', 'scaleDown'] as const;
const ruleFields = ['stabilizationWindowSeconds', 'selectPolicy', 'policies', 'tolerance'] as const;
const policyFields = ['type', 'value', 'periodSeconds'] as const;

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

export function behaviorAnnotation(behavior: Fields): string {
  const policy = (value: Fields): Fields =>
    Object.fromEntries(policyFields.map((name) => [capital(name), value[name]]));
  const rules = (value: unknown): Fields | null =>
    isFields(value)
      ? Object.fromEntries(
          ruleFields.map((name) => [
            capital(name),
            name === 'policies' && Array.isArray(value[name])
              ? (value[name] as Fields[]).map(policy)
              : (value[name] ?? null),
          ]),
        )
      : null;
  return JSON.stringify(Object.fromEntries(directions.map((name) => [capital(name), rules(behavior[name])])));
}

/** Undefined where the annotation says nothing that can be understood. */
export function autoscalerBehavior(parsed: unknown): Fields | undefined {
  if (!isFields(parsed)) return undefined;
  const behavior: Fields = {};
  for (const [name, value] of Object.entries(named(parsed, directions))) {
    if (!isFields(value)) return undefined;
    const rules = named(value, ruleFields);
    if (rules.policies !== undefined) {
      if (!Array.isArray(rules.policies) || !rules.policies.every(isFields)) return undefined;
      rules.policies = rules.policies.map((policy) => ({
        type: '',
        value: 0,
        periodSeconds: 0,
        ...named(policy, policyFields),
      }));
    }
    behavior[name] = rules;
  }
  return Object.keys(behavior).length > 0 ? behavior : undefined;
}

/** The fields of these names, whatever their case, that are not null. */
function named(given: Fields, names: readonly string[]): Fields {
  const found: Fields = {};
  for (const [key, value] of Object.entries(given)) {
    const name = names.find((each) => each.toLowerCase() === key.toLowerCase());
    if (name !== undefined && value !== null) found[name] = value;
  }
  return found;
}
