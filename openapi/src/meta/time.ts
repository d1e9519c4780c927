/** meta/v1 Time: RFC 3339 in UTC, whole seconds. */
export function formatTime(date: Date): string {
  const time = date.getTime();
  // Writes ask for the time of now, most of them in the same second as the last.
  if (!(time >= lastSecond && time < lastSecond + 1000)) {
    lastText = `${date.toISOString().slice(0, 19)}Z`;
    lastSecond = Math.floor(time / 1000) * 1000;
  }
  return lastText;
}

let lastSecond = Number.NaN;
let lastText = '';

/** meta/v1 MicroTime: RFC 3339 in UTC with six digits of fraction. */
export function formatMicroTime(date: Date): string {
  return `${date.toISOString().slice(0, 23)}000Z`;
}

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** Undefined where the text is no RFC 3339 time or names a day that does not exist. */
export function parseTime(text: string): Date | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return undefined;
  if (day > new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()) return undefined;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
