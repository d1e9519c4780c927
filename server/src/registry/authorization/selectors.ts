/** The selectors of a question: what a list or watch would be narrowed to. */
import type {
  FieldSelectorAttributes,
  LabelSelectorAttributes,
  ResourceAttributes,
} from '@typernetes/openapi/types/authorization/v1';
import { type FieldError, invalidValue, path, required } from '../validation/index.ts';

/** Requirements that no selector text can express are left out: that widens the question, never the answer. */
export function fieldSelectorOf(selector: FieldSelectorAttributes | undefined): string | undefined {
  if (!selector) return undefined;
  if (selector.rawSelector) return selector.rawSelector;
  const terms = (selector.requirements ?? []).flatMap(({ key, operator, values }) => {
    const [value] = values ?? [];
    if (value === undefined || values?.length !== 1 || /[\\,=]/.test(value)) return [];
    if (operator === 'In') return [`${key}=${value}`];
    return operator === 'NotIn' ? [`${key}!=${value}`] : [];
  });
  return terms.length === 0 ? undefined : terms.join(',');
}

export function labelSelectorOf(selector: LabelSelectorAttributes | undefined): string | undefined {
  if (!selector) return undefined;
  if (selector.rawSelector) return selector.rawSelector;
  const terms = (selector.requirements ?? []).flatMap(({ key, operator, values }) => {
    switch (operator) {
      case 'In':
        return [`${key} in (${(values ?? []).join(',')})`];
      case 'NotIn':
        return [`${key} notin (${(values ?? []).join(',')})`];
      case 'Exists':
        return [key];
      case 'DoesNotExist':
        return [`!${key}`];
      default:
        return [];
    }
  });
  return terms.length === 0 ? undefined : terms.join(',');
}

export function validateSelectors(resource: ResourceAttributes | undefined): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['fieldSelector', 'labelSelector'] as const) {
    const selector = resource?.[name];
    if (!selector) continue;
    const at = path('spec').child('resourceAttributes', name);
    const requirements = selector.requirements ?? [];
    if (selector.rawSelector && requirements.length > 0) {
      const detail = 'may not specified at the same time as requirements';
      errors.push(invalidValue(at.child('rawSelector'), selector.rawSelector, detail));
    }
    if (!selector.rawSelector && requirements.length === 0) {
      const detail = `when spec.resourceAttributes.${name} is specified, requirements or rawSelector is required`;
      errors.push(required(at.child('requirements'), detail));
    }
  }
  return errors;
}
