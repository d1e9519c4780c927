/** Go's durations and RFC 3339 timestamps in nanoseconds. */
import { EvaluationError } from './value.ts';

const units: Record<string, bigint> = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ns: 1n,
};

export function parseDuration(text: string): bigint {
  const invalid = (): never => {
    throw new EvaluationError(`time: invalid duration "${text}"`);
  };
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  const body = text.slice(sign.length);
  if (body === '0') return 0n;
  if (body.length > 256 || !/^(?:(?:\d+\.?\d*|\.\d+)(?:h|ms|m|s|us|µs|μs|ns))+$/.test(body)) return invalid();
  let total = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of body.matchAll(/(\d*)(?:\.(\d*))?(h|ms|m|s|us|µs|μs|ns)/g)) {
    const scale = units[unit] as bigint;
    total += BigInt(whole || '0') * scale;
    if (fraction !== '') total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
  }
  const result = sign === '-' ? -total : total;
  return BigInt.asIntN(64, result) === result ? result : invalid();
}

/** As CEL's string(duration): seconds, with a fraction where there is one. */
export function formatDuration(nanos: bigint): string {
  return `${decimalSeconds(nanos)}s`;
}

function decimalSeconds(nanos: bigint): string {
  const sign = nanos < 0n ? '-' : '';
  const absolute = nanos < 0n ? -nanos : nanos;
  const fraction = String(absolute % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${sign}${absolute / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`}`;
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,18}))?([Zz]|[+-]\d\d:\d\d)$/;

export function parseTimestamp(text: string): bigint {
  const found = rfc3339.exec(text);
  const millis =
    found === null ? Number.NaN : Date.parse(`${text.slice(0, 19).toUpperCase()}${found[8]?.toUpperCase()}`);
  const day = new Date(Date.UTC(Number(found?.[1]), Number(found?.[2]) - 1, Number(found?.[3])));
  if (found === null || Number.isNaN(millis) || day.getUTCDate() !== Number(found[3])) {
    throw new EvaluationError(`parsing time "${text}" as "2006-01-02T15:04:05Z07:00": cannot parse "${text}"`);
  }
  return BigInt(millis) * 1_000_000n + BigInt((found[7] ?? '').padEnd(9, '0').slice(0, 9));
}

export function formatTimestamp(nanos: bigint): string {
  const whole = nanos / 1_000_000_000n - (nanos % 1_000_000_000n < 0n ? 1n : 0n);
  const fraction = String(nanos - whole * 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const text = new Date(Number(whole) * 1000).toISOString().slice(0, 19);
  return `${text}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** The wall clock of a moment in a zone: IANA name, `UTC` or `+01:30`. */
export function wallClock(nanos: bigint, zone: string): Date {
  const millis = Number(nanos / 1_000_000n - (nanos % 1_000_000n < 0n ? 1n : 0n));
  const offset = /^([+-]?)(\d\d):(\d\d)$/.exec(zone);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return new Date(millis + (offset[1] === '-' ? -minutes : minutes) * 60_000);
  }
  if (zone === 'UTC' || zone === '') return new Date(millis);
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    const parts = Object.fromEntries(format.formatToParts(millis).map((part) => [part.type, Number(part.value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return new Date(Date.UTC(year, month - 1, day, hour, minute, second, ((millis % 1000) + 1000) % 1000));
  } catch {
    throw new EvaluationError(`unknown time zone ${zone}`);
  }
}
