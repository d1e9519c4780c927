/** The syntax tree after macros are expanded: the form that is checked, costed and compiled, as in cel-go. */
import type { Overload } from '../library/overload.ts';
import type { Type } from '../types/type.ts';

interface Node {
  /** Offset in the source, in code units, of the token that names the operation. */
  readonly pos: number;
  /** Set by the checker. */
  type?: Type;
}

export type Constant =
  | { type: 'null'; value: null }
  | { type: 'bool'; value: boolean }
  | { type: 'int'; value: bigint }
  | { type: 'uint'; value: bigint }
  | { type: 'double'; value: number }
  | { type: 'string'; value: string }
  | { type: 'bytes'; value: Uint8Array };

export interface ConstExpr extends Node {
  kind: 'const';
  constant: Constant;
}
export interface IdentExpr extends Node {
  kind: 'ident';
  name: string;
}
export interface SelectExpr extends Node {
  kind: 'select';
  operand: Expr;
  field: string;
  testOnly: boolean;
  /** Set by the checker where all of it names one declared variable, as `authorizer.requestResource`. */
  variable?: string;
}
export interface CallExpr extends Node {
  kind: 'call';
  fn: string;
  target?: Expr;
  args: Expr[];
  /** Set by the checker: those that may apply at run time. */
  overloads?: Overload[];
}
export interface ListExpr extends Node {
  kind: 'list';
  elements: Expr[];
  /** Indices of elements written `?e`. */
  optional: Set<number>;
}
export interface MapEntry {
  key: Expr;
  value: Expr;
  optional: boolean;
}
export interface MapExpr extends Node {
  kind: 'map';
  entries: MapEntry[];
}
export interface StructField {
  pos: number;
  name: string;
  value: Expr;
  optional: boolean;
}
export interface StructExpr extends Node {
  kind: 'struct';
  name: string;
  fields: StructField[];
}
export interface ComprehensionExpr extends Node {
  kind: 'comprehension';
  iterVar: string;
  iterVar2?: string;
  range: Expr;
  accuVar: string;
  init: Expr;
  condition: Expr;
  step: Expr;
  result: Expr;
}

export type Expr = ConstExpr | IdentExpr | SelectExpr | CallExpr | ListExpr | MapExpr | StructExpr | ComprehensionExpr;
