/** Label selectors: built from text (query parameters) or from a LabelSelector object (spec.selector). */
import { parseRequirements } from './label-selector-parser.ts';
import { quote } from './quote.ts';
import {
  formatRequirement,
  newRequirement,
  type Requirement,
  requirementMatches,
  SelectorError,
} from './requirement.ts';

export interface Selector {
  /** Sorted by key; empty also for the selector that matches nothing. */
  readonly requirements: readonly Requirement[];
  matches(labels: Readonly<Record<string, string>> | undefined): boolean;
  /** Whether it selects everything. */
  empty(): boolean;
  /** The one value that every match has under the label. */
  requiresExactMatch(label: string): string | undefined;
  toString(): string;
}

/** A parsed selector of labels, as opposed to one of fields. */
export type LabelSelector = Selector;

/** meta/v1 LabelSelector as it stands in objects. */
export interface LabelSelectorObject {
  matchLabels?: Readonly<Record<string, string>>;
  matchExpressions?: readonly LabelSelectorRequirement[];
}

export interface LabelSelectorRequirement {
  key: string;
  /** In, NotIn, Exists or DoesNotExist. */
  operator: string;
  values?: readonly string[];
}

const noLabels: Readonly<Record<string, string>> = {};

class RequirementsSelector implements Selector {
  readonly requirements: readonly Requirement[];

  constructor(requirements: readonly Requirement[]) {
    this.requirements = [...requirements].sort((left, right) =>
      left.key < right.key ? -1 : left.key > right.key ? 1 : 0,
    );
  }

  matches(labels: Readonly<Record<string, string>> | undefined): boolean {
    for (const requirement of this.requirements) {
      if (!requirementMatches(requirement, labels ?? noLabels)) return false;
    }
    return true;
  }

  empty(): boolean {
    return this.requirements.length === 0;
  }

  requiresExactMatch(label: string): string | undefined {
    const first = this.requirements.find((requirement) => requirement.key === label);
    if (first === undefined || first.values.length !== 1) return undefined;
    return first.operator === '=' || first.operator === '==' || first.operator === 'in' ? first.values[0] : undefined;
  }

  toString(): string {
    return this.requirements.map(formatRequirement).join(',');
  }
}

export const everything: Selector = new RequirementsSelector([]);

export const nothing: Selector = {
  requirements: [],
  matches: () => false,
  empty: () => false,
  requiresExactMatch: () => undefined,
  toString: () => '',
};

/** Upstream's grammar: `a=b,c!=d,e in (f,g),h,!i,j>1`. Throws SelectorError with upstream's message. */
export function parseLabelSelector(text: string): Selector {
  const requirements = parseRequirements(text);
  return requirements.length === 0 ? everything : new RequirementsSelector(requirements);
}

/** Equality on every label given; nothing is validated. */
export function selectorFromSet(labels: Readonly<Record<string, string>> | undefined): Selector {
  const entries = Object.entries(labels ?? {});
  return new RequirementsSelector(entries.map(([key, value]) => ({ key, operator: '=', values: [value] })));
}

const objectOperators: Record<string, 'in' | 'notin' | 'exists' | '!'> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/** An absent selector matches nothing, an empty one everything. Throws SelectorError. */
export function selectorFromLabelSelector(selector: Readonly<LabelSelectorObject> | null | undefined): Selector {
  if (selector == null) return nothing;
  const requirements = Object.entries(selector.matchLabels ?? {}).map(([key, value]) =>
    newRequirement(key, '=', [value]),
  );
  for (const expression of selector.matchExpressions ?? []) {
    const operator = Object.hasOwn(objectOperators, expression.operator)
      ? objectOperators[expression.operator]
      : undefined;
    if (operator === undefined)
      throw new SelectorError(`${quote(expression.operator)} is not a valid label selector operator`);
    requirements.push(newRequirement(expression.key, operator, expression.values ?? []));
  }
  return requirements.length === 0 ? everything : new RequirementsSelector(requirements);
}
