/** A rule's `fieldPath`: `.spec['a.b'].c`, of properties and map keys that the schema has. */
import type { ValidatedSchema } from './schema.ts';

/** `schema` is that of the field. */
export type RuleFieldPath =
  | { path: string; schema: ValidatedSchema; error?: undefined }
  | { path?: undefined; error: string };

const step = /\.([^.[\]']+)|\['((?:[^'\\]|\\.)*)'\]/y;
const escapes: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  "'": "'",
  '\\': '\\',
};

export function ruleFieldPath(text: string, schema: ValidatedSchema): RuleFieldPath {
  let at = 0;
  let path = '';
  let node = schema;
  while (at < text.length) {
    step.lastIndex = at;
    const found = step.exec(text);
    if (found === null) {
      return {
        error: /[.[]/.test(text[at] ?? '')
          ? 'unexpected end of JSON path'
          : `expected [ or . but got: ${/^[^.[\]]*/.exec(text.slice(at))?.[0]}`,
      };
    }
    const name: string =
      found[1] ?? (found[2] ?? '').replace(/\\(.)/g, (whole, letter: string) => escapes[letter] ?? whole);
    if (node.properties !== undefined) {
      const property: ValidatedSchema | undefined = Object.hasOwn(node.properties, name)
        ? node.properties[name]
        : undefined;
      if (property === undefined) return { error: 'does not refer to a valid field' };
      node = property;
      path += path === '' ? name : `.${name}`;
    } else if (typeof node.additionalProperties === 'object') {
      node = node.additionalProperties;
      path += `[${name}]`;
    } else return { error: 'does not refer to a valid field' };
    at = step.lastIndex;
  }
  return { path, schema: node };
}
