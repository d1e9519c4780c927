/** The most an expression can cost, from the sizes its types allow: cel-go's estimate with Kubernetes' library costs. */
import type { CallExpr, ComprehensionExpr, Expr } from '../syntax/ast.ts';
import { ACCUMULATOR } from '../syntax/macros.ts';
import type { Type } from '../types/type.ts';
import { elementOf, isOptional } from '../types/type.ts';
import { textLength } from '../values/equality.ts';

export interface Range {
  min: number;
  max: number;
}

/** Stands for "no bound"; sums and products stay at it. */
export const UNBOUNDED = 2 ** 64;

const range = (min: number, max: number): Range => ({ min: Math.min(min, UNBOUNDED), max: Math.min(max, UNBOUNDED) });
const fixed = (value: number): Range => range(value, value);
const add = (...all: Range[]): Range => all.reduce((a, b) => range(a.min + b.min, a.max + b.max));
const times = (a: Range, b: Range): Range => range(a.min * b.min, a.max * b.max);
const factor = (a: Range, by: number): Range => range(Math.ceil(a.min * by), Math.ceil(a.max * by));
const union = (a: Range, b: Range): Range => range(Math.min(a.min, b.min), Math.max(a.max, b.max));
const unknown: Range = range(0, UNBOUNDED);
const ONE = fixed(1);
const TRAVERSAL = 0.1;
const REGEX = 0.25;

interface Entries {
  key: Range;
  value: Range;
}
interface Local {
  declared?: Type | undefined;
  size?: Range | undefined;
  entries?: Entries | undefined;
}

/** The expression must have been checked, without issues. */
export function estimateCost(expr: Expr, variables: ReadonlyMap<string, Type>): Range {
  return new Estimator(variables).cost(expr);
}

class Estimator {
  private readonly declared = new Map<Expr, Type>();
  private readonly sizes = new Map<Expr, Range>();
  private readonly entries = new Map<Expr, Entries>();
  private readonly locals = new Map<string, Local[]>();
  private readonly variables: ReadonlyMap<string, Type>;

  constructor(variables: ReadonlyMap<string, Type>) {
    this.variables = variables;
  }

  cost(expr: Expr): Range {
    switch (expr.kind) {
      case 'const':
        return fixed(0);
      case 'ident': {
        const local = this.local(expr.name);
        this.remember(expr, local === undefined ? this.variable(expr.name) : local.declared);
        return ONE;
      }
      case 'select': {
        if (expr.variable !== undefined) return ONE;
        const operand = this.cost(expr.operand);
        if (expr.testOnly) return operand;
        const declared = this.declared.get(expr.operand);
        this.remember(expr, declared?.kind === 'map' ? elementOf(declared) : declared?.fields?.get(expr.field)?.type);
        return ['map', 'object', 'param'].includes(expr.operand.type?.kind ?? '') ? add(operand, ONE) : operand;
      }
      case 'call':
        return this.call(expr);
      case 'list': {
        const cost = add(fixed(10), ...expr.elements.map((each) => this.cost(each)));
        this.entries.set(expr, { key: ONE, value: this.unionOf(expr.elements) });
        return cost;
      }
      case 'map': {
        const cost = add(fixed(30), ...expr.entries.flatMap((entry) => [this.cost(entry.key), this.cost(entry.value)]));
        this.entries.set(expr, {
          key: this.unionOf(expr.entries.map((entry) => entry.key)),
          value: this.unionOf(expr.entries.map((entry) => entry.value)),
        });
        return cost;
      }
      case 'struct':
        return add(fixed(40), ...expr.fields.map((field) => this.cost(field.value)));
      case 'comprehension':
        return this.comprehension(expr);
      default:
        return expr satisfies never;
    }
  }

  private remember(expr: Expr, type: Type | undefined): void {
    if (type !== undefined) this.declared.set(expr, type);
  }

  private unionOf(items: readonly Expr[]): Range {
    return items.length === 0 ? fixed(0) : items.map((each) => this.size(each)).reduce(union);
  }

  /** In rules of schemas, whatever has a name is as large as the object: also the names of types. */
  private variable(name: string): Type | undefined {
    const declared = this.variables.get(name);
    return declared?.maxElements === undefined ? (this.variables.get('self') ?? declared) : declared;
  }

  private local(name: string): Local | undefined {
    return this.locals.get(name)?.at(-1);
  }

  private within<T>(bindings: Record<string, Local>, run: () => T): T {
    for (const [name, local] of Object.entries(bindings))
      this.locals.set(name, [...(this.locals.get(name) ?? []), local]);
    const result = run();
    for (const name of Object.keys(bindings)) this.locals.get(name)?.pop();
    return result;
  }

  private computed(expr: Expr): Range | undefined {
    const known = this.sizes.get(expr);
    if (known !== undefined) return known;
    if (expr.kind === 'const') {
      const { value } = expr.constant;
      return fixed(typeof value === 'string' ? textLength(value) : value instanceof Uint8Array ? value.length : 1);
    }
    if (expr.kind === 'list') return fixed(expr.elements.length);
    if (expr.kind === 'map') return fixed(expr.entries.length);
    const declared = this.declared.get(expr);
    if (declared !== undefined && declared.maxElements !== undefined) return range(0, declared.maxElements);
    if (isScalar(expr.type)) return ONE;
    return expr.kind === 'ident' ? this.local(expr.name)?.size : undefined;
  }

  private size(expr: Expr | undefined): Range {
    return (expr && this.computed(expr)) ?? unknown;
  }

  private entry(expr: Expr): Entries | undefined {
    return this.entries.get(expr) ?? (expr.kind === 'ident' ? this.local(expr.name)?.entries : undefined);
  }

  private asLocal(expr: Expr): Local {
    return { declared: this.declared.get(expr), size: this.computed(expr), entries: this.entry(expr) };
  }

  private comprehension(expr: ComprehensionExpr): Range {
    const cost = add(this.cost(expr.range), this.cost(expr.init));
    const accu = { [expr.accuVar]: this.asLocal(expr.init) };
    if (expr.accuVar !== ACCUMULATOR) {
      const total = this.within(accu, () => add(cost, this.cost(expr.result)));
      this.copy(expr, expr.result);
      return total;
    }
    const declared = this.declared.get(expr.range);
    const entries = this.entry(expr.range);
    const isMap = (declared ?? expr.range.type)?.kind === 'map';
    const key: Local = { declared: isMap ? declared?.params[0] : undefined, size: entries?.key };
    const value: Local = { declared: declared && elementOf(declared), size: entries?.value };
    const bound: Record<string, Local> =
      expr.iterVar2 === undefined
        ? { [expr.iterVar]: isMap ? key : value }
        : { [expr.iterVar]: key, [expr.iterVar2]: value };
    return this.within(accu, () => {
      const each = this.within(bound, () => add(this.cost(expr.condition), this.cost(expr.step)));
      const count = this.size(expr.range);
      const total = add(cost, this.cost(expr.result), times(count, each));
      if (expr.init.kind === 'list' || expr.init.kind === 'map') {
        this.sizes.set(expr, count);
        const stepEntries = this.entry(expr.step);
        if (stepEntries !== undefined) this.entries.set(expr, stepEntries);
      } else if (expr.init.kind === 'const') this.sizes.set(expr, ONE);
      return total;
    });
  }

  private copy(to: Expr, from: Expr): void {
    const size = this.computed(from);
    if (size !== undefined) this.sizes.set(to, size);
    const entries = this.entry(from);
    if (entries !== undefined) this.entries.set(to, entries);
  }

  private call(expr: CallExpr): Range {
    const args = expr.args.map((each) => this.cost(each));
    const [first = fixed(0), second = fixed(0), third = fixed(0)] = args;
    const target = expr.target === undefined ? fixed(0) : this.cost(expr.target);
    switch (expr.fn) {
      case 'dyn':
        this.copy(expr, expr.args[0] as Expr);
        return add(ONE, first);
      case '_&&_':
      case '_||_':
        return range(first.min, add(first, second).max);
      case '_?_:_': {
        const [, yes, no] = expr.args as [Expr, Expr, Expr];
        this.sizes.set(expr, union(this.size(yes), this.size(no)));
        const [a, b] = [this.entry(yes), this.entry(no)];
        if (a && b) this.entries.set(expr, { key: union(a.key, b.key), value: union(a.value, b.value) });
        return add(first, union(second, third));
      }
    }
    const sum = args.reduce((a, b) => add(a, b), target);
    const overloads = expr.overloads ?? [];
    const calls = overloads.map((overload) => this.function(expr, overload.id));
    for (const { result } of calls) {
      if (result !== undefined) this.sizes.set(expr, union(this.sizes.get(expr) ?? result, result));
    }
    return add(sum, calls.length === 0 ? fixed(0) : calls.map((each) => each.cost).reduce(union));
  }

  private function(expr: CallExpr, id: string): { cost: Range; result?: Range } {
    const [a, b] = expr.args;
    const target = expr.target;
    const walk = (value: Range, by = TRAVERSAL): Range => factor(value, by);
    switch (expr.fn) {
      case 'check':
        return { cost: fixed(350_000) };
      case 'fieldSelector':
      case 'labelSelector': {
        const length = this.size(a);
        return { cost: add(fixed(10), walk(length), factor(factor(length, 0.5), 50)) };
      }
      case 'isSorted':
      case 'sum':
      case 'min':
      case 'max':
      case 'indexOf':
      case 'lastIndexOf': {
        if (target === undefined || !id.startsWith('list')) return { cost: walk(this.size(target)) };
        const declared = this.declared.get(target);
        const element = declared === undefined ? undefined : elementOf(declared);
        const isText = ['string', 'bytes'].includes(elementOf(target.type ?? (declared as Type)).kind);
        const length = element?.maxElements === undefined ? unknown : range(0, element.maxElements);
        return { cost: times(this.size(target), isText ? add(ONE, walk(length)) : ONE) };
      }
      case 'url':
      case 'jsonpatch.escapeKey':
        return { cost: walk(this.size(a)), result: this.size(a) };
      case 'lowerAscii':
      case 'upperAscii':
      case 'substring':
      case 'trim':
        return { cost: walk(this.size(target)), result: this.size(target) };
      case 'replace':
        return {
          cost: walk(this.size(target), 2 * TRAVERSAL),
          result: replaced(this.size(target), this.size(a), this.size(b)),
        };
      case 'split': {
        const length = this.size(target);
        const limit = b?.kind === 'const' && b.constant.type === 'int' ? Number(b.constant.value) : length.max;
        return { cost: walk(length, 2 * TRAVERSAL), result: range(0, limit < 0 ? length.max : limit) };
      }
      case 'join': {
        const items = this.size(target);
        const element = target && this.declared.get(target);
        const each =
          element === undefined
            ? ((target && this.entry(target)?.value) ?? unknown)
            : range(0, elementOf(element).maxElements ?? UNBOUNDED);
        const separators = range(Math.max(items.min - 1, 0), Math.max(items.max - 1, 0));
        const length = a === undefined ? times(items, each) : add(times(items, each), times(this.size(a), separators));
        return { cost: walk(length), result: length };
      }
      case 'find':
      case 'findAll':
      case 'matches': {
        const text = target ?? a;
        const regex = target === undefined ? b : a;
        const length = this.size(text);
        const cost = times(walk(add(length, ONE)), factor(this.size(regex), REGEX));
        return expr.fn === 'matches' ? { cost } : { cost, result: range(0, length.max) };
      }
      case 'ip':
        return { cost: id.startsWith('CIDR') ? ONE : walk(this.size(a)) };
      case 'cidr':
      case 'isIP':
      case 'isCIDR':
      case 'quantity':
      case 'isQuantity':
      case 'semver':
      case 'isSemver':
      case 'startsWith':
      case 'endsWith':
        return { cost: walk(this.size(a)) };
      case 'ip.isCanonical':
        return { cost: walk(this.size(a), 2 * TRAVERSAL) };
      case 'containsIP':
      case 'containsCIDR': {
        const parts = [walk(range(8, 32))];
        if (expr.fn === 'containsCIDR') parts.push(walk(range(4, 16)), ONE);
        if (id.includes('string')) parts.push(walk(this.size(a)));
        return { cost: add(...parts) };
      }
      case 'validate':
        return { cost: factor(walk(this.size(a)), 128 * REGEX) };
      case 'format':
        return { cost: walk(this.size(target)) };
      case 'bytes':
      case 'string': {
        const length = this.size(a);
        if (expr.fn === 'bytes' ? !id.includes('(string)') : !id.includes('(bytes)')) return { cost: ONE };
        const result = expr.fn === 'bytes' ? range(length.min, length.max * 4) : range(length.min / 4, length.max);
        return { cost: walk(length), result };
      }
      case 'strings.quote':
        return { cost: walk(this.size(a)), result: range(this.size(a).min + 2, this.size(a).max * 2 + 2) };
      case '@in':
        return { cost: id.includes('list') ? this.size(b) : ONE };
      case 'contains':
        return { cost: times(walk(this.size(target)), walk(this.size(a))) };
      case '_[_]': {
        const container = a as Expr;
        const declared = this.declared.get(container);
        this.remember(expr, declared && elementOf(declared));
        const value = this.entry(container)?.value;
        return value === undefined ? { cost: ONE } : { cost: ONE, result: value };
      }
      case '_+_': {
        if (!/string|bytes|list/.test(id)) return { cost: ONE };
        const [x, y] = [a && this.entry(a), b && this.entry(b)];
        if (x && y) this.entries.set(expr, { key: union(x.key, y.key), value: union(x.value, y.value) });
        const result = add(this.size(a), this.size(b));
        return { cost: id.includes('list') ? ONE : walk(result), result };
      }
      case '_<_':
      case '_<=_':
      case '_>_':
      case '_>=_':
        if (!/string|bytes/.test(id)) return { cost: ONE };
        return { cost: this.comparison(a, b) };
      case '_==_':
      case '_!=_': {
        if (a?.type?.kind === 'opaque' && !isOptional(a.type)) return { cost: ONE };
        return { cost: this.comparison(a, b) };
      }
      case 'sets.contains':
      case 'sets.intersects':
        return { cost: add(ONE, times(this.size(a), this.size(b))) };
      case 'sets.equivalent':
        return { cost: add(ONE, times(fixed(2), times(this.size(a), this.size(b)))) };
      default:
        return { cost: ONE };
    }
  }

  private comparison(a: Expr | undefined, b: Expr | undefined): Range {
    const max = Math.min(this.size(a).max, this.size(b).max);
    return factor(range(max > 0 ? 1 : 0, max), TRAVERSAL);
  }
}

function isScalar(type: Type | undefined): boolean {
  if (type === undefined) return false;
  if (isOptional(type)) return isScalar(elementOf(type));
  return ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'].includes(type.kind);
}

function replaced(text: Range, from: Range, to: Range): Range {
  const count = range(0, 0);
  const kept = range(0, 0);
  if (from.min === 0) {
    count.max = text.max + 1;
    kept.max = text.max;
  } else if (to.max <= from.min) kept.max = text.max;
  else count.max = Math.ceil(text.max / from.min);
  if (from.max === 0) {
    count.min = text.min + 1;
    kept.min = text.min;
  } else if (from.max <= to.min) kept.min = text.min;
  else count.min = Math.ceil(text.min / from.max);
  return add(times(count, to), kept);
}
