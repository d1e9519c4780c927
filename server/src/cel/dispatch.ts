/** Calls: which overload the values choose, and what it costs. */
import { runtimeCost } from './cost/runtime.ts';
import type { Evaluator } from './evaluator.ts';
import type { Overload } from './library/overload.ts';
import type { CallExpr } from './syntax/ast.ts';
import { elementOf, isDyn, isOptional, type Type } from './types/type.ts';
import { EvaluationError, fits, typeName, type Value } from './values/value.ts';

/** One overload whose arguments' types are known is called directly; else the values decide. */
export function dispatch(expr: CallExpr, args: readonly Evaluator[]): Evaluator {
  const overloads = expr.overloads ?? [];
  const [only] = overloads;
  const expressions = expr.target === undefined ? expr.args : [expr.target, ...expr.args];
  const direct =
    only !== undefined && overloads.length === 1 && expressions.every((each, i) => isKnown(each.type, only.params[i]));
  const costs = overloads.map((each) => runtimeCost(each.name, each.id));
  return (state) => {
    const values = args.map((each) => each(state));
    const index = direct ? 0 : overloads.findIndex((each) => accepts(each, values));
    const overload = overloads[index];
    if (overload === undefined) throw new EvaluationError(noSuchOverload(expr.fn, values));
    const cost = costs[index] as (typeof costs)[number];
    // Paid for before it runs, where the result does not matter: one call can take long by itself.
    if (cost.length < 2) {
      state.spend(cost(values, null));
      return (overload.run as (...args: Value[]) => Value)(...values);
    }
    const result = (overload.run as (...args: Value[]) => Value)(...values);
    state.spend(cost(values, result));
    return result;
  };
}

function noSuchOverload(fn: string, values: readonly Value[]): string {
  return /^[@_!-]|_$/.test(fn) ? 'no such overload' : `no such overload: ${fn}(${values.map(typeName).join(', ')})`;
}

function accepts(overload: Overload, values: readonly Value[]): boolean {
  return overload.params.every((each, index) => fits(values[index] as Value, each));
}

/** Whether the static type alone tells that values fit: deep, for what is inside of lists is not looked at again. */
function isKnown(type: Type | undefined, formal: Type | undefined): boolean {
  if (type === undefined || formal === undefined) return false;
  if (formal.kind === 'param' || isDyn(formal)) return true;
  if (isDyn(type)) return false;
  return (
    (type.kind !== 'null' || formal.kind === 'null') &&
    (isOptional(type) || type.params.length === 0 || isKnown(elementOf(type), elementOf(formal)))
  );
}
