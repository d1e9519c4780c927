/** A question to an authorizer as SubjectAccessReview carries it. */
import { parseFieldSelector, parseLabelSelector } from '@typernetes/openapi/meta';
import type { SubjectAccessReviewSpec } from '@typernetes/openapi/types/authorization/v1';
import type { AuthorizerAttributes } from '../authorizer.ts';

export function accessReviewSpec(attributes: AuthorizerAttributes): SubjectAccessReviewSpec {
  const { user, verb, path } = attributes;
  const extra = Object.entries(user.extra ?? {}).map(([key, values]): [string, string[]] => [key, [...values]]);
  const spec: SubjectAccessReviewSpec = {
    user: user.name,
    groups: [...user.groups],
    ...(user.uid === undefined ? {} : { uid: user.uid }),
    ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
  };
  if (!attributes.resourceRequest) return { ...spec, nonResourceAttributes: { path, verb } };
  const { namespace, apiGroup: group, apiVersion: version, resource, subresource, name } = attributes;
  const fieldSelector = requirements(attributes.fieldSelector, fieldRequirements);
  const labelSelector = requirements(attributes.labelSelector, labelRequirements);
  const strings = { namespace, verb, group, version, resource, subresource, name };
  return {
    ...spec,
    resourceAttributes: {
      ...Object.fromEntries(Object.entries(strings).filter(([, value]) => value !== '')),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    },
  };
}

interface Requirement {
  key: string;
  operator: string;
  values?: string[];
}

/** A selector that cannot be read narrows nothing. */
function requirements(
  text: string | undefined,
  parse: (text: string) => Requirement[],
): { requirements: Requirement[] } | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    const parsed = parse(text);
    return parsed.length === 0 ? undefined : { requirements: parsed };
  } catch {
    return undefined;
  }
}

function fieldRequirements(text: string): Requirement[] {
  return parseFieldSelector(text).requirements.map(({ field, operator, value }) => ({
    key: field,
    operator: operator === '=' ? 'In' : 'NotIn',
    values: [value],
  }));
}

const labelOperators: Record<string, string> = {
  in: 'In',
  '=': 'In',
  '==': 'In',
  notin: 'NotIn',
  '!=': 'NotIn',
  exists: 'Exists',
  '!': 'DoesNotExist',
};

/** Comparisons by size have no form in a review: they are left out, which widens the question. */
function labelRequirements(text: string): Requirement[] {
  return parseLabelSelector(text).requirements.flatMap(({ key, operator, values }) => {
    const word = labelOperators[operator];
    if (word === undefined) return [];
    return [{ key, operator: word, ...(values.length === 0 ? {} : { values: [...values] }) }];
  });
}
