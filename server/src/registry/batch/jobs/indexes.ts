/** Lists of completion indexes as a Job's status writes them: `1,3-5,7`. */
import { parseInt64 } from '@typernetes/openapi/meta';

type Interval = readonly [first: number, last: number];

/** The interval, or what is wrong with it. */
function parseInterval(text: string, completions: number): Interval | string {
  const parts = text.split('-');
  if (parts.length > 2) {
    const rule = "violates the requirement that an index interval can have at most two parts separated by '-'";
    return `the fragment ${JSON.stringify(text)} ${rule}`;
  }
  const limits: number[] = [];
  for (const part of parts) {
    if (!/^\+?\d+$/.test(part) || parseInt64(part) === undefined)
      return `cannot convert string to integer for index: ${JSON.stringify(part)}`;
    if (Number(part) >= completions) return `too large index: ${JSON.stringify(part)}`;
    limits.push(Number(part));
  }
  const [first = 0, last] = limits;
  if (last !== undefined && first >= last) return `non-increasing order, previous: ${first}, current: ${last}`;
  return [first, last ?? first];
}

/** What is wrong with the list, if anything is. */
export function indexesMessage(text: string, completions: number): string | undefined {
  let previous = -1;
  for (const part of text === '' ? [] : text.split(',')) {
    const interval = parseInterval(part, completions);
    if (typeof interval === 'string') return interval;
    const [first, last] = interval;
    if (previous >= first) return `non-increasing order, previous: ${previous}, current: ${first}`;
    previous = last;
  }
  return undefined;
}

/** How many a list without mistakes names. */
export function countIndexes(text: string): number {
  const parts = text === '' ? [] : text.split(',').map((part) => part.split('-').map(Number));
  return parts.reduce((count, [first = 0, last = first]) => count + last - first + 1, 0);
}

/** Of two lists whose own mistakes are told elsewhere: an index that is in both. */
export function overlapMessage(completed: string, failed: string, completions: number): string | undefined {
  const intervals = (text: string): Interval[] =>
    text
      .split(',')
      .map((part) => parseInterval(part, completions))
      .filter((interval) => typeof interval !== 'string');
  const [left, right] = [intervals(completed), intervals(failed)];
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    const [a, b] = left[i]!;
    const [c, d] = right[j]!;
    if (a <= d && c <= b) return `failedIndexes and completedIndexes overlap at index: ${Math.max(a, c)}`;
    if (a <= c) i++;
    else j++;
  }
  return undefined;
}
