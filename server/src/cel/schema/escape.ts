/** Property names as CEL identifiers, and back. */
const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);
const sequences: Record<string, string> = { __: '__underscores__', '.': '__dot__', '-': '__dash__', '/': '__slash__' };
const contents: Record<string, string> = { underscores: '__', dot: '.', dash: '-', slash: '/' };

/** Undefined for names that no expression can reach. */
export function escapeName(name: string): string | undefined {
  if (reserved.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_.\-/][A-Za-z0-9_.\-/]*$/.test(name)) return undefined;
  return name.replace(/__|[.\-/]/g, (found) => sequences[found] ?? found);
}

/** The field of that name; keywords find theirs without the underscores too. */
export function fieldNamed<T>(fields: ReadonlyMap<string, T> | undefined, name: string): T | undefined {
  return fields?.get(name) ?? (reserved.has(name) ? fields?.get(`__${name}__`) : undefined);
}

export function unescapeName(escaped: string): string | undefined {
  let valid = true;
  const name = escaped.replace(/__([^_]+)__/g, (whole, word: string) => {
    const known = contents[word];
    if (known !== undefined) return known;
    if (!reserved.has(word) || whole.length !== escaped.length) valid = false;
    return word;
  });
  return valid ? name : undefined;
}
