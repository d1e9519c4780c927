/** String formats that schemas may ask for; unknown ones are ignored, as upstream. */
import { isIPv6 } from 'node:net';
import { RE2JS } from 're2js';

type Check = (text: string) => boolean;

const matches =
  (pattern: RegExp): Check =>
  (text) =>
    pattern.test(text);

const isDate: Check = (text) => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
};

/** Date and time of RFC 3339; what may separate seconds from their fraction is any character, as upstream. */
const isDateTime: Check = (text) => {
  const [date = '', time = '', ...more] = text.toLowerCase().split('t');
  const parts = /^(\d{2}):(\d{2}):(\d{2})(?:.\d+)?(?:z|[+-]\d{2}:\d{2})$/.exec(time);
  if (more.length > 0 || parts === null || !isDate(date)) return false;
  return parts[1]! <= '23' && parts[2]! <= '59' && parts[3]! <= '59';
};

/** Leading zeros are decimal ones. */
const isSloppyIpv4: Check = (text) => {
  const octets = text.split('.');
  return octets.length === 4 && octets.every((octet) => /^0*\d{1,3}$/.test(octet) && Number(octet) <= 255);
};

const isPlainIpv6: Check = (text) => isIPv6(text) && !text.includes('%');

const isCidr: Check = (text) => {
  const [address = '', bits = '', ...rest] = text.split('/');
  if (rest.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
  return (isSloppyIpv4(address) && Number(bits) <= 32) || (isPlainIpv6(address) && Number(bits) <= 128);
};

/** Patterns that would take JavaScript's own engine for ever on some texts; compiling them takes longer than all of this room. */
const linear = (pattern: string): Check => {
  let expression: RE2JS | undefined;
  return (text) => (expression ??= RE2JS.compile(pattern)).matcher(text).find();
};

const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\x{80}-\\x{10FFFF}-]+";
const dots = `${atom}(?:\\.${atom})*`;
const quoted = '"(?:[^"\\\\]|\\\\.)*"';
const address = `(?:${dots}|${quoted})@${dots}`;
/** RFC 5322: an address, or a name with one in angle brackets. */
const isEmail = linear(`^\\s*(?:${address}|(?:${quoted}|${atom}|[ .])*<${address}>)\\s*$`);

const isUri: Check = (text) =>
  /^\/[^\s]*$/.test(text) || (/^[A-Za-z][A-Za-z0-9+.-]*:\S+$/.test(text) && URL.canParse(text));

/** Upstream's pattern: a single label, or labels and a top-level domain of two letters at least. */
const label = '[a-zA-Z0-9\\p{S}\\p{L}]';
const isHostnameText = linear(
  `^(${label}((-?${label}{0,62})?)|(${label}(([a-zA-Z0-9\\-\\p{S}\\p{L}]{0,61}${label})?)(\\.)){1,}([a-zA-Z\\p{L}]){2,63})$`,
);
const isHostname: Check = (text) =>
  Buffer.byteLength(text) <= 255 &&
  text.split('.').every((part) => Buffer.byteLength(part) <= 63) &&
  isHostnameText(text);

const number = '[-+]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)';
const duration = new RegExp(
  `^(?:[-+]?0|${number}(?:ns|us|µs|μs|ms|s|m|h)(?:(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:ns|us|µs|μs|ms|s|m|h))*)$`,
);
/** The last of each: whatever begins with it. */
const units = [
  ['ns', 'nano'],
  ['us', 'µs', 'micro'],
  ['ms', 'milli'],
  ['s', 'sec'],
  ['m', 'min'],
  ['h', 'hr', 'hour'],
  ['d', 'day'],
  ['w', 'wk', 'week'],
];
const isUnit = (word: string): boolean => units.some((names) => names.includes(word) || word.startsWith(names.at(-1)!));
/** Go's durations, or numbers with units in words anywhere in the text. */
const isDuration: Check = (text) =>
  // From the first digit only: starting at each of many would take for ever.
  duration.test(text) ||
  [...text.matchAll(/(?<!\d)\d+\s*([A-Za-zµ]+)/g)].some(([, word]) => isUnit(word!.toLowerCase()));

const octet = '(?:0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])';
const cards =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;
/** Luhn's check digit. */
const isCreditCard: Check = (text) => {
  const digits = text.replace(/\D+/g, '');
  if (!cards.test(digits)) return false;
  const sum = digits
    .split('')
    .reverse()
    .reduce((total, digit, index) => {
      const value = Number(digit) * (index % 2 === 0 ? 1 : 2);
      return total + (value > 9 ? value - 9 : value);
    }, 0);
  return sum % 10 === 0;
};

const isbn = (text: string, length: 10 | 13): boolean => {
  const digits = text.replace(/[\s-]/g, '');
  if (!(length === 10 ? /^\d{9}[\dX]$/ : /^\d{13}$/).test(digits)) return false;
  const value = (index: number): number => (digits[index] === 'X' ? 10 : Number(digits[index]));
  let sum = 0;
  for (let index = 0; index < length; index++)
    sum += length === 10 ? (10 - index) * value(index) : value(index) * (index % 2 === 0 ? 1 : 3);
  return sum % (length === 10 ? 11 : 10) === 0;
};

const base64 = matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/);

const checks: Record<string, Check> = {
  bsonobjectid: matches(/^[0-9a-fA-F]{24}$/),
  uri: isUri,
  email: isEmail,
  hostname: isHostname,
  ipv4: (text) => isSloppyIpv4(text) || (isPlainIpv6(text) && text.includes('.')),
  ipv6: isPlainIpv6,
  cidr: isCidr,
  mac: matches(
    /^(?:[\da-f]{2}(?:(?::[\da-f]{2}){5}|(?::[\da-f]{2}){7}|(?::[\da-f]{2}){19}|(?:-[\da-f]{2}){5}|(?:-[\da-f]{2}){7}|(?:-[\da-f]{2}){19})|[\da-f]{4}(?:(?:\.[\da-f]{4}){2}|(?:\.[\da-f]{4}){3}|(?:\.[\da-f]{4}){9}))$/i,
  ),
  uuid: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
  uuid3: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
  uuid4: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i),
  uuid5: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i),
  isbn: (text) => isbn(text, 10) || isbn(text, 13),
  isbn10: (text) => isbn(text, 10),
  isbn13: (text) => isbn(text, 13),
  ssn: matches(/^\d{3}[- ]\d{2}[- ]\d{4}$/),
  creditcard: isCreditCard,
  rgbcolor: matches(new RegExp(`^rgb\\(\\s*${octet}\\s*,\\s*${octet}\\s*,\\s*${octet}\\s*\\)$`)),
  hexcolor: matches(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  byte: base64,
  date: isDate,
  datetime: isDateTime,
  duration: isDuration,
  k8sshortname: matches(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/),
  k8slongname: (text) =>
    text.length <= 253 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/.test(text),
};

/** Formats of strings that say nothing of their text are known all the same. */
export function isKnownFormat(type: string, format: string): boolean {
  if (type === 'integer') return format === 'int32' || format === 'int64';
  if (type === 'number') return format === 'float' || format === 'double';
  const name = format.replaceAll('-', '');
  return (type === '' || type === 'string') && (name === 'password' || Object.hasOwn(checks, name));
}

export function matchesFormat(text: string, format: string): boolean {
  const name = format.replaceAll('-', '');
  return Object.hasOwn(checks, name) ? checks[name]!(text) : true;
}
