/** Where two normalised answers differ, field by field. */
import type { Json } from './case.ts';
import type { Answer } from './target.ts';

export interface Difference {
  /** `status`, `warnings[0]`, `body.metadata.name`, … */
  at: string;
  /** undefined: absent. */
  first: Json | undefined;
  second: Json | undefined;
}

export function differences(first: Answer, second: Answer): Difference[] {
  const found: Difference[] = [];
  compare(first.status, second.status, 'status', found);
  compare(first.contentType, second.contentType, 'contentType', found);
  compare([...first.warnings], [...second.warnings], 'warnings', found);
  compare(first.body, second.body, 'body', found);
  return found;
}

function compare(first: Json | undefined, second: Json | undefined, at: string, found: Difference[]): void {
  if (first === second) return;
  if (Array.isArray(first) && Array.isArray(second)) {
    const [left, right] = at.endsWith('managedFields') ? [byManager(first), byManager(second)] : [first, second];
    for (let index = 0; index < Math.max(left.length, right.length); index++)
      compare(left[index], right[index], `${at}[${index}]`, found);
    return;
  }
  if (isObject(first) && isObject(second)) {
    for (const name of new Set([...Object.keys(first), ...Object.keys(second)]))
      compare(first[name], second[name], `${at}.${name}`, found);
    return;
  }
  found.push({ at, first, second });
}

const isObject = (value: Json | undefined): value is { [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Entries are sorted by time upstream; within one second either order may come out. */
function byManager(entries: Json[]): Json[] {
  const key = (entry: Json): string =>
    isObject(entry)
      ? `${JSON.stringify(entry['manager'])} ${JSON.stringify(entry['operation'])} ${JSON.stringify(entry['subresource'])}`
      : '';
  return entries.toSorted((left, right) => (key(left) < key(right) ? -1 : 1));
}
