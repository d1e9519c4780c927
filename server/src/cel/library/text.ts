/** Kubernetes' functions on text: regular expressions, URLs, named formats, semantic versions, JSON patch keys. */
import { dns1035Label, dns1123Label, dns1123Subdomain, labelValue, qualifiedName } from '@typernetes/openapi/meta';
import { parseTimestamp } from '../values/time.ts';
import { ArrayList, EntryMap, EvaluationError, OpaqueValue, Optional } from '../values/value.ts';
import type { Library } from './overload.ts';
import { define } from './overload.ts';
import { find, findAll } from './regular-expression.ts';

class UrlValue extends OpaqueValue {
  readonly typeName = 'kubernetes.URL';
  readonly text: string;
  readonly url: URL | undefined;

  /** Absolute URLs and absolute paths, as Go's ParseRequestURI takes them. */
  constructor(text: string) {
    super();
    this.text = text;
    const absolute = /^[a-zA-Z][a-zA-Z0-9+.-]*:\S+$/.test(text);
    if ((!absolute && !text.startsWith('/')) || hasControl(text) || /%(?![0-9a-fA-F]{2})/.test(text)) {
      throw new EvaluationError(
        `URL parse error during conversion from string: parse "${text}": invalid URI for request`,
      );
    }
    try {
      // Only the authority is read from it, so its scheme may be a special one that the URL class understands.
      this.url = absolute && /^[^:]+:\/\//.test(text) ? new URL(text.replace(/^[^:]+:/, 'http:')) : undefined;
    } catch {
      throw new EvaluationError(
        `URL parse error during conversion from string: parse "${text}": invalid URI for request`,
      );
    }
  }

  get scheme(): string {
    return /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(this.text)?.[1]?.toLowerCase() ?? '';
  }

  get host(): string {
    return (/^[^:/?#]+:\/\/([^/?#]*)/.exec(this.text)?.[1] ?? '').replace(/^.*@/, '');
  }

  get port(): string {
    return /:(\d*)$/.exec(this.host)?.[1] ?? '';
  }

  get hostname(): string {
    return this.host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
  }

  get path(): string {
    return /^(?:[^:/?#]+:)?(?:\/\/[^/?#]*)?([^?]*)/.exec(this.text)?.[1] ?? '';
  }

  get query(): EntryMap {
    const map = new EntryMap();
    const parameters = new URLSearchParams(/\?(.*)$/.exec(this.text)?.[1] ?? '');
    for (const name of new Set(parameters.keys())) map.insert(name, new ArrayList(parameters.getAll(name)));
    return map;
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof UrlValue && other.text === this.text;
  }
}

function hasControl(text: string): boolean {
  return Array.from(text).some((c) => c <= ' ' || c === '\x7f');
}

class FormatValue extends OpaqueValue {
  readonly typeName = 'kubernetes.NamedFormat';
  readonly name: string;
  readonly regexSize: number;
  readonly check: (text: string) => string[];

  constructor(name: string, regexSize: number, check: (text: string) => string[]) {
    super();
    this.name = name;
    this.regexSize = regexSize;
    this.check = check;
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof FormatValue && other.name === this.name;
  }

  override size(): number {
    return this.regexSize;
  }
}

const prefixed = (check: (text: string) => string[]) => (text: string) =>
  check(text.endsWith('-') ? `${text.slice(0, -1)}a` : text);
const tested = (message: string, holds: (text: string) => boolean) => (text: string) => (holds(text) ? [] : [message]);
const succeeds = (run: () => unknown): boolean => {
  try {
    run();
    return true;
  } catch {
    return false;
  }
};
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const isDate = (text: string): boolean => succeeds(() => parseTimestamp(`${text}T00:00:00Z`));

const formats: Record<string, FormatValue> = {
  dns1123Label: new FormatValue('DNS1123Label', 30, dns1123Label),
  dns1123Subdomain: new FormatValue('DNS1123Subdomain', 60, dns1123Subdomain),
  dns1035Label: new FormatValue('DNS1035Label', 30, dns1035Label),
  qualifiedName: new FormatValue('QualifiedName', 60, qualifiedName),
  dns1123LabelPrefix: new FormatValue('DNS1123LabelPrefix', 30, prefixed(dns1123Label)),
  dns1123SubdomainPrefix: new FormatValue('DNS1123SubdomainPrefix', 60, prefixed(dns1123Subdomain)),
  dns1035LabelPrefix: new FormatValue('DNS1035LabelPrefix', 30, prefixed(dns1035Label)),
  labelValue: new FormatValue('LabelValue', 40, labelValue),
  uri: new FormatValue('URI', 1000, (text) =>
    succeeds(() => new UrlValue(text)) ? [] : [`parse ${JSON.stringify(text)}: invalid URI for request`],
  ),
  uuid: new FormatValue(
    'uuid',
    70,
    tested('does not match the UUID format', (text) => uuid.test(text)),
  ),
  byte: new FormatValue(
    'byte',
    90,
    tested('invalid base64', (text) => base64.test(text)),
  ),
  date: new FormatValue('date', 120, tested('invalid date', isDate)),
  datetime: new FormatValue(
    'datetime',
    120,
    tested('invalid datetime', (text) => succeeds(() => parseTimestamp(text))),
  ),
};

export class SemverValue extends OpaqueValue {
  readonly typeName = 'kubernetes.Semver';
  readonly parts: readonly [bigint, bigint, bigint];
  private readonly pre: readonly string[];

  constructor(text: string) {
    super();
    const found =
      /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/.exec(
        text,
      );
    const pre = found?.[4]?.split('.') ?? [];
    if (found === null || text.length > 256 || pre.some((each) => /^0\d+$/.test(each))) {
      throw new EvaluationError(text === '' ? 'Version string empty' : `Invalid version: ${JSON.stringify(text)}`);
    }
    this.parts = [BigInt(found[1] ?? 0), BigInt(found[2] ?? 0), BigInt(found[3] ?? 0)];
    this.pre = pre;
  }

  static normalized(text: string): SemverValue {
    const parts = text.replace(/^v/, '').split('.');
    const [major = '', minor = '0', ...rest] = parts;
    const patch = parts.length < 3 ? '0' : rest.join('.');
    const trimmed = [major, minor, patch].map((part) => part.replace(/^0+(?=\d)/, ''));
    return new SemverValue(trimmed.join('.'));
  }

  compare(other: SemverValue): number {
    for (let i = 0; i < 3; i++) {
      const [a, b] = [this.parts[i] as bigint, other.parts[i] as bigint];
      if (a !== b) return a < b ? -1 : 1;
    }
    if (this.pre.length === 0 || other.pre.length === 0) return Math.sign(other.pre.length - this.pre.length);
    for (const [i, a] of this.pre.entries()) {
      const b = other.pre[i];
      if (b === undefined) return 1;
      const order = comparePre(a, b);
      if (order !== 0) return order;
    }
    return Math.sign(this.pre.length - other.pre.length);
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof SemverValue && this.compare(other) === 0;
  }
}

function comparePre(a: string, b: string): number {
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (left && right) return BigInt(a) === BigInt(b) ? 0 : BigInt(a) < BigInt(b) ? -1 : 1;
  if (left !== right) return left ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}

const semver = (text: string, normalize: boolean): SemverValue =>
  normalize ? SemverValue.normalized(text) : new SemverValue(text);

export const text: Library = [
  define('string::find(string): string', (subject: string, pattern: string) => find(pattern, subject)),
  define(
    'string::findAll(string): list<string>',
    (subject: string, pattern: string) => new ArrayList(findAll(pattern, subject, Infinity)),
  ),
  define(
    'string::findAll(string, int): list<string>',
    (subject: string, pattern: string, limit: bigint) =>
      new ArrayList(findAll(pattern, subject, limit < 0n ? Infinity : Number(limit))),
  ),
  define('url(string): URL', (subject: string) => new UrlValue(subject)),
  define('isURL(string): bool', (subject: string) => succeeds(() => new UrlValue(subject))),
  define('URL::getScheme(): string', (url: UrlValue) => url.scheme),
  define('URL::getHost(): string', (url: UrlValue) => url.host),
  define('URL::getHostname(): string', (url: UrlValue) => url.hostname),
  define('URL::getPort(): string', (url: UrlValue) => url.port),
  define('URL::getEscapedPath(): string', (url: UrlValue) => url.path),
  define('URL::getQuery(): map<string, list<string>>', (url: UrlValue) => url.query),
  define('format.named(string): optional<Format>', (name: string) =>
    Object.hasOwn(formats, name) ? new Optional(formats[name]) : Optional.none,
  ),
  ...Object.entries(formats).map(([name, format]) => define(`format.${name}(): Format`, () => format)),
  define('Format::validate(string): optional<list<string>>', (format: FormatValue, subject: string) => {
    const errors = format.check(subject);
    return errors.length === 0 ? Optional.none : new Optional(new ArrayList(errors));
  }),
  define('semver(string): Semver', (subject: string) => semver(subject, false)),
  define('semver(string, bool): Semver', semver),
  define('isSemver(string): bool', (subject: string) => succeeds(() => semver(subject, false))),
  define('isSemver(string, bool): bool', (subject: string, normalize: boolean) =>
    succeeds(() => semver(subject, normalize)),
  ),
  define('Semver::major(): int', (version: SemverValue) => version.parts[0]),
  define('Semver::minor(): int', (version: SemverValue) => version.parts[1]),
  define('Semver::patch(): int', (version: SemverValue) => version.parts[2]),
  define('Semver::isGreaterThan(Semver): bool', (a: SemverValue, b: SemverValue) => a.compare(b) > 0),
  define('Semver::isLessThan(Semver): bool', (a: SemverValue, b: SemverValue) => a.compare(b) < 0),
  define('Semver::compareTo(Semver): int', (a: SemverValue, b: SemverValue) => BigInt(a.compare(b))),
  define('jsonpatch.escapeKey(string): string', (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1')),
];
