/** Patterns in RE2's syntax and with its linear time: JavaScript's own would let one expression hold the process. */
import { RE2JS } from 're2js';
import { EvaluationError } from '../values/value.ts';

const cache = new Map<string, RE2JS>();
const MAX_CACHED = 500;

export function compilePattern(pattern: string): RE2JS {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  try {
    const compiled = RE2JS.compile(pattern);
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(pattern, compiled);
    return compiled;
  } catch (error) {
    throw new EvaluationError(error instanceof Error ? error.message : String(error));
  }
}

export function find(pattern: string, text: string): string {
  const matcher = compilePattern(pattern).matcher(text);
  return matcher.find() ? (matcher.group() ?? '') : '';
}

export function findAll(pattern: string, text: string, limit: number): string[] {
  const matcher = compilePattern(pattern).matcher(text);
  const found: string[] = [];
  while (found.length < limit && matcher.find()) found.push(matcher.group() ?? '');
  return found;
}

export function matches(pattern: string, text: string): boolean {
  return compilePattern(pattern).matcher(text).find();
}
