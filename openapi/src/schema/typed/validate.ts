/** Whether a value is of its type: what the other operations on typed values take for granted. */
import type { JsonValue } from '../../meta/object.ts';
import { goSyntax, goType, goValue } from './go-text.ts';
import { listItemElement, listItemProblem } from './list-item.ts';
import { describeElement, type PathElement } from './path-element.ts';
import {
  asMap,
  kindOf,
  type ListType,
  type MapType,
  memberType,
  type ScalarType,
  type TypedNode,
} from './typed-node.ts';
import { isScalar } from './value.ts';

export interface ValidationIssue {
  /** `.spec.ports[name="a"]`; empty at the root. */
  path: string;
  readonly message: string;
}

export class TypedValidationError extends Error {
  override name = 'TypedValidationError';
  readonly issues: readonly ValidationIssue[];

  constructor(issues: readonly ValidationIssue[]) {
    super(describeIssues(issues));
    this.issues = issues;
  }
}

function describeIssues(issues: readonly ValidationIssue[]): string {
  const lines = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return lines.length === 1 ? (lines[0] ?? '') : ['errors:', ...lines.map((line) => `  ${line}`)].join('\n');
}

export interface ValidateOptions {
  /** Tolerates items of sets and list maps that come more than once: live objects may have them, applied ones not. */
  readonly allowDuplicates?: boolean;
}

export function validateTyped(
  node: TypedNode,
  value: JsonValue | undefined,
  options: ValidateOptions = {},
): ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  new Validator(issues, options.allowDuplicates === true).visit(node, value ?? null);
  return issues;
}

export function assertTyped(node: TypedNode, value: JsonValue | undefined, options?: ValidateOptions): void {
  const issues = validateTyped(node, value, options);
  if (issues.length > 0) throw new TypedValidationError(issues);
}

class Validator {
  private readonly issues: ValidationIssue[];
  private readonly allowDuplicates: boolean;

  constructor(issues: ValidationIssue[], allowDuplicates: boolean) {
    this.issues = issues;
    this.allowDuplicates = allowDuplicates;
  }

  visit(node: TypedNode, value: JsonValue): void {
    switch (kindOf(node, value) ?? node.preferred) {
      case 'scalar':
        return this.scalar(node.scalar as ScalarType, value);
      case 'list':
        if (Array.isArray(value)) this.list(node.list as ListType, value);
        else if (value !== null) this.report(`expected list, got &{${goValue(value)}}`);
        return;
      case 'map': {
        const members = asMap(value);
        if (members !== undefined) this.map(node.map as MapType, members);
        else if (value !== null) this.report(`expected map, got &{${goValue(value)}}`);
        return;
      }
      default:
        this.report(`schema error: no type found matching: ${node.name}`);
    }
  }

  private report(message: string): void {
    this.issues.push({ path: '', message });
  }

  private scalar(expected: ScalarType, value: JsonValue): void {
    if (value === null) return;
    const given = typeof value === 'object' && isScalar(value) ? 'number' : typeof value;
    switch (expected) {
      case 'numeric':
        if (given !== 'number') this.report(`expected numeric (int or float), got ${goType(value)}`);
        return;
      case 'string':
        if (given !== 'string') this.report(`expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`);
        return;
      case 'boolean':
        if (given !== 'boolean') this.report(`expected boolean, got &{${goValue(value)}}`);
        return;
      case 'untyped':
        if (given === 'object') this.report(`expected any scalar, got &{${goValue(value)}}`);
        return;
      default:
        expected satisfies never;
    }
  }

  private list(list: ListType, items: readonly JsonValue[]): void {
    const node = list.item;
    const seen = list.atomic || this.allowDuplicates ? undefined : new Set<PathElement>();
    for (let index = 0; index < items.length; index++) {
      const item = items[index] as JsonValue;
      if (!list.atomic) {
        const problem = listItemProblem(list, item);
        if (problem !== undefined) return this.report(`element ${index}: ${problem}`);
      }
      if (seen !== undefined) {
        const element = listItemElement(list, item) as PathElement;
        if (seen.has(element)) this.report(`duplicate entries for key ${describeElement(element)}`);
        seen.add(element);
      }
      const before = this.issues.length;
      this.visit(node, item);
      if (this.issues.length > before) {
        const element = list.atomic ? undefined : listItemElement(list, item);
        this.prefix(before, element === undefined ? `[${index}]` : describeElement(element));
      }
    }
  }

  private map(map: MapType, members: { readonly [key: string]: JsonValue }): void {
    for (const key in members) {
      const value = members[key];
      if (value === undefined) continue;
      const before = this.issues.length;
      const node = memberType(map, key);
      if (node === undefined) {
        this.issues.push({ path: `.${key}`, message: 'field not declared in schema' });
        return;
      }
      this.visit(node, value);
      if (this.issues.length > before) this.prefix(before, `.${key}`);
    }
  }

  private prefix(from: number, prefix: string): void {
    for (let index = from; index < this.issues.length; index++) {
      const issue = this.issues[index] as ValidationIssue;
      issue.path = prefix + issue.path;
    }
  }
}
