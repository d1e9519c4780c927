/** Gives every expression a type and every call its candidate overloads; collects what does not fit. */

import type { FunctionTable } from './library/overload.ts';
import { fieldNamed } from './schema/escape.ts';
import type { CallExpr, ComprehensionExpr, Expr, SelectExpr, StructExpr } from './syntax/ast.ts';
import type { Issue } from './syntax/issue.ts';
import type { Type } from './types/type.ts';
import * as t from './types/type.ts';

export interface Declarations {
  readonly functions: FunctionTable;
  readonly variables: ReadonlyMap<string, Type>;
  /** Objects that expressions may make: `Object{...}`, `JSONPatch{...}`. */
  readonly structs: ReadonlyMap<string, Type>;
}

export interface Checked {
  readonly type: Type;
  readonly issues: Issue[];
  /** Names of the declared variables that are read. */
  readonly references: ReadonlySet<string>;
}

const typeIdents: Record<string, Type> = {
  bool: t.BOOL,
  int: t.INT,
  uint: t.UINT,
  double: t.DOUBLE,
  string: t.STRING,
  bytes: t.BYTES,
  list: t.listOf(t.DYN),
  map: t.mapOf(t.DYN, t.DYN),
  null_type: t.NULL,
  type: t.typeOf(t.DYN),
  dyn: t.DYN,
  optional_type: t.optionalOf(t.DYN),
  'google.protobuf.Duration': t.DURATION,
  'google.protobuf.Timestamp': t.TIMESTAMP,
};

export const typeIdentNames: ReadonlySet<string> = new Set(Object.keys(typeIdents));

export function check(expr: Expr, declarations: Declarations): Checked {
  const checker = new Checker(declarations);
  const type = checker.check(expr);
  checker.finish();
  return { type: checker.substitution.apply(type, true), issues: checker.issues, references: checker.references };
}

/** `a.b.c` where the expression is only that. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name;
  if (expr.kind !== 'select' || expr.testOnly) return undefined;
  const operand = qualifiedName(expr.operand);
  return operand === undefined ? undefined : `${operand}.${expr.field}`;
}

class Checker {
  readonly issues: Issue[] = [];
  readonly references = new Set<string>();
  readonly substitution = new t.Substitution();
  private readonly scopes: Map<string, Type>[] = [];
  private readonly typed: Expr[] = [];
  private readonly declarations: Declarations;

  constructor(declarations: Declarations) {
    this.declarations = declarations;
  }

  /** Parameters that nothing has bound are dyn. */
  finish(): void {
    for (const expr of this.typed) if (expr.type !== undefined) expr.type = this.substitution.apply(expr.type, true);
  }

  check(expr: Expr): Type {
    const type = this.typeOf(expr);
    expr.type = type;
    this.typed.push(expr);
    return type;
  }

  private fail(pos: number, message: string): Type {
    this.issues.push({ pos, message });
    return t.ERROR;
  }

  private typeOf(expr: Expr): Type {
    switch (expr.kind) {
      case 'const':
        return {
          null: t.NULL,
          bool: t.BOOL,
          int: t.INT,
          uint: t.UINT,
          double: t.DOUBLE,
          string: t.STRING,
          bytes: t.BYTES,
        }[expr.constant.type];
      case 'ident':
        return (
          this.variable(expr.name) ?? this.fail(expr.pos, `undeclared reference to '${expr.name}' (in container '')`)
        );
      case 'select':
        return this.select(expr);
      case 'call':
        return this.call(expr);
      case 'list': {
        const element = this.elements(
          expr.elements,
          expr.elements.map((_, index) => expr.optional.has(index)),
        );
        return t.listOf(element);
      }
      case 'map': {
        const keys = this.elements(
          expr.entries.map((entry) => entry.key),
          [],
        );
        const values = this.elements(
          expr.entries.map((entry) => entry.value),
          expr.entries.map((entry) => entry.optional),
        );
        return t.mapOf(keys, values);
      }
      case 'struct':
        return this.struct(expr);
      case 'comprehension':
        return this.comprehension(expr);
      default:
        return expr satisfies never;
    }
  }

  private variable(name: string): Type | undefined {
    for (let i = this.scopes.length - 1; i >= 0; i--) {
      const type = this.scopes[i]?.get(name);
      if (type !== undefined) return type;
    }
    const declared = this.declarations.variables.get(name);
    if (declared !== undefined) {
      this.references.add(name);
      return declared;
    }
    const ident = typeIdents[name];
    return ident && t.typeOf(ident);
  }

  private isLocal(name: string): boolean {
    return this.scopes.some((scope) => scope.has(name));
  }

  private select(expr: SelectExpr): Type {
    const name = qualifiedName(expr);
    if (name !== undefined && typeIdents[name] !== undefined) return t.typeOf(typeIdents[name]);
    const declared = name === undefined || this.isLocal(name.split('.')[0] as string) ? undefined : this.variable(name);
    if (name !== undefined && declared !== undefined) {
      expr.variable = name;
      return declared;
    }
    const operand = this.check(expr.operand);
    const type = this.field(expr.pos, operand, expr.field);
    return expr.testOnly ? t.BOOL : type;
  }

  private field(pos: number, operand: Type, field: string): Type {
    const type = this.substitution.apply(operand);
    if (t.isOptional(type)) {
      const inner = this.field(pos, t.elementOf(type), field);
      return t.isOptional(inner) ? inner : t.optionalOf(inner);
    }
    switch (type.kind) {
      case 'map':
        if (!this.substitution.assignAll([t.STRING], [type.params[0] ?? t.DYN])) {
          return this.fail(pos, `found no matching overload for '_[_]' applied to '(${t.formatType(type)}, string)'`);
        }
        return this.substitution.apply(t.elementOf(type));
      case 'object':
        if (type.fields === undefined) return t.DYN;
        return fieldNamed(type.fields, field)?.type ?? this.fail(pos, `undefined field '${field}'`);
      case 'param':
        this.substitution.assignAll([type], [t.DYN]);
        return t.DYN;
      case 'dyn':
      case 'error':
        return t.DYN;
      case 'opaque':
        return this.fail(pos, `unexpected failed resolution of '${type.name}'`);
      default:
        return this.fail(pos, `type '${t.formatType(type)}' does not support field selection`);
    }
  }

  private call(expr: CallExpr): Type {
    if (expr.target !== undefined) {
      const prefix = qualifiedName(expr.target);
      const root = prefix?.split('.')[0];
      const name = `${prefix}.${expr.fn}`;
      if (root !== undefined && !this.isLocal(root) && this.declarations.functions.get(name) !== undefined) {
        expr.fn = name;
        delete expr.target;
      }
    }
    if (expr.fn === '_?._') return this.optionalSelect(expr);
    const args = expr.target === undefined ? expr.args : [expr.target, ...expr.args];
    const types = args.map((each) => this.check(each));
    if (expr.fn === '_&&_' || expr.fn === '_||_') {
      for (const [index, arg] of args.entries()) {
        const type = types[index] ?? t.ERROR;
        if (!this.substitution.assignAll([type], [t.BOOL])) this.mismatch(arg.pos, t.BOOL, type);
      }
      expr.overloads = [...(this.declarations.functions.get(expr.fn) ?? [])];
      return t.BOOL;
    }
    const named = this.declarations.functions.get(expr.fn);
    if (named === undefined) return this.fail(expr.pos, `undeclared reference to '${expr.fn}' (in container '')`);
    return this.resolve(expr, types);
  }

  private optionalSelect(expr: CallExpr): Type {
    const [operand, field] = expr.args as [Expr, Expr];
    const type = this.check(operand);
    this.check(field);
    const name = field.kind === 'const' && field.constant.type === 'string' ? field.constant.value : '';
    expr.overloads = [...(this.declarations.functions.get('_?._') ?? [])];
    const result = this.field(expr.pos, type, name);
    return t.isOptional(this.substitution.apply(result)) ? result : t.optionalOf(result);
  }

  private resolve(expr: CallExpr, types: readonly Type[]): Type {
    const member = expr.target !== undefined;
    let result: Type | undefined;
    expr.overloads = [];
    for (const overload of this.declarations.functions.get(expr.fn) ?? []) {
      if (overload.member !== member) continue;
      const fresh = new Map<string, Type>();
      const formal = overload.params.map((each) => this.instantiate(each, fresh));
      if (!this.substitution.assignAll(types, formal)) continue;
      expr.overloads.push(overload);
      const instance = this.substitution.apply(this.instantiate(overload.result, fresh));
      if (result === undefined) result = instance;
      else if (t.formatType(result) !== t.formatType(instance)) result = t.DYN;
    }
    if (result !== undefined) return result;
    const shown = types.map((each) => t.formatType(this.substitution.apply(each, true)));
    const signature = member ? `${shown[0]}.(${shown.slice(1).join(', ')})` : `(${shown.join(', ')})`;
    return this.fail(expr.pos, `found no matching overload for '${expr.fn}' applied to '${signature}'`);
  }

  private instantiate(type: Type, fresh: Map<string, Type>): Type {
    if (type.kind === 'param') {
      const known = fresh.get(type.name) ?? this.substitution.fresh();
      fresh.set(type.name, known);
      return known;
    }
    if (type.params.length === 0) return type;
    return { ...type, params: type.params.map((each) => this.instantiate(each, fresh)) };
  }

  /** Literals are of one type only, unless an element is dyn. */
  private elements(items: readonly Expr[], optional: readonly boolean[]): Type {
    let joined: Type | undefined;
    for (const [index, item] of items.entries()) {
      let type = this.check(item);
      if (optional[index] === true) {
        const unwrapped = this.substitution.apply(type);
        if (!t.isOptional(unwrapped) && !t.isDyn(unwrapped)) {
          this.mismatch(item.pos, t.optionalOf(type), type);
        } else if (t.isOptional(unwrapped)) type = t.elementOf(unwrapped);
      }
      if (joined === undefined) joined = type;
      else if (this.substitution.assignAll([type], [joined])) {
        if (t.isDyn(this.substitution.apply(type))) joined = t.DYN;
      } else this.mismatch(item.pos, joined, type);
    }
    return joined === undefined ? this.substitution.fresh() : this.substitution.apply(joined);
  }

  private mismatch(pos: number, expected: Type, found: Type): void {
    const [want, got] = [expected, found].map((each) => t.formatType(this.substitution.apply(each, true)));
    this.fail(pos, `expected type '${want}' but found '${got}'`);
  }

  private struct(expr: StructExpr): Type {
    const type = this.declarations.structs.get(expr.name);
    // Of what is no type, nothing else is said.
    if (type === undefined) return this.fail(expr.pos, `undeclared reference to '${expr.name}' (in container '')`);
    for (const field of expr.fields) {
      const actual = this.check(field.value);
      const expected = fieldNamed(type.fields, field.name)?.type;
      if (expected === undefined) {
        if (type.fields !== undefined) this.fail(field.pos, this.unknownField(type, field.name, actual));
        continue;
      }
      const formal = field.optional ? t.optionalOf(expected) : expected;
      if (!this.substitution.assignAll([actual], [formal])) {
        const shown = t.formatType(this.substitution.apply(actual, true));
        this.fail(
          field.pos,
          `expected type of field '${field.name}' is '${t.formatType(expected)}' but provided type is '${shown}'`,
        );
      }
    }
    return type;
  }

  /** Upstream's JSONPatch has every field, some of no type. */
  private unknownField(type: Type, name: string, found: Type): string {
    if (type.name !== 'JSONPatch') return `undefined field '${name}'`;
    const shown = t.formatType(this.substitution.apply(found, true));
    return `expected type of field '${name}' is '' but provided type is '${shown}'`;
  }

  private comprehension(expr: ComprehensionExpr): Type {
    const range = this.substitution.apply(this.check(expr.range));
    const init = this.check(expr.init);
    const scope = new Map([[expr.accuVar, init]]);
    this.scopes.push(scope);
    const inner = new Map<string, Type>();
    const [key, value] = this.iteration(expr, range);
    inner.set(expr.iterVar, expr.iterVar2 === undefined ? (range.kind === 'map' ? key : value) : key);
    if (expr.iterVar2 !== undefined) inner.set(expr.iterVar2, value);
    this.scopes.push(inner);
    const condition = this.check(expr.condition);
    if (!this.substitution.assignAll([condition], [t.BOOL])) this.mismatch(expr.condition.pos, t.BOOL, condition);
    const step = this.check(expr.step);
    if (!this.substitution.assignAll([step], [init])) this.mismatch(expr.step.pos, init, step);
    this.scopes.pop();
    const result = this.check(expr.result);
    this.scopes.pop();
    return this.substitution.apply(result);
  }

  private iteration(expr: ComprehensionExpr, range: Type): [Type, Type] {
    switch (range.kind) {
      case 'list':
        return [t.INT, t.elementOf(range)];
      case 'map':
        return [range.params[0] ?? t.DYN, t.elementOf(range)];
      case 'param':
        this.substitution.assignAll([range], [t.DYN]);
        return [t.DYN, t.DYN];
      case 'dyn':
      case 'error':
        return [t.DYN, t.DYN];
      default:
        this.fail(
          expr.range.pos,
          `expression of type '${t.formatType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        );
        return [t.ERROR, t.ERROR];
    }
  }
}
