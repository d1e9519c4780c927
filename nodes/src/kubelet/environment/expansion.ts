/** `$(NAME)` in env values, commands and args: replaced where the name is known, kept as written where not; `$$` is `$`. */
export function expand(input: string, mapping: (name: string) => string | undefined): string {
  let result = '';
  let copied = 0;
  for (let cursor = 0; cursor < input.length; cursor++) {
    if (input[cursor] !== '$' || cursor + 1 >= input.length) continue;
    result += input.slice(copied, cursor);
    const next = input.charAt(cursor + 1);
    if (next === '(') {
      const end = input.indexOf(')', cursor + 2);
      if (end === -1) {
        result += '$(';
        cursor++;
      } else {
        const name = input.slice(cursor + 2, end);
        result += mapping(name) ?? `$(${name})`;
        cursor = end;
      }
    } else {
      result += next === '$' ? '$' : `$${next}`;
      cursor++;
    }
    copied = cursor + 1;
  }
  return result + input.slice(copied);
}
