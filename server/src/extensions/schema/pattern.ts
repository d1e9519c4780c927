/** Patterns of schemas are Go's: RE2's syntax, in time linear to the text, whatever clients write into a definition. */
import { RE2JS } from 're2js';

export interface CompiledPattern {
  /** Whether the pattern is found anywhere in a text. */
  test?: (text: string) => boolean;
  /** Why it is none, in Go's words. */
  error?: string;
}

const compiled = new Map<string, CompiledPattern>();
const maxKept = 1000;

export function compilePattern(pattern: string): CompiledPattern {
  let result = compiled.get(pattern);
  if (result === undefined) {
    if (compiled.size >= maxKept) compiled.clear();
    compiled.set(pattern, (result = compile(pattern)));
  }
  return result;
}

function compile(pattern: string): CompiledPattern {
  try {
    const expression = RE2JS.compile(pattern);
    return { test: (text) => expression.matcher(text).find() };
  } catch (error) {
    return { error: (error as Error).message };
  }
}
