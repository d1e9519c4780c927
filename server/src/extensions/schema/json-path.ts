/** The JSONPath that printer columns and selectable fields use: fields, indexes, wildcards and equality filters. */
import { isObject } from '@typernetes/openapi/schema';

type Step =
  | { kind: 'field'; name: string }
  | { kind: 'index'; index: number }
  | { kind: 'all' }
  | { kind: 'filter'; path: string; operator: string; value: unknown };

class JsonPathError extends Error {}

const token =
  /\.([A-Za-z0-9_$/-](?:[A-Za-z0-9_$/-]|\\.)*)|\[(-?\d+)\]|(?:\.\*|\[\*\])|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]|\[\?\(@((?:\.[A-Za-z0-9_-]+)*)\s*(==|!=|<=|>=|<|>)\s*("[^"]*"|'[^']*'|-?[\d.]+|true|false)\)\]/y;

export class JsonPath {
  readonly #steps: Step[] = [];

  /** `.spec.replicas`, with or without `$`. Throws a JsonPathError. */
  constructor(text: string) {
    let rest = text.trim();
    if (rest.startsWith('{') && rest.endsWith('}')) rest = rest.slice(1, -1);
    if (rest.startsWith('$')) rest = rest.slice(1);
    if (rest === '.') return;
    let at = 0;
    while (at < rest.length) {
      token.lastIndex = at;
      const match = token.exec(rest);
      if (match === null) throw new JsonPathError(`unrecognized column definition ${JSON.stringify(text)}`);
      at = token.lastIndex;
      const [whole, field, index, quoted, double, path, operator, value] = match;
      const name = field ?? quoted ?? double;
      if (name !== undefined) this.#steps.push({ kind: 'field', name: name.replace(/\\(.)/g, '$1') });
      else if (index !== undefined) this.#steps.push({ kind: 'index', index: Number(index) });
      else if (path !== undefined)
        this.#steps.push({
          kind: 'filter',
          path,
          operator: operator!,
          value: value!.startsWith("'") ? value!.slice(1, -1) : (JSON.parse(value!) as unknown),
        });
      else if (whole !== undefined) this.#steps.push({ kind: 'all' });
    }
  }

  /** Everything the path leads to; what is missing leads nowhere. */
  find(value: unknown): unknown[] {
    let found: unknown[] = [value];
    for (const step of this.#steps) found = found.flatMap((each) => take(each, step));
    return found;
  }

  first(value: unknown): unknown {
    return this.find(value)[0];
  }
}

function take(value: unknown, step: Step): unknown[] {
  switch (step.kind) {
    case 'field':
      return isObject(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case 'index': {
      if (!Array.isArray(value)) return [];
      const item: unknown = value.at(step.index);
      return item === undefined ? [] : [item];
    }
    case 'all':
      return Array.isArray(value) ? (value as unknown[]) : isObject(value) ? Object.values(value) : [];
    case 'filter': {
      const path = new JsonPath(step.path === '' ? '.' : step.path);
      return Array.isArray(value)
        ? value.filter((item) => path.find(item).some((each) => compare(each, step.operator, step.value)))
        : [];
    }
    default:
      return step satisfies never;
  }
}

function compare(left: unknown, operator: string, right: unknown): boolean {
  if (operator === '==') return left === right;
  if (operator === '!=') return left !== right;
  if (typeof left !== typeof right || (typeof left !== 'number' && typeof left !== 'string')) return false;
  const [a, b] = [left as number, right as number];
  return { '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b }[operator] ?? false;
}
