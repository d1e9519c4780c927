/**
 * Upstream's checks of names and other short texts (apimachinery util/validation and api/validate/content). Each
 * returns messages, none where the value is right. The two packages word the length limit differently; so do we.
 */
import { byteLength } from './quote.ts';

const labelFormat = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomainFormat = `${labelFormat}(\\.${labelFormat})*`;
const labelWithUnderscoreFormat = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const subdomainWithUnderscoreFormat = `${labelWithUnderscoreFormat}(\\.${labelWithUnderscoreFormat})*`;
const label1035Format = '[a-z]([-a-z0-9]*[a-z0-9])?';
const labelKeyFormat = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValueFormat = `(${labelKeyFormat})?`;
const envNameFormat = '[-._a-zA-Z][-._a-zA-Z0-9]*';
const configMapKeyFormat = '[-._a-zA-Z0-9]+';

const whole = (format: string): RegExp => new RegExp(`^(?:${format})$`);
// Linear forms of the published formats: the nested quantifiers of the originals backtrack in this engine.
const labelPattern = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const label1035Pattern = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/;
const labelKeyPattern = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const envNamePattern = whole(envNameFormat);
const configMapKeyPattern = whole(configMapKeyFormat);
const underscoreLabelPattern = whole(labelWithUnderscoreFormat);

export function regexError(message: string, format: string, ...examples: string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${format}')`;
  const listed = examples.map((example) => `'${example}', `).join(' or ');
  return `${message} (e.g. ${listed}regex used for validation is '${format}')`;
}

export const maxCharactersError = (length: number): string => `must be no more than ${length} characters`;
export const maxBytesError = (length: number): string => `must be no more than ${length} bytes`;
export const inclusiveRangeError = (low: number, high: number): string =>
  `must be between ${low} and ${high}, inclusive`;

function isSubdomain(value: string): boolean {
  return value.split('.').every((label) => labelPattern.test(label));
}

const labelMessage =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const subdomainMessage =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const subdomainWithUnderscoreMessage =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
const label1035Message =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const wildcardMessage =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";

/** Lengths are bytes, whatever the message says. */
function lengthErrors(value: string, limit: number): string[] {
  return byteLength(value) > limit ? [maxCharactersError(limit)] : [];
}

export function dns1123Label(value: string): string[] {
  const errors = lengthErrors(value, 63);
  if (labelPattern.test(value)) return errors;
  errors.push(
    isSubdomain(value) ? 'must not contain dots' : regexError(labelMessage, labelFormat, 'my-name', '123-abc'),
  );
  return errors;
}

export function dns1123Subdomain(value: string): string[] {
  const errors = lengthErrors(value, 253);
  if (!isSubdomain(value)) errors.push(regexError(subdomainMessage, subdomainFormat, 'example.com'));
  return errors;
}

export function dns1123SubdomainWithUnderscore(value: string): string[] {
  const errors = lengthErrors(value, 253);
  if (!value.split('.').every((label) => underscoreLabelPattern.test(label))) {
    errors.push(regexError(subdomainWithUnderscoreMessage, subdomainWithUnderscoreFormat, 'example.com'));
  }
  return errors;
}

export function dns1035Label(value: string): string[] {
  const errors = lengthErrors(value, 63);
  if (!label1035Pattern.test(value)) errors.push(regexError(label1035Message, label1035Format, 'my-name', 'abc-123'));
  return errors;
}

export function wildcardDns1123Subdomain(value: string): string[] {
  const errors = lengthErrors(value, 253);
  if (!value.startsWith('*.') || !isSubdomain(value.slice(2))) {
    errors.push(regexError(wildcardMessage, `\\*\\.${subdomainFormat}`, '*.example.com'));
  }
  return errors;
}

const labelKeyMessage =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/** Names that were found right: most are those of the last objects. */
const rightNames = new Set<string>();
const maxRightNames = 4096;

/** Keys of labels and annotations, finalizers, resource names: an optional DNS prefix, a slash, a name. */
export function qualifiedName(value: string): string[] {
  if (rightNames.has(value)) return [];
  const errors = qualifiedNameErrors(value);
  if (errors.length === 0) {
    if (rightNames.size >= maxRightNames) rightNames.clear();
    rightNames.add(value);
  }
  return errors;
}

function qualifiedNameErrors(value: string): string[] {
  const pattern = (): string => regexError(labelKeyMessage, labelKeyFormat, 'MyName', 'my.name', '123-abc');
  const parts = value.split('/');
  if (parts.length > 2) {
    return [`a valid label key ${pattern()} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const errors: string[] = [];
  const name = parts[parts.length - 1] ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (prefix === '') errors.push('prefix part must be non-empty');
  else if (prefix !== undefined) errors.push(...prefixErrors(prefix));
  if (name === '') errors.push('name part must be non-empty');
  else if (byteLength(name) > 63) errors.push(`name part ${maxBytesError(63)}`);
  if (!labelKeyPattern.test(name)) errors.push(`name part ${pattern()}`);
  return errors;
}

function prefixErrors(prefix: string): string[] {
  const errors: string[] = [];
  if (byteLength(prefix) > 253) errors.push(`prefix part ${maxBytesError(253)}`);
  if (!isSubdomain(prefix)) errors.push(`prefix part ${regexError(subdomainMessage, subdomainFormat, 'example.com')}`);
  return errors;
}

const labelValueMessage =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

export function labelValue(value: string): string[] {
  const errors = byteLength(value) > 63 ? [maxBytesError(63)] : [];
  if (value !== '' && !labelKeyPattern.test(value)) {
    errors.push(regexError(labelValueMessage, labelValueFormat, 'MyValue', 'my_value', '12345'));
  }
  return errors;
}

export function isInRange(value: number, low: number, high: number): string[] {
  return value >= low && value <= high ? [] : [inclusiveRangeError(low, high)];
}

export const isValidPortNum = (port: number): string[] => isInRange(port, 1, 65535);
export const isValidUserId = (id: number): string[] => isInRange(id, 0, 2147483647);
export const isValidGroupId = (id: number): string[] => isInRange(id, 0, 2147483647);

export function isValidPortName(port: string): string[] {
  const errors = lengthErrors(port, 15);
  if (!/^[-a-z0-9]+$/.test(port)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(port)) errors.push('must contain at least one letter (a-z)');
  if (port.includes('--')) errors.push('must not contain consecutive hyphens');
  if (port.startsWith('-') || port.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

export function isValidPercent(percent: string): string[] {
  const message = "a valid percent string must be a numeric string followed by an ending '%'";
  return /^[0-9]+%$/.test(percent) ? [] : [regexError(message, '[0-9]+%', '1%', '93%')];
}

export function httpHeaderName(value: string): string[] {
  const message = "a valid HTTP header must consist of alphanumeric characters or '-'";
  return /^[-A-Za-z0-9]+$/.test(value) ? [] : [regexError(message, '[-A-Za-z0-9]+', 'X-Header-Name')];
}

export function envVarName(value: string): string[] {
  const message =
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit";
  const errors = envNamePattern.test(value)
    ? []
    : [regexError(message, envNameFormat, 'my.env-name', 'MY_ENV.NAME', 'MyEnvName1')];
  return [...errors, ...parentDirectoryErrors(value)];
}

export function relaxedEnvVarName(value: string): string[] {
  if (value === '') return ['environment variable name must be non-empty'];
  return /^[ -<>-~]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

export function configMapKey(value: string): string[] {
  const errors = lengthErrors(value, 253);
  if (!configMapKeyPattern.test(value)) {
    const message = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    errors.push(regexError(message, configMapKeyFormat, 'key.name', 'KEY_NAME', 'key-name'));
  }
  return [...errors, ...parentDirectoryErrors(value)];
}

function parentDirectoryErrors(value: string): string[] {
  if (value === '.') return ["must not be '.'"];
  if (value === '..') return ["must not be '..'"];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
}

/** Anything that can be one segment of a URL path or storage key. Neither emptiness nor length is checked. */
export function pathSegmentName(name: string): string[] {
  return name === '.' || name === '..' ? [`may not be '${name}'`] : pathSegmentPrefix(name);
}

function pathSegmentPrefix(name: string): string[] {
  return ['/', '%'].filter((part) => name.includes(part)).map((part) => `may not contain '${part}'`);
}

/** A check of metadata.name; `prefix` where more will be appended (generateName). */
export type NameCheck = (name: string, prefix: boolean) => string[];

/** A dash at the end is fine for a prefix. Upstream replaces the last two characters; messages never show it. */
function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
}

export const nameIsDnsSubdomain: NameCheck = (name, prefix) => dns1123Subdomain(prefix ? maskTrailingDash(name) : name);
export const nameIsDnsLabel: NameCheck = (name, prefix) => dns1123Label(prefix ? maskTrailingDash(name) : name);
export const nameIsDns1035Label: NameCheck = (name, prefix) => dns1035Label(prefix ? maskTrailingDash(name) : name);
export const nameIsPathSegment: NameCheck = (name, prefix) =>
  prefix ? pathSegmentPrefix(name) : pathSegmentName(name);
