/** Whether a text is a schedule that upstream's cron parser takes; its message otherwise, undefined if all is well. */
export function scheduleError(schedule: string): string | undefined {
  const text = schedule.replace(/^(?:CRON_)?TZ=\S+\s+/, '');
  if (text.trim() === '') return 'empty spec string';
  if (text.startsWith('@')) return descriptorError(text);
  const fields = text.trim().split(/\s+/);
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
  if (/^[+-]?(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+$/.test(every)) return undefined;
  return `failed to parse duration ${text}: time: invalid duration ${JSON.stringify(every)}`;
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
  if (!/^[+-]?\d+$/.test(text))
    return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
  const parsed = Number(text);
  return parsed < 0 ? `negative number (${parsed}) not allowed: ${text}` : parsed;
}

/** Undefined if the zone exists. */
export function timeZoneError(zone: string): string | undefined {
  const unknown = `unknown time zone ${zone}`;
  const strange = zone
    .split('/')
    .some((part) => part === '.' || part === '..' || !/^[A-Za-z._0-9+][A-Za-z._0-9+-]{0,13}$/.test(part));
  if (strange) return unknown;
  if (zone.toLowerCase() === 'local')
    return 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone }).format(0);
    return undefined;
  } catch {
    return unknown;
  }
}
