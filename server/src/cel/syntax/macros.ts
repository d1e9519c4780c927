/** Expands macros while parsing, to the same comprehensions as cel-go, on which its cost model counts. */
import type { ComprehensionExpr, Expr } from './ast.ts';
import { SyntaxIssue } from './issue.ts';

/** Name of the hidden accumulator: no identifier of an expression can be it. */
export const ACCUMULATOR = '@result';

const call = (pos: number, fn: string, args: Expr[], target?: Expr): Expr =>
  target === undefined ? { kind: 'call', pos, fn, args } : { kind: 'call', pos, fn, args, target };
const ident = (pos: number, name: string): Expr => ({ kind: 'ident', pos, name });
const bool = (pos: number, value: boolean): Expr => ({ kind: 'const', pos, constant: { type: 'bool', value } });
const int = (pos: number, value: bigint): Expr => ({ kind: 'const', pos, constant: { type: 'int', value } });
const list = (pos: number, elements: Expr[]): Expr => ({ kind: 'list', pos, elements, optional: new Set() });

type Parts = Pick<ComprehensionExpr, 'init' | 'condition' | 'step' | 'result'>;

/** The expansion, or undefined where this is an ordinary call. `cel.bind` is a macro only where there are `bindings`. */
export function expandMacro(
  pos: number,
  name: string,
  target: Expr | undefined,
  args: Expr[],
  bindings = false,
): Expr | undefined {
  if (target === undefined) return name === 'has' && args.length === 1 ? has(pos, args[0] as Expr) : undefined;
  const [first, second, third, fourth] = args;
  if (bindings && target.kind === 'ident' && target.name === 'cel') {
    if (name !== 'bind' || first === undefined || second === undefined || third === undefined || args.length !== 3)
      return undefined;
    return bind(pos, variable(first, 'cel.bind() variable names must be simple identifiers'), second, third);
  }
  if (first === undefined || second === undefined) return undefined;
  if (third !== undefined && fourth !== undefined) {
    return args.length === 4 ? twoVariables(pos, name, target, first, second, fourth, third) : undefined;
  }
  if (name === 'optMap' || name === 'optFlatMap')
    return third === undefined ? optional(pos, name, target, first, second) : undefined;
  if (name === 'sortBy') return third === undefined ? sortBy(pos, target, variable(first), second) : undefined;
  const accu = ident(pos, ACCUMULATOR);
  if (third === undefined) {
    const parts = oneVariable(pos, name, accu, first, second);
    return (
      parts && { kind: 'comprehension', pos, iterVar: variable(first), range: target, accuVar: ACCUMULATOR, ...parts }
    );
  }
  if (name === 'map') {
    const step = call(pos, '_?_:_', [second, call(pos, '_+_', [accu, list(pos, [third])]), accu]);
    const parts = { init: list(pos, []), condition: bool(pos, true), step, result: accu };
    return { kind: 'comprehension', pos, iterVar: variable(first), range: target, accuVar: ACCUMULATOR, ...parts };
  }
  return twoVariables(pos, name, target, first, second, third, undefined);
}

function variable(expr: Expr, message = 'argument must be a simple name'): string {
  if (expr.kind !== 'ident') throw new SyntaxIssue(expr.pos, message);
  if (expr.name === ACCUMULATOR) throw new SyntaxIssue(expr.pos, `iteration variable overwrites accumulator variable`);
  return expr.name;
}

function has(pos: number, argument: Expr): Expr {
  if (argument.kind === 'select' && !argument.testOnly) return { ...argument, pos, testOnly: true };
  throw new SyntaxIssue(argument.pos, 'invalid argument to has() macro');
}

function quantifier(pos: number, name: string, accu: Expr, predicate: Expr): Parts | undefined {
  switch (name) {
    case 'all':
      return {
        init: bool(pos, true),
        condition: call(pos, '@not_strictly_false', [accu]),
        step: call(pos, '_&&_', [accu, predicate]),
        result: accu,
      };
    case 'exists':
      return {
        init: bool(pos, false),
        condition: call(pos, '@not_strictly_false', [call(pos, '!_', [accu])]),
        step: call(pos, '_||_', [accu, predicate]),
        result: accu,
      };
    case 'exists_one':
    case 'existsOne':
      return {
        init: int(pos, 0n),
        condition: bool(pos, true),
        step: call(pos, '_?_:_', [predicate, call(pos, '_+_', [accu, int(pos, 1n)]), accu]),
        result: call(pos, '_==_', [accu, int(pos, 1n)]),
      };
    default:
      return undefined;
  }
}

function oneVariable(pos: number, name: string, accu: Expr, variableExpr: Expr, body: Expr): Parts | undefined {
  if (name === 'map' || name === 'filter') {
    const appended = call(pos, '_+_', [accu, list(pos, [name === 'map' ? body : variableExpr])]);
    const step = name === 'map' ? appended : call(pos, '_?_:_', [body, appended, accu]);
    return { init: list(pos, []), condition: bool(pos, true), step, result: accu };
  }
  return quantifier(pos, name, accu, body);
}

function twoVariables(
  pos: number,
  name: string,
  range: Expr,
  key: Expr,
  value: Expr,
  body: Expr,
  filter: Expr | undefined,
): Expr | undefined {
  const accu = ident(pos, ACCUMULATOR);
  const filtered = (step: Expr): Expr => (filter === undefined ? step : call(pos, '_?_:_', [filter, step, accu]));
  const map: Expr = { kind: 'map', pos, entries: [] };
  let parts: Parts | undefined;
  switch (name) {
    case 'transformList':
      parts = {
        init: list(pos, []),
        condition: bool(pos, true),
        step: filtered(call(pos, '_+_', [accu, list(pos, [body])])),
        result: accu,
      };
      break;
    case 'transformMap':
      parts = {
        init: map,
        condition: bool(pos, true),
        step: filtered(call(pos, 'cel.@mapInsert', [accu, key, body])),
        result: accu,
      };
      break;
    case 'transformMapEntry':
      parts = {
        init: map,
        condition: bool(pos, true),
        step: filtered(call(pos, 'cel.@mapInsert', [accu, body])),
        result: accu,
      };
      break;
    default:
      parts = filter === undefined && name !== 'exists_one' ? quantifier(pos, name, accu, body) : undefined;
  }
  if (parts === undefined) return undefined;
  return {
    kind: 'comprehension',
    pos,
    iterVar: variable(key),
    iterVar2: variable(value),
    range,
    accuVar: ACCUMULATOR,
    ...parts,
  };
}

function bind(pos: number, name: string, value: Expr, result: Expr): Expr {
  return {
    kind: 'comprehension',
    pos,
    iterVar: '#unused',
    range: list(pos, []),
    accuVar: name,
    init: value,
    condition: bool(pos, false),
    step: ident(pos, name),
    result,
  };
}

function optional(pos: number, name: string, target: Expr, variableExpr: Expr, body: Expr): Expr {
  const input = '#optional';
  const bound = bind(pos, variable(variableExpr), call(pos, 'value', [], ident(pos, input)), body);
  const yes = name === 'optMap' ? call(pos, 'optional.of', [bound]) : bound;
  const chosen = call(pos, '_?_:_', [
    call(pos, 'hasValue', [], ident(pos, input)),
    yes,
    call(pos, 'optional.none', []),
  ]);
  return bind(pos, input, target, chosen);
}

function sortBy(pos: number, target: Expr, name: string, key: Expr): Expr {
  const input = '#sortBy';
  const keys = expandMacro(pos, 'map', ident(pos, input), [ident(pos, name), key]) as Expr;
  return bind(pos, input, target, call(pos, '@sortByAssociatedKeys', [keys], ident(pos, input)));
}
