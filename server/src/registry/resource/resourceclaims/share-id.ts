/** The id of one share of a device: a UUID in its usual form. */
import { type FieldError, invalidValue, type Path } from '../../validation/index.ts';

const hyphenated = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
const plain = /^[0-9a-fA-F]{32}$/;
const notNormalized =
  'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters';

export function validateShareId(id: string | undefined | null, at: Path): FieldError[] {
  if (id == null) return [];
  const flaw = flawOf(id);
  if (flaw !== undefined) return [invalidValue(at, id, `error validating uid: ${flaw}`)];
  return hyphenated.test(id) && id === id.toLowerCase() ? [] : [invalidValue(at, id, notNormalized)];
}

/** Why this is no UUID in any of the forms that the library upstream uses knows: the length tells which is meant. */
function flawOf(id: string): string | undefined {
  const wrongFormat = (form: RegExp, text: string): string | undefined =>
    form.test(text) ? undefined : 'invalid UUID format';
  const length = Buffer.byteLength(id);
  switch (length) {
    case 36:
      return wrongFormat(hyphenated, id);
    case 45:
      if (!/^urn:uuid:/i.test(id)) return `invalid urn prefix: ${JSON.stringify(id.slice(0, 9))}`;
      return wrongFormat(hyphenated, id.slice(9));
    case 38:
      if (!id.startsWith('{') || !id.endsWith('}')) return 'invalid bracketed UUID format';
      return wrongFormat(hyphenated, id.slice(1, -1));
    case 32:
      return wrongFormat(plain, id);
    default:
      return `invalid UUID length: ${length}`;
  }
}
