import { timeZones } from './time-zones.ts';

/** Whether a text is a schedule that upstream's cron parser takes; its message otherwise, undefined if all is well. */
export function scheduleError(schedule: string): string | undefined {
  let text = schedule;
  const zone = /^(?:CRON_)?TZ=([^ ]*)/.exec(schedule);
  if (zone) {
    const [prefix, name = ''] = zone;
    if (prefix === schedule) return 'invalid schedule format: runtime error: slice bounds out of range [:-1]';
    if (!['', 'UTC', 'Local'].includes(name) && !timeZones.has(name))
      return `provided bad location ${name}: unknown time zone ${name}`;
    text = schedule.slice(prefix.length).trim();
  }
  if (text.startsWith('@')) return descriptorError(text);
  const fields = text.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== 5) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
  for (const [index, bounds] of BOUNDS.entries()) {
    const problem = fieldError(fields[index] ?? '', bounds);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

interface Bounds {
  minimum: number;
  maximum: number;
  names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const BOUNDS: readonly Bounds[] = [
  { minimum: 0, maximum: 59 },
  { minimum: 0, maximum: 23 },
  { minimum: 1, maximum: 31 },
  { minimum: 1, maximum: 12, names: MONTHS },
  { minimum: 0, maximum: 6, names: DAYS },
];

const DESCRIPTORS = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']);

function descriptorError(text: string): string | undefined {
  if (DESCRIPTORS.has(text)) return undefined;
  const every = /^@every (.*)$/.exec(text)?.[1];
  if (every === undefined) return `unrecognized descriptor: ${text}`;
  const problem = durationError(every);
  return problem === undefined ? undefined : `failed to parse duration ${text}: time: ${problem}`;
}

/** What Go says of a duration that is none. */
function durationError(text: string): string | undefined {
  const quoted = JSON.stringify(text);
  let rest = text.replace(/^[+-]/, '');
  if (rest === '0') return undefined;
  do {
    const number = /^(?:\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) return `invalid duration ${quoted}`;
    const unit = /^[^.\d]+/.exec(rest.slice(number.length))?.[0];
    if (unit === undefined) return `missing unit in duration ${quoted}`;
    if (!/^(?:ns|us|µs|μs|ms|s|m|h)$/.test(unit)) return `unknown unit ${JSON.stringify(unit)} in duration ${quoted}`;
    rest = rest.slice(number.length + unit.length);
  } while (rest !== '');
  return undefined;
}

function fieldError(field: string, bounds: Bounds): string | undefined {
  for (const part of field.split(',').filter((text) => text !== '')) {
    const problem = rangeError(part, bounds);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** `*`, `a`, `a-b`, each with `/step`. */
function rangeError(text: string, bounds: Bounds): string | undefined {
  const [range = '', step, ...tooManySlashes] = text.split('/');
  const [low = '', high, ...tooManyHyphens] = range.split('-');
  let start = bounds.minimum;
  let end = bounds.maximum;
  if (low !== '*' && low !== '?') {
    const first = value(low, bounds);
    if (typeof first === 'string') return first;
    start = first;
    if (tooManyHyphens.length > 0) return `too many hyphens: ${text}`;
    if (high !== undefined) {
      const last = value(high, bounds);
      if (typeof last === 'string') return last;
      end = last;
    } else if (step === undefined) end = start;
  }
  if (tooManySlashes.length > 0) return `too many slashes: ${text}`;
  const width = step === undefined ? 1 : number(step);
  if (typeof width === 'string') return width;
  if (start < bounds.minimum) return `beginning of range (${start}) below minimum (${bounds.minimum}): ${text}`;
  if (end > bounds.maximum) return `end of range (${end}) above maximum (${bounds.maximum}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  if (width === 0) return `step of range should be a positive number: ${text}`;
  return undefined;
}

function value(text: string, bounds: Bounds): number | string {
  const index = bounds.names?.indexOf(text.toLowerCase()) ?? -1;
  return index >= 0 ? index + bounds.minimum : number(text);
}

function number(text: string): number | string {
  const parsed = /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
  if (parsed === undefined || Math.abs(parsed) >= 2 ** 63) {
    const problem = parsed === undefined ? 'invalid syntax' : 'value out of range';
    return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: ${problem}`;
  }
  return parsed < 0 ? `negative number (${parsed}) not allowed: ${text}` : parsed;
}

/** What is wrong with the name of a time zone. */
export function timeZoneErrors(zone: string): string[] {
  if (zone === '') return ['timeZone must be nil or non-empty string'];
  const unknown = `unknown time zone ${zone}`;
  const strange = zone
    .split('/')
    .some((part) => part === '.' || part === '..' || !/^[A-Za-z._0-9+][A-Za-z._0-9+-]{0,13}$/.test(part));
  if (strange) return [unknown];
  const local = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
  return [
    ...(zone.toLowerCase() === 'local' ? [local] : []),
    ...(zone === 'Local' || timeZones.has(zone) ? [] : [unknown]),
  ];
}
