import { randomUUID } from 'node:crypto';

const SECOND = 1000;

/** In place of the present: texts in which ages stand open until `withAges` is told the present. */
export const anyTime = new Date(Number.NaN);
/** Nobody else can write it. */
const mark = `${randomUUID()}:`;
const marks = new RegExp(`${mark}(NaN|-?\\d+);`, 'g');

/** A duration as kubectl shows it: at most two units, coarser the longer it is. `<invalid>` from two seconds below zero. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / SECOND);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return twoUnits(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return twoUnits(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 24 * 8) return twoUnits(days, 'd', hours % 24, 'h');
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.trunc(days / 365);
  if (hours < 24 * 365 * 8) return twoUnits(years, 'y', days % 365, 'd');
  return `${years}y`;
}

function twoUnits(coarse: number, coarseUnit: string, fine: number, fineUnit: string): string {
  return fine === 0 ? `${coarse}${coarseUnit}` : `${coarse}${coarseUnit}${fine}${fineUnit}`;
}

/** How long ago a timestamp of the API was; `<unknown>` where there is none. */
export function since(timestamp: string | undefined | null, now: Date): string {
  if (!timestamp) return '<unknown>';
  return ago(Date.parse(timestamp), now);
}

/** How long ago `time` was, in milliseconds since the epoch. */
export function ago(time: number, now: Date): string {
  return now === anyTime ? `${mark}${time};` : humanDuration(now.getTime() - time);
}

/** A text that was made for any time, as JSON or not, as it reads now. */
export function withAges(text: string, now: Date): string {
  const milliseconds = now.getTime();
  return text.replace(marks, (_, time: string) => humanDuration(milliseconds - Number(time)));
}

/** The Age cell. */
export function age(object: { metadata?: { creationTimestamp?: string | null } }, now: Date): string {
  return since(object.metadata?.creationTimestamp, now);
}
