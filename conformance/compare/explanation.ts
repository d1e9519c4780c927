import type { Case, Step } from './case.ts';
import type { Difference } from './difference.ts';
import type { Answer } from './target.ts';

/** A difference that is right as it is, with the reason. All that is given must match. */
export interface Explanation {
  reason: string;
  /** The case's name. */
  case?: RegExp;
  /** `METHOD path`, as written in the corpus. */
  request?: RegExp;
  /** The label of the step. */
  label?: RegExp;
  /** Where in the answer. */
  at?: RegExp;
  /** The value (as JSON) of the first or the second cluster there. */
  first?: RegExp;
  second?: RegExp;
  /** The status code of the second cluster's answer. */
  secondStatus?: number;
}

export function explain(
  explanations: readonly Explanation[],
  each: Case,
  { step, request, second }: { step: Step; request: string; second: Answer },
  difference: Difference,
): Explanation | undefined {
  const matches = (pattern: RegExp | undefined, value: string): boolean => pattern?.test(value) ?? true;
  return explanations.find(
    (explanation) =>
      (explanation.secondStatus === undefined || explanation.secondStatus === second.status) &&
      matches(explanation.case, each.name) &&
      matches(explanation.request, request) &&
      matches(explanation.label, step.label ?? '') &&
      matches(explanation.at, difference.at) &&
      matches(explanation.first, JSON.stringify(difference.first) ?? 'absent') &&
      matches(explanation.second, JSON.stringify(difference.second) ?? 'absent'),
  );
}
