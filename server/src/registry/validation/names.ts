/** The checks of names that resources use, under the names rules read best with; each returns upstream's messages. */
import type { FieldError } from '@typernetes/openapi/meta';
import { dns1123Subdomain, invalidValue, regexError, required } from '@typernetes/openapi/meta';
import type { Path } from './field.ts';

export {
  configMapKey,
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  dns1123SubdomainWithUnderscore,
  httpHeaderName,
  isValidPercent as percent,
  isValidPortName as portName,
  isValidPortNum as portNumber,
  labelValue,
  nameIsDns1035Label,
  nameIsDnsLabel,
  nameIsDnsSubdomain,
  nameIsPathSegment,
  pathSegmentName,
  qualifiedName,
  relaxedEnvVarName as environmentVariableName,
  wildcardDns1123Subdomain as wildcardSubdomain,
} from '@typernetes/openapi/meta';

const HTTP_PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const httpPath = new RegExp(`^${HTTP_PATH}$`);

/** `acme.io/foo`: who implements something, and which of its things. */
export function domainPrefixedPath(value: string | undefined, at: Path): FieldError[] {
  if (!value) return [required(at, '')];
  const slash = value.indexOf('/');
  const host = value.slice(0, Math.max(slash, 0));
  const rest = value.slice(slash + 1);
  if (slash < 0 || host === '' || rest === '') {
    return [invalidValue(at, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const errors = dns1123Subdomain(host).map((message) => invalidValue(at, host, message));
  if (!httpPath.test(rest)) errors.push(invalidValue(at, rest, regexError('Invalid path', HTTP_PATH)));
  return errors;
}
