/** What expressions may use, and how they are compiled and evaluated. */
import type { Checked } from './checker.ts';
import { check } from './checker.ts';
import { compileExpression } from './compile.ts';
import { estimateCost } from './cost/estimate.ts';
import { type Evaluator, type Lookup, State } from './evaluator.ts';
import { authorizer, DecisionPending } from './library/authorizer.ts';
import { lists } from './library/lists.ts';
import { network } from './library/network.ts';
import { optional } from './library/optional.ts';
import { FunctionTable } from './library/overload.ts';
import { quantity } from './library/quantity.ts';
import { compilePattern } from './library/regular-expression.ts';
import { standard } from './library/standard.ts';
import { strings } from './library/strings.ts';
import { text } from './library/text.ts';
import type { Expr } from './syntax/ast.ts';
import type { Issue } from './syntax/issue.ts';
import { formatIssues, SyntaxIssue } from './syntax/issue.ts';
import { parse } from './syntax/parser.ts';
import type { Type } from './types/type.ts';
import { parseDuration, parseTimestamp } from './values/time.ts';
import type { Value } from './values/value.ts';
import { EvaluationError } from './values/value.ts';

/** Upstream's limits (apiserver/pkg/apis/cel). */
export const limits = {
  /** One evaluation of one expression. */
  perCall: 1_000_000,
  /** All expressions of one custom resource, or of one policy binding. */
  runtimeBudget: 10_000_000,
  /** All match conditions of one webhook or binding. */
  matchConditionsBudget: 2_500_000,
  /** Estimated, at compile time. */
  perExpression: 10_000_000,
  perCustomResourceDefinition: 100_000_000,
  messageBytes: 5 * 1024,
} as const;

const functions = new FunctionTable([standard, optional, strings, lists, text, quantity, network, authorizer]);

export interface Environment {
  readonly functions: FunctionTable;
  readonly variables: ReadonlyMap<string, Type>;
  readonly structs: ReadonlyMap<string, Type>;
  /** Whether `cel.bind` is there: only for devices. */
  readonly bindings: boolean;
}

export function environment(
  variables: Record<string, Type>,
  structs: Record<string, Type> = {},
  { bindings = false } = {},
): Environment {
  return {
    functions,
    variables: new Map(Object.entries(variables)),
    structs: new Map(Object.entries(structs)),
    bindings,
  };
}

export interface Program {
  readonly source: string;
  readonly type: Type;
  /** The most that one evaluation can cost, estimated from the types; `UNBOUNDED` where nothing bounds it. */
  readonly cost: { min: number; max: number };
  /** The declared variables that are read. */
  readonly references: ReadonlySet<string>;
  readonly run: Evaluator;
}

export type Compiled = { program: Program; errors?: undefined } | { program?: undefined; errors: string };

/** `errors` is upstream's text: one line per issue, the source and a caret under it. */
export function compile(source: string, env: Environment): Compiled {
  let expr: Expr;
  let checked: Checked;
  try {
    expr = parse(source, env.bindings);
    checked = check(expr, env);
  } catch (error) {
    if (error instanceof SyntaxIssue) return { errors: formatIssues(source, error.issues) };
    throw error;
  }
  const issues = checked.issues.length > 0 ? checked.issues : checkLiterals(expr);
  if (issues.length > 0) return { errors: formatIssues(source, issues) };
  return {
    program: {
      source,
      type: checked.type,
      cost: estimateCost(expr, env.variables),
      references: checked.references,
      run: compileExpression(expr, env.structs),
    },
  };
}

/** Literal patterns, durations and timestamps must be right when an expression is written, not when it runs. */
function checkLiterals(expr: Expr): Issue[] {
  const issues: Issue[] = [];
  const attempt = (pos: number, what: string, run: () => unknown): void => {
    try {
      run();
    } catch {
      issues.push({ pos, message: `invalid ${what} argument` });
    }
  };
  const visit = (node: Expr): void => {
    if (node.kind === 'call') {
      const argument = node.args.at(-1);
      if (argument?.kind === 'const' && argument.constant.type === 'string') {
        const { value } = argument.constant;
        if (node.fn === 'matches') attempt(argument.pos, 'matches', () => compilePattern(value));
        if (node.fn === 'duration') attempt(argument.pos, 'duration', () => parseDuration(value));
        if (node.fn === 'timestamp') attempt(argument.pos, 'timestamp', () => parseTimestamp(value));
      }
    }
    for (const child of children(node)) visit(child);
  };
  visit(expr);
  return issues;
}

function children(expr: Expr): Expr[] {
  switch (expr.kind) {
    case 'const':
    case 'ident':
      return [];
    case 'select':
      return [expr.operand];
    case 'call':
      return expr.target === undefined ? expr.args : [expr.target, ...expr.args];
    case 'list':
      return expr.elements;
    case 'map':
      return expr.entries.flatMap((entry) => [entry.key, entry.value]);
    case 'struct':
      return expr.fields.map((field) => field.value);
    case 'comprehension':
      return [expr.range, expr.init, expr.condition, expr.step, expr.result];
    default:
      return expr satisfies never;
  }
}

export type Bindings = Readonly<Record<string, Value | undefined>> | Lookup;

/** `cost` is what was spent, failed or not. */
export type Outcome =
  | { value: Value; error?: undefined; cost: number }
  | { value?: undefined; error: EvaluationError; cost: number };

/** Never throws but for DecisionPending, which `withDecisions` handles. */
export function evaluate(program: Program, bindings: Bindings, budget: number = limits.perCall): Outcome {
  const lookup: Lookup =
    typeof bindings === 'function' ? bindings : (name) => (Object.hasOwn(bindings, name) ? bindings[name] : undefined);
  const state = new State(lookup, budget);
  try {
    return { value: program.run(state), cost: state.cost };
  } catch (error) {
    if (error instanceof EvaluationError) return { error, cost: state.cost };
    throw error;
  }
}

/** Runs what may ask the authorizer: again after each decision, until none is missing. */
export async function withDecisions<T>(run: () => T): Promise<T> {
  while (true) {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof DecisionPending)) throw error;
      await error.decided;
    }
  }
}
