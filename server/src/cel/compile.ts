/** Turns a checked expression into closures. Each adds what it costs to the state, which ends evaluation when too much is spent. */
import { qualifiedName, typeIdentNames } from './checker.ts';
import { runtimeCost } from './cost/runtime.ts';
import { dispatch } from './dispatch.ts';
import { type Evaluator, noOverload } from './evaluator.ts';
import type { CallExpr, ComprehensionExpr, Expr, SelectExpr } from './syntax/ast.ts';
import { ACCUMULATOR } from './syntax/macros.ts';
import type { Type } from './types/type.ts';
import { equal } from './values/equality.ts';
import {
  ArrayList,
  CelList,
  CelMap,
  EntryMap,
  EvaluationError,
  Optional,
  TypeValue,
  Uint,
  type Value,
} from './values/value.ts';

export function compileExpression(expr: Expr, structs: ReadonlyMap<string, Type>): Evaluator {
  return new Compiler(structs).compile(expr);
}

class Compiler {
  private readonly scopes = new Map<string, number[]>();
  private slots = 0;
  private readonly structs: ReadonlyMap<string, Type>;

  constructor(structs: ReadonlyMap<string, Type>) {
    this.structs = structs;
  }

  compile(expr: Expr): Evaluator {
    switch (expr.kind) {
      case 'const': {
        const value = expr.constant.type === 'uint' ? new Uint(expr.constant.value) : expr.constant.value;
        return () => value;
      }
      case 'ident':
        return this.ident(expr.name);
      case 'select':
        return this.select(expr);
      case 'call':
        return this.call(expr);
      case 'list': {
        const constants = expr.optional.size === 0 ? constantItems(expr.elements) : undefined;
        if (constants !== undefined && constants.length > 0) {
          const list = new ArrayList(constants);
          return () => list;
        }
        const elements = expr.elements.map((each) => this.compile(each));
        const optional = expr.optional;
        return (state) => {
          const items: Value[] = [];
          for (let i = 0; i < elements.length; i++) {
            const value = (elements[i] as Evaluator)(state);
            if (!optional.has(i)) items.push(value);
            else if (!(value instanceof Optional)) throw noOverload();
            else if (value.value !== undefined) items.push(value.value);
          }
          state.spend(10);
          return new ArrayList(items);
        };
      }
      case 'map': {
        const entries = expr.entries.map(
          (entry) => [this.compile(entry.key), this.compile(entry.value), entry.optional] as const,
        );
        return (state) => {
          const map = new EntryMap();
          for (const [key, value, optional] of entries) insert(map, key(state), value(state), optional);
          state.spend(30);
          return map;
        };
      }
      case 'struct': {
        const name = this.structs.get(expr.name)?.name ?? expr.name;
        const fields = expr.fields.map((field) => [field.name, this.compile(field.value), field.optional] as const);
        return (state) => {
          const map = new EntryMap(name);
          for (const [key, value, optional] of fields) insert(map, key, value(state), optional);
          state.spend(40);
          return map;
        };
      }
      case 'comprehension':
        return this.comprehension(expr);
      default:
        return expr satisfies never;
    }
  }

  private ident(name: string): Evaluator {
    const slot = this.scopes.get(name)?.at(-1);
    if (slot !== undefined) {
      return (state) => {
        state.spend(1);
        const value = state.slots[slot];
        if (value instanceof EvaluationError) throw value;
        return value as Value;
      };
    }
    return (state) => {
      state.spend(1);
      const value = state.lookup(name);
      if (value !== undefined) return value;
      if (typeIdentNames.has(name)) return new TypeValue(name);
      throw new EvaluationError(`no such attribute(s): ${name}`);
    };
  }

  private select(expr: SelectExpr): Evaluator {
    const { field } = expr;
    const name = qualifiedName(expr);
    if (name !== undefined && typeIdentNames.has(name)) {
      const value = new TypeValue(name);
      return () => value;
    }
    if (expr.variable !== undefined) return this.ident(expr.variable);
    const operand = this.compile(expr.operand);
    if (expr.testOnly) {
      return (state) => {
        const value = operand(state);
        if (value instanceof Optional) return value.value instanceof CelMap && value.value.get(field) !== undefined;
        if (!(value instanceof CelMap)) throw noOverload();
        return value.get(field) !== undefined;
      };
    }
    return (state) => {
      const value = operand(state);
      state.spend(1);
      if (value instanceof CelMap) {
        const found = value.get(field);
        if (found !== undefined) return found;
        throw new EvaluationError(`no such key: ${field}`);
      }
      if (value instanceof Optional) return optionalField(value, field);
      throw noOverload();
    };
  }

  private call(expr: CallExpr): Evaluator {
    if (expr.fn === '_+_' && isAppend(expr)) return this.append(expr);
    const args = (expr.target === undefined ? expr.args : [expr.target, ...expr.args]).map((each) =>
      this.compile(each),
    );
    const [first, second, third] = args as [Evaluator, Evaluator, Evaluator];
    switch (expr.fn) {
      case '_&&_':
        return logical(first, second, false);
      case '_||_':
        return logical(first, second, true);
      case '_?_:_':
        return (state) => {
          const condition = first(state);
          if (typeof condition !== 'boolean') throw noOverload();
          return condition ? second(state) : third(state);
        };
      case '@not_strictly_false':
        return (state) => {
          try {
            return first(state) !== false;
          } catch (error) {
            return absorb(error) !== undefined;
          } finally {
            state.spend(1);
          }
        };
      case '_==_':
      case '_!=_': {
        const wanted = expr.fn === '_==_';
        const cost = runtimeCost('_==_', '_==_');
        return (state) => {
          const left = first(state);
          const right = second(state);
          const result = equal(left, right) === wanted;
          state.spend(cost([left, right], result));
          return result;
        };
      }
      case '@in': {
        const set = constantSet(expr.args[1]);
        if (set !== undefined) return (state) => set.has(first(state));
        break;
      }
    }
    return dispatch(expr, args);
  }

  /** `accumulator + [x]` in an expanded macro: nothing else sees that list yet, so it grows in place. */
  private append(expr: CallExpr): Evaluator {
    const accumulator = this.compile(expr.args[0] as Expr);
    const list = expr.args[1];
    const item = this.compile((list?.kind === 'list' ? list.elements[0] : list) as Expr);
    return (state) => {
      const value = accumulator(state);
      const added = item(state);
      state.spend(11);
      if (!(value instanceof ArrayList)) throw noOverload();
      value.items.push(added);
      return value;
    };
  }

  private comprehension(expr: ComprehensionExpr): Evaluator {
    const range = this.compile(expr.range);
    const init = this.compile(expr.init);
    const accu = this.push(expr.accuVar);
    const key = this.push(expr.iterVar);
    const value = expr.iterVar2 === undefined ? undefined : this.push(expr.iterVar2);
    const condition = this.compile(expr.condition);
    const step = this.compile(expr.step);
    if (expr.iterVar2 !== undefined) this.pop(expr.iterVar2);
    this.pop(expr.iterVar);
    const result = this.compile(expr.result);
    this.pop(expr.accuVar);
    const isBind = expr.range.kind === 'list' && expr.range.elements.length === 0 && expr.accuVar !== ACCUMULATOR;
    if (isBind) {
      return (state) => {
        state.spend(10);
        state.slots[accu] = init(state);
        return result(state);
      };
    }
    return (state) => {
      const over = range(state);
      state.slots[accu] = init(state);
      for (const [first, second] of iterate(over, value !== undefined)) {
        state.slots[key] = first;
        if (value !== undefined) state.slots[value] = second;
        if (condition(state) !== true) break;
        try {
          state.slots[accu] = step(state);
        } catch (error) {
          state.slots[accu] = absorb(error);
        }
      }
      return result(state);
    };
  }

  private push(name: string): number {
    const slot = this.slots++;
    const stack = this.scopes.get(name);
    if (stack === undefined) this.scopes.set(name, [slot]);
    else stack.push(slot);
    return slot;
  }

  private pop(name: string): void {
    this.scopes.get(name)?.pop();
  }
}

function constantItems(elements: readonly Expr[]): Value[] | undefined {
  const values: Value[] = [];
  for (const element of elements) {
    if (element.kind !== 'const') return undefined;
    values.push(element.constant.type === 'uint' ? new Uint(element.constant.value) : element.constant.value);
  }
  return values;
}

/** Membership in a list of literal strings; undefined for anything else. */
function constantSet(expr: Expr | undefined): Set<Value> | undefined {
  const values = expr?.kind === 'list' && expr.optional.size === 0 ? constantItems(expr.elements) : undefined;
  return values?.length && values.every((each) => typeof each === 'string') ? new Set(values) : undefined;
}

function isAppend(expr: CallExpr): boolean {
  const [left, right] = expr.args;
  return left?.kind === 'ident' && left.name === ACCUMULATOR && right?.kind === 'list';
}

/** The error, if it is one that logic may absorb; what else was thrown goes on. */
function absorb(error: unknown): EvaluationError {
  if (error instanceof EvaluationError && error.code === 'evaluation') return error;
  throw error;
}

/** Either side decides alone, whatever the other does; only an error without a decision counts. */
function logical(first: Evaluator, second: Evaluator, decisive: boolean): Evaluator {
  return (state) => {
    let failure: EvaluationError | undefined;
    try {
      const left = first(state);
      if (left === decisive) return decisive;
      if (typeof left !== 'boolean') failure = noOverload();
    } catch (error) {
      failure = absorb(error);
    }
    let right: Value;
    try {
      right = second(state);
    } catch (error) {
      const later = absorb(error);
      throw failure ?? later;
    }
    if (right === decisive) return decisive;
    if (failure !== undefined) throw failure;
    if (typeof right !== 'boolean') throw noOverload();
    return right;
  };
}

function optionalField(value: Optional, field: string): Optional {
  if (value.value === undefined) return Optional.none;
  if (!(value.value instanceof CelMap)) throw noOverload();
  const found = value.value.get(field);
  return found === undefined ? Optional.none : new Optional(found);
}

function insert(map: EntryMap, key: Value, value: Value, optional: boolean): void {
  if (!optional) return map.insert(key, value);
  if (!(value instanceof Optional)) throw noOverload();
  if (value.value !== undefined) map.insert(key, value.value);
}

function* iterate(over: Value, pairs: boolean): Generator<readonly [Value, Value]> {
  if (over instanceof CelList) {
    for (let i = 0; i < over.length; i++) {
      const item = over.at(i);
      yield [pairs ? BigInt(i) : item, item];
    }
  } else if (over instanceof CelMap) {
    for (const key of over.keys()) yield [key, pairs ? (over.get(key) as Value) : null];
  } else throw noOverload();
}
