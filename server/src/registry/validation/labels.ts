import { validateAnnotations, validateLabels } from '@typernetes/openapi/meta';
import type { LabelSelectorLike } from '../printing/selectors.ts';
import type { FieldError, Path } from './field.ts';
import { checked, forbiddenField, invalidValue, path, required } from './field.ts';
import { labelValue, qualifiedName } from './names.ts';

export { validateAnnotations, validateLabels };

type Selector = LabelSelectorLike | undefined | null;

/** `stored`: where one of these, as they were before an update, was wrong, the values of labels may still be. */
export function validateLabelSelector(selector: Selector, at: Path, stored: readonly Selector[] = []): FieldError[] {
  if (!selector) return [];
  const requirements = selector.matchExpressions ?? [];
  const anyValue = requirements.length > 0 && stored.some((one) => one != null && !isValidSelector(one));
  const errors = validateLabels(selector.matchLabels ?? undefined, at.child('matchLabels'));
  for (const [index, requirement] of requirements.entries()) {
    errors.push(...validateRequirement(requirement, at.child('matchExpressions').index(index), { anyValue }));
  }
  return errors;
}

interface Requirement {
  key: string;
  operator: string;
  values?: readonly string[] | null;
}

interface RequirementOptions {
  /** Of a newer client: what it means is not for this server to say. */
  anyOperator?: boolean;
  /** It was stored so: labels of pods tell whether it selects any. */
  anyValue?: boolean;
}

export function validateRequirement(
  requirement: Requirement,
  at: Path,
  options: RequirementOptions = {},
): FieldError[] {
  const values = requirement.values ?? [];
  return [
    ...validateOperator(requirement, at, options),
    ...checked(at.child('key'), requirement.key, qualifiedName(requirement.key ?? '')),
    ...(options.anyValue === true ? [] : values).flatMap((value, index) =>
      checked(at.child('values').index(index), value, labelValue(value)),
    ),
  ];
}

/** Whether the operator is one, and has values where it needs them. */
export function validateOperator(
  requirement: Requirement,
  at: Path,
  { anyOperator = false }: RequirementOptions = {},
): FieldError[] {
  const values = requirement.values ?? [];
  const errors: FieldError[] = [];
  switch (requirement.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0)
        errors.push(required(at.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"));
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        errors.push(
          forbiddenField(at.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
        );
      }
      break;
    default:
      if (!anyOperator)
        errors.push(invalidValue(at.child('operator'), requirement.operator, 'not a valid selector operator'));
  }
  return errors;
}

/** As Go prints it: keys of maps in order, fields in that of the type. */
export function printedSelector({ matchLabels, matchExpressions }: LabelSelectorLike): unknown {
  const labels = Object.entries(matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const expressions = (matchExpressions ?? []).map(({ key, operator, values }) => ({
    key,
    operator,
    ...((values ?? []).length === 0 ? {} : { values }),
  }));
  return {
    ...(labels.length === 0 ? {} : { matchLabels: Object.fromEntries(labels) }),
    ...(expressions.length === 0 ? {} : { matchExpressions: expressions }),
  };
}

/** Whether a selector can be evaluated at all, and if so whether it matches. Undefined: it cannot. */
export function selectorMatches(
  selector: LabelSelectorLike | undefined | null,
  labels: Record<string, string> | undefined | null,
): boolean | undefined {
  if (!selector) return false;
  if (!isValidSelector(selector)) return undefined;
  const set = new Map(Object.entries(labels ?? {}));
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (set.get(key) !== value) return false;
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const value = set.get(key);
    switch (operator) {
      case 'In':
        if (value === undefined || !(values ?? []).includes(value)) return false;
        break;
      case 'NotIn':
        if (value !== undefined && (values ?? []).includes(value)) return false;
        break;
      case 'Exists':
        if (value === undefined) return false;
        break;
      case 'DoesNotExist':
        if (value !== undefined) return false;
        break;
      default:
        return undefined;
    }
  }
  return true;
}

export const isValidSelector = (selector: LabelSelectorLike): boolean =>
  validateLabelSelector(selector, path('')).length === 0;

export function isEmptySelector(selector: LabelSelectorLike | undefined | null): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0;
}
