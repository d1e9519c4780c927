import type { CaseOutcome, StepOutcome } from './run.ts';

export interface Totals {
  cases: number;
  requests: number;
  equal: number;
  explained: number;
  differ: number;
}

export function totals(outcomes: readonly CaseOutcome[]): Totals {
  const steps = outcomes.flatMap((outcome) => outcome.steps);
  const differ = steps.filter(({ unexplained }) => unexplained.length > 0).length;
  const explained = steps.filter((step) => step.unexplained.length === 0 && step.explained.length > 0).length;
  return {
    cases: outcomes.length,
    requests: steps.length,
    equal: steps.length - differ - explained,
    explained,
    differ,
  };
}

export const closingLine = ({ cases, requests, equal, explained, differ }: Totals): string =>
  `${requests} requests in ${cases} cases: ${equal} equal, ${explained} differ as explained, ${differ} differ`;

const longest = 400;

/** One request and where its answers differ; empty if nowhere. */
export function describe({ step, request, unexplained }: StepOutcome): string {
  if (unexplained.length === 0) return '';
  const show = (value: unknown): string => {
    const text = value === undefined ? '(absent)' : JSON.stringify(value);
    return text.length > longest ? `${text.slice(0, longest)}…` : text;
  };
  const lines = [`  ${request}${step.label === undefined ? '' : ` (${step.label})`}`];
  for (const { at, first, second } of unexplained)
    lines.push(`    ${at}`, `      first:  ${show(first)}`, `      second: ${show(second)}`);
  return lines.join('\n');
}

export function describeCase(outcome: CaseOutcome): string {
  const steps = outcome.steps.map(describe).filter((text) => text !== '');
  return steps.length === 0 ? '' : [outcome.case.name, ...steps].join('\n');
}

/** Every explained difference that was met, under its reason. */
export function explainedList(outcomes: readonly CaseOutcome[]): string {
  const byReason = new Map<string, string[]>();
  for (const { case: each, steps } of outcomes)
    for (const { request, step, explained } of steps)
      for (const { difference, explanation } of explained) {
        const places = byReason.get(explanation.reason) ?? [];
        places.push(
          `  ${each.name}: ${request}${step.label === undefined ? '' : ` (${step.label})`}: ${difference.at}`,
        );
        byReason.set(explanation.reason, places);
      }
  return [...byReason].map(([reason, places]) => `${reason}\n${places.join('\n')}\n`).join('\n');
}
