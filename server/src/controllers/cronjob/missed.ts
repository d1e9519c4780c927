/** Which of the fires of a CronJob's schedule is due, and how long until the next one. */
import type { CronJob } from '@typernetes/openapi/types/batch/v1';
import { millisecondsOf } from '../time.ts';
import type { Schedule } from './schedule.ts';

/** Wakes a little late rather than a little early. */
const wakeDeltaMs = 100;
const tooManyMissed = 100;

export interface Missed {
  earliest: number;
  /** The latest fire that is not in the future. */
  mostRecent: number | undefined;
  missed: 'none' | 'few' | 'many';
}

/** A schedule that parses and never fires, as on the 31st of February. */
export class InvalidScheduleError extends Error {}

export function mostRecentSchedule(
  cronJob: Readonly<CronJob>,
  now: number,
  schedule: Schedule,
  withDeadline: boolean,
): Missed {
  let earliest = millisecondsOf(cronJob.status?.lastScheduleTime ?? cronJob.metadata?.creationTimestamp);
  const deadline = cronJob.spec.startingDeadlineSeconds;
  if (withDeadline && deadline != null) earliest = Math.max(earliest, now - deadline * 1000);
  const first = schedule.next(earliest);
  if (first === undefined)
    throw new InvalidScheduleError('time difference between two schedules is less than 1 second');
  if (now < first) return { earliest, mostRecent: undefined, missed: 'none' };
  const second = schedule.next(first);
  if (second === undefined || now < second) return { earliest, mostRecent: first, missed: 'none' };
  // Walks only the last stretch: there may have been thousands while nobody looked.
  const interval = Math.max(1000, Math.round((second - first) / 1000) * 1000);
  const count = Math.floor((now - first) / interval) + 1;
  let mostRecent: number | undefined;
  let at = schedule.next(first + (count - 2) * interval);
  while (at !== undefined && at <= now) {
    mostRecent = at;
    at = schedule.next(at);
  }
  return { earliest, mostRecent, missed: count > tooManyMissed ? 'many' : 'few' };
}

/** Undefined: never again. */
export function nextWakeMs(cronJob: Readonly<CronJob>, now: number, schedule: Schedule): number | undefined {
  const { earliest, mostRecent, missed } = mostRecentSchedule(cronJob, now, schedule, false);
  const next = schedule.next(mostRecent ?? (missed === 'none' ? earliest : now));
  return next === undefined ? undefined : Math.max(0, next + wakeDeltaMs - now);
}
