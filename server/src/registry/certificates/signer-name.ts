import type { FieldError, Path } from '../validation/index.ts';
import { checked, dns1123Label, dns1123Subdomain, invalidValue, required } from '../validation/index.ts';

/** `example.com/my-signer`: a domain and a path of labels separated by dots. */
export function validateSignerName(name: string | undefined, at: Path): FieldError[] {
  if (!name) return [required(at, '')];
  const [domain = '', signer, ...rest] = name.split('/');
  if (signer === undefined || rest.length > 0) {
    return [invalidValue(at, name, 'must be a fully qualified domain and path of the form "example.com/signer-name"')];
  }
  const errors = checked(at, domain, dns1123Subdomain(domain));
  if (!domain.includes('.'))
    errors.push(invalidValue(at, domain, 'should be a domain with at least two segments separated by dots'));
  return [...errors, ...signer.split('.').flatMap((label) => checked(at, signer, dns1123Label(label)))];
}
