/**
 * Schedules as robfig/cron's standard parser reads them: five fields, names, `?`, steps, descriptors, `@every`, and an
 * optional `TZ=` prefix. Every minute of the wall clock counts when it occurs: one that daylight saving skips does not
 * fire, one that it repeats fires twice.
 */

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Beyond this no fire is looked for: 30 February never comes. */
const horizonMs = 5 * 366 * 24 * hourMs;

export interface Schedule {
  /** The first fire after `after`, both in milliseconds since the epoch; undefined: there is none. */
  next(after: number): number | undefined;
}

export class ScheduleError extends Error {
  override name = 'ScheduleError';
}

interface Field {
  readonly values: ReadonlySet<number>;
  /** `*` or `?`, without a step: of days, the other field alone decides. */
  readonly isOpen: boolean;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const bounds: readonly { minimum: number; maximum: number; names?: readonly string[] }[] = [
  { minimum: 0, maximum: 59 },
  { minimum: 0, maximum: 23 },
  { minimum: 1, maximum: 31 },
  { minimum: 1, maximum: 12, names: months },
  { minimum: 0, maximum: 6, names: days },
];
const descriptors: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** @param timeZone for schedules without one of their own; undefined: the process's */
export function parseSchedule(schedule: string, timeZone?: string): Schedule {
  const [, prefixed, rest] = /^(?:CRON_)?TZ=(\S+)\s+(.*)$/.exec(schedule) ?? [undefined, undefined, schedule];
  const text = rest.trim();
  const zone = wallClock(prefixed ?? timeZone);
  if (text.startsWith('@every ')) return every(text.slice('@every '.length));
  const expanded = text.startsWith('@') ? descriptors[text] : text;
  if (expanded === undefined) throw new ScheduleError(`unrecognized descriptor: ${text}`);
  const parts = expanded.split(/\s+/);
  if (parts.length !== 5)
    throw new ScheduleError(`expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`);
  const [minute, hour, dayOfMonth, month, dayOfWeek] = parts.map(field) as [Field, Field, Field, Field, Field];
  const dayMatches = (at: WallTime): boolean => {
    const inMonth = dayOfMonth.values.has(at.day);
    const inWeek = dayOfWeek.values.has(at.weekday);
    return dayOfMonth.isOpen || dayOfWeek.isOpen ? inMonth && inWeek : inMonth || inWeek;
  };
  return {
    next(after) {
      let at = Math.floor(after / minuteMs) * minuteMs + minuteMs;
      const horizon = at + horizonMs;
      while (at <= horizon) {
        const wall = zone(at);
        if (!month.values.has(wall.month) || !dayMatches(wall)) {
          // Not past the end of the day, even on one with 23 hours.
          at += wall.hour < 21 ? (21 - wall.hour) * hourMs : (60 - wall.minute) * minuteMs;
        } else if (!hour.values.has(wall.hour)) at += (60 - wall.minute) * minuteMs;
        else if (!minute.values.has(wall.minute)) at += minuteMs;
        else return at;
      }
      return undefined;
    },
  };
}

function field(text: string, index: number): Field {
  const { minimum, maximum, names } = bounds[index] ?? { minimum: 0, maximum: 0 };
  const valueOf = (word: string): number => {
    const named = names?.indexOf(word.toLowerCase()) ?? -1;
    if (named >= 0) return named + minimum;
    if (!/^\d+$/.test(word)) throw new ScheduleError(`failed to parse int from ${word}`);
    return Number(word);
  };
  const values = new Set<number>();
  let isOpen = false;
  for (const part of text.split(',').filter(Boolean)) {
    const [range = '', stepText, ...more] = part.split('/');
    if (more.length > 0) throw new ScheduleError(`too many slashes: ${part}`);
    const step = stepText === undefined ? 1 : valueOf(stepText);
    let first = minimum;
    let last = maximum;
    if (range === '*' || range === '?') isOpen ||= step === 1;
    else {
      const [low = '', high, ...hyphens] = range.split('-');
      if (hyphens.length > 0) throw new ScheduleError(`too many hyphens: ${part}`);
      first = valueOf(low);
      if (high !== undefined) last = valueOf(high);
      else if (stepText === undefined) last = first;
    }
    if (first < minimum || last > maximum || first > last || step === 0)
      throw new ScheduleError(`range out of bounds: ${part}`);
    for (let value = first; value <= last; value += step) values.add(value);
  }
  return { values, isOpen };
}

const units: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: minuteMs,
  h: hourMs,
};

/** At least a second, in whole seconds. */
function every(duration: string): Schedule {
  const parts = [...duration.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== duration)
    throw new ScheduleError(`failed to parse duration @every ${duration}`);
  const total = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0), 0);
  const delay = Math.max(1000, Math.floor(total / 1000) * 1000);
  return { next: (after) => Math.floor(after / 1000) * 1000 + delay };
}

interface WallTime {
  minute: number;
  hour: number;
  day: number;
  month: number;
  weekday: number;
}

/** Throws a RangeError for a zone that does not exist. */
function wallClock(timeZone: string | undefined): (at: number) => WallTime {
  const format = new Intl.DateTimeFormat('en-US', {
    ...(timeZone === undefined ? {} : { timeZone }),
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (at) => {
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(at)) parts[type] = Number(value);
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = parts;
    return { month, day, hour, minute, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() };
  };
}

/** `2026-01-01T00:00:00+01:00`, as annotations carry it; `Z` for a zone without offset. */
export function zonedTimestamp(at: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  const offset = sign ? (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1) : 0;
  const wall = new Date(at + offset * minuteMs).toISOString().slice(0, 19);
  return offset === 0 ? `${wall}Z` : `${wall}${sign}${hours}:${minutes}`;
}
