import { quote } from '@typernetes/openapi/meta';
import type { FieldError, Path } from '../validation/index.ts';
import { dns1123Label, dns1123Subdomain, invalidValue, required, tooLong } from '../validation/index.ts';

const maxDomain = 253;
/** A domain, and a path with room for a label and a subdomain. */
const maxName = maxDomain + 1 + 253 + 63 + 1;

/** `example.com/my-signer`: a domain and a path of subdomains separated by dots. */
export function validateSignerName(name: string | undefined, at: Path): FieldError[] {
  if (!name) return [required(at, '')];
  const [domain = '', signer, ...rest] = name.split('/');
  if (signer === undefined || rest.length > 0)
    return [invalidValue(at, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  const errors: FieldError[] = domain.length > maxDomain ? [tooLong(at, '', maxDomain)] : [];
  errors.push(...firstBadPart(domain, dns1123Label, at));
  if (!domain.includes('.'))
    errors.push(invalidValue(at, domain, 'should be a domain with at least two segments separated by dots'));
  errors.push(...firstBadPart(signer, dns1123Subdomain, at));
  return name.length > maxName ? [...errors, tooLong(at, '', maxName)] : errors;
}

/** Of the first part only: the others' problems would read the same. */
function firstBadPart(text: string, problems: (part: string) => string[], at: Path): FieldError[] {
  const bad = text.split('.').find((part) => problems(part).length > 0);
  if (bad === undefined) return [];
  return problems(bad).map((problem) => invalidValue(at, text, `validating label ${quote(bad)}: ${problem}`));
}
