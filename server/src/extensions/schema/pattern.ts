/** Patterns of schemas are Go's (RE2); here is what JavaScript makes of them. */
const posix: Record<string, string> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

export interface CompiledPattern {
  expression?: RegExp;
  /** Why it is none, roughly in Go's words. */
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
  const unsupported = /\(\?(?:[=!]|<[=!])/.exec(pattern);
  if (unsupported !== null)
    return { error: `error parsing regexp: invalid or unsupported Perl syntax: \`${unsupported[0]}\`` };
  const reference = /(?<!\\)(?:\\\\)*\\[1-9]/.exec(pattern);
  if (reference !== null)
    return { error: `error parsing regexp: invalid escape sequence: \`${reference[0].slice(-2)}\`` };
  let flags = '';
  let source = pattern.replace(/^\(\?([ims]+)\)/, (_, given: string) => {
    flags = given;
    return '';
  });
  source = source
    .replace(/\[:(\^?)(\w+):\]/g, (text, not: string, name: string) =>
      not === '' && posix[name] !== undefined ? posix[name] : text,
    )
    .replaceAll('(?P<', '(?<')
    .replace(/\\(p|P)([A-Z])(?!\{)/g, '\\$1{$2}')
    .replace(/\\([Az])/g, (_, letter: string) => (letter === 'A' ? '(?<![\\s\\S])' : '(?![\\s\\S])'));
  for (const unicode of ['u', '']) {
    try {
      return { expression: new RegExp(source, flags + unicode) };
    } catch (error) {
      if (unicode === '') return { error: `error parsing regexp: ${(error as Error).message}: \`${pattern}\`` };
    }
  }
  return {};
}
