/** The selectors of a question: what a list or watch would be narrowed to. */
import { parseFieldSelector, parseLabelSelector } from '@typernetes/openapi/meta';
import type {
  FieldSelectorAttributes,
  LabelSelectorAttributes,
  ResourceAttributes,
} from '@typernetes/openapi/types/authorization/v1';
import {
  type FieldError,
  invalidValue,
  path,
  required,
  validateOperator,
  validateRequirement,
} from '../validation/index.ts';

/** Requirements that no selector text can express are left out: that widens the question, never the answer. */
export function fieldSelectorOf(selector: FieldSelectorAttributes | undefined): string | undefined {
  return textOf(fieldTerms(selector));
}

export function labelSelectorOf(selector: LabelSelectorAttributes | undefined): string | undefined {
  return textOf(labelTerms(selector));
}

/** What an answer says of the selectors that were left out, wholly or in part. */
export function selectorProblems(resource: ResourceAttributes | undefined): string[] {
  const read = {
    fieldSelector: fieldTerms(resource?.fieldSelector),
    labelSelector: labelTerms(resource?.labelSelector),
  };
  return Object.entries(read).flatMap(([name, { terms, ignored }]) =>
    ignored === 0
      ? []
      : [`spec.resourceAttributes.${name} ${terms.length > 0 ? 'partially ' : ''}ignored due to parse error`],
  );
}

interface Terms {
  terms: string[];
  /** How many requirements make no sense. */
  ignored: number;
}

const textOf = ({ terms }: Terms): string | undefined => (terms.length === 0 ? undefined : terms.join(','));

function fieldTerms(selector: FieldSelectorAttributes | undefined): Terms {
  if (selector?.rawSelector) return readable(selector.rawSelector, parseFieldSelector);
  const requirements = selector?.requirements ?? [];
  const terms: string[] = [];
  let ignored = 0;
  for (const { key, operator, values = [] } of requirements) {
    const [value] = values;
    const sign = operator === 'In' ? '=' : operator === 'NotIn' ? '!=' : undefined;
    if (sign === undefined || values.length !== 1 || value === undefined) ignored++;
    else if (!/[\\,=]/.test(value)) terms.push(`${key}${sign}${value}`);
  }
  return { terms, ignored };
}

function labelTerms(selector: LabelSelectorAttributes | undefined): Terms {
  if (selector?.rawSelector) return readable(selector.rawSelector, parseLabelSelector);
  const read = (selector?.requirements ?? []).map((requirement) => {
    const text = labelTerm(requirement);
    return text === undefined ? { terms: [], ignored: 1 } : readable(text, parseLabelSelector);
  });
  return {
    terms: read.flatMap(({ terms }) => terms),
    ignored: read.reduce((sum, { ignored }) => sum + ignored, 0),
  };
}

type Requirement = NonNullable<LabelSelectorAttributes['requirements']>[number];

function labelTerm({ key, operator, values = [] }: Requirement): string | undefined {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length === 0 ? undefined : `${key} ${operator.toLowerCase()} (${values.join(',')})`;
    case 'Exists':
      return values.length > 0 ? undefined : key;
    case 'DoesNotExist':
      return values.length > 0 ? undefined : `!${key}`;
    default:
      return undefined;
  }
}

function readable(text: string, parse: (text: string) => unknown): Terms {
  try {
    parse(text);
    return { terms: [text], ignored: 0 };
  } catch {
    return { terms: [], ignored: 1 };
  }
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
    for (const [index, { key, operator = '', ...given }] of requirements.entries()) {
      const here = at.child('requirements').index(index);
      const requirement = { key: key ?? '', operator, ...given };
      if (name === 'labelSelector') errors.push(...validateRequirement(requirement, here, { anyOperator: true }));
      else {
        if (!key) errors.push(required(here.child('key'), 'must be specified'));
        errors.push(...validateOperator(requirement, here, { anyOperator: true }));
      }
    }
  }
  return errors;
}
