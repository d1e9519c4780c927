/** Durations as Go writes them: `1h2m3.5s`, `250ms`; in configuration files, annotations and flags. */

const units: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds; a plain number is seconds. Throws RangeError for anything else. */
export function parseDuration(text: string | number): number {
  if (typeof text === 'number') return text * 1000;
  if (text === '0') return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/gy)];
  const matched = parts.reduce((length, [part]) => length + part.length, 0);
  if (parts.length === 0 || matched !== text.length) throw new RangeError(`invalid duration ${JSON.stringify(text)}`);
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? 0), 0);
}
