import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Clock, resources } from '@typernetes/openapi/client';
import type { CronJob } from '@typernetes/openapi/types/batch/v1';
import { clockFrom, type Harness, startHarness } from '../testing/harness.ts';
import { startCronJobController } from './cronjob-controller.ts';
import { mostRecentSchedule, nextWakeMs } from './missed.ts';
import { parseSchedule, zonedTimestamp } from './schedule.ts';

describe('schedule', () => {
  // From robfig/cron's own table of next activations, as far as it concerns five fields.
  const cases: [schedule: string, zone: string, after: string, next: string | undefined][] = [
    ['0/15 * * * *', 'UTC', '2012-07-09T14:45:00Z', '2012-07-09T15:00:00Z'],
    ['0/15 * * * *', 'UTC', '2012-07-09T14:59:59Z', '2012-07-09T15:00:00Z'],
    ['20-35/15 * * * *', 'UTC', '2012-07-09T15:45:00Z', '2012-07-09T16:20:00Z'],
    ['*/15 * * * *', 'UTC', '2012-12-31T23:59:45Z', '2013-01-01T00:00:00Z'],
    ['0 0 */3 Feb Mon', 'UTC', '2012-07-09T23:35:00Z', '2013-02-01T00:00:00Z'],
    ['0 0 29 Feb ?', 'UTC', '2012-07-09T23:35:00Z', '2016-02-29T00:00:00Z'],
    ['0 0 30 Feb ?', 'UTC', '2012-07-09T23:35:00Z', undefined],
    ['0 0 31 Apr ?', 'UTC', '2012-07-09T23:35:00Z', undefined],
    ['* * 1,15 * Sun', 'UTC', '2012-07-15T00:00:00Z', '2012-07-15T00:01:00Z'],
    ['* * 1,15 * Sun', 'UTC', '2012-06-15T00:00:00Z', '2012-06-15T00:01:00Z'],
    ['0 0 1,15 * Mon', 'UTC', '2012-07-14T00:00:00Z', '2012-07-15T00:00:00Z'],
    ['0 0 * * Mon', 'UTC', '2012-07-10T00:00:00Z', '2012-07-16T00:00:00Z'],
    ['0 0 */10 * Sun', 'UTC', '2012-07-09T00:00:00Z', '2012-07-11T00:00:00Z'],
    ['@hourly', 'UTC', '2012-07-09T14:45:00Z', '2012-07-09T15:00:00Z'],
    ['@yearly', 'UTC', '2012-07-09T14:45:00Z', '2013-01-01T00:00:00Z'],
    ['@every 1h30m', 'UTC', '2012-07-09T14:45:00Z', '2012-07-09T16:15:00Z'],
    ['TZ=America/New_York 0 0 * * *', 'UTC', '2012-07-10T00:00:00Z', '2012-07-10T04:00:00Z'],
    // 02:30 does not exist on 11 March 2012 in New York.
    ['30 2 11 Mar ?', 'America/New_York', '2012-03-11T05:00:00Z', '2013-03-11T06:30:00Z'],
    // The hour from 01:00 occurs twice on 4 November 2012.
    ['0 1 4 Nov ?', 'America/New_York', '2012-11-04T04:00:00Z', '2012-11-04T05:00:00Z'],
    ['0 1 4 Nov ?', 'America/New_York', '2012-11-04T05:00:00Z', '2012-11-04T06:00:00Z'],
    ['0 0 * * *', 'America/Sao_Paulo', '2018-11-03T04:00:00Z', '2018-11-05T02:00:00Z'],
    ['0 9 * * *', 'Asia/Kolkata', '2024-01-01T00:00:00Z', '2024-01-01T03:30:00Z'],
  ];
  for (const [schedule, zone, after, next] of cases) {
    it(`${schedule} in ${zone} after ${after}`, () => {
      const found = parseSchedule(schedule, zone).next(Date.parse(after));
      assert.equal(found, next === undefined ? undefined : Date.parse(next));
    });
  }
  for (const bad of [
    '',
    '* * * *',
    '60 * * * *',
    '* 24 * * *',
    '5-1 * * * *',
    '*/0 * * * *',
    '@never',
    '@every x',
    'a * * * *',
  ]) {
    it(`refuses ${JSON.stringify(bad)}`, () => assert.throws(() => parseSchedule(bad), { name: 'ScheduleError' }));
  }
  it('writes times with their offset', () => {
    assert.equal(zonedTimestamp(Date.parse('2024-01-01T03:30:00Z'), 'Asia/Kolkata'), '2024-01-01T09:00:00+05:30');
    assert.equal(zonedTimestamp(Date.parse('2024-01-01T03:30:00Z'), 'Etc/UTC'), '2024-01-01T03:30:00Z');
  });
});

describe('missed schedules', () => {
  const hourly = parseSchedule('0 * * * *', 'UTC');
  const at = (text: string): number => Date.parse(`2024-01-01T${text}Z`);
  const cronJob = (extra: Partial<CronJob['spec']> = {}, last?: string): CronJob => ({
    metadata: { creationTimestamp: '2024-01-01T10:30:00Z' },
    spec: { schedule: '0 * * * *', jobTemplate: {}, ...extra },
    ...(last ? { status: { lastScheduleTime: last } } : {}),
  });
  it('finds the latest of one, few and many', () => {
    assert.equal(mostRecentSchedule(cronJob(), at('10:45:00'), hourly, true).mostRecent, undefined);
    assert.equal(mostRecentSchedule(cronJob(), at('11:00:05'), hourly, true).mostRecent, at('11:00:00'));
    assert.deepEqual(mostRecentSchedule(cronJob(), at('14:10:00'), hourly, true), {
      earliest: at('10:30:00'),
      mostRecent: at('14:00:00'),
      missed: 'few',
    });
    const late = Date.parse('2024-02-01T00:10:00Z');
    assert.equal(mostRecentSchedule(cronJob(), late, hourly, true).missed, 'many');
    const deadline = cronJob({ startingDeadlineSeconds: 60 });
    assert.equal(mostRecentSchedule(deadline, late, hourly, true).mostRecent, undefined);
  });
  it('sleeps until just after the next', () => {
    assert.equal(nextWakeMs(cronJob(), at('10:45:00'), hourly), 15 * 60_000 + 100);
    assert.equal(nextWakeMs(cronJob({}, '2024-01-01T11:00:00Z'), at('11:00:01'), hourly), 3_599_100);
  });
});

describe('CronJob', () => {
  let harness: Harness;
  let clock: Clock;
  beforeEach(async () => {
    clock = clockFrom('2026-01-31T23:59:01Z');
    harness = await startHarness([startCronJobController], {}, undefined, clock);
  });
  afterEach(() => harness.stop());

  const current = (): CronJob | undefined => harness.server.get(resources.cronJobs, 'default', 'tick');
  function put(spec: Partial<CronJob['spec']>, created = clock.now() - 90_000): void {
    harness.server.put(resources.cronJobs, {
      metadata: {
        name: 'tick',
        namespace: 'default',
        uid: 'tick-uid',
        creationTimestamp: new Date(created).toISOString(),
      },
      spec: {
        schedule: '* * * * *',
        concurrencyPolicy: 'Allow',
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 1,
        jobTemplate: {
          metadata: { labels: { app: 'tick' } },
          spec: { template: { spec: { containers: [{ name: 'c', image: 'i' }] } } },
        },
        ...spec,
      },
    });
  }
  const finish = (name: string, type: 'Complete' | 'Failed', at = new Date().toISOString()): void => {
    const job = harness.server.get(resources.jobs, 'default', name) ?? assert.fail(`no job ${name}`);
    harness.server.put(resources.jobs, {
      ...job,
      status: {
        startTime: at,
        completionTime: at,
        conditions: [{ type, status: 'True', lastTransitionTime: at }],
      },
    });
  };

  it('says so when the schedule never fires', async () => {
    put({ schedule: '59 23 31 2 *' });
    const event = await harness.server.waitFor(
      () => harness.events().find(({ reason }) => reason === 'InvalidSchedule'),
      'an event',
    );
    assert.equal(
      event.message,
      'invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second',
    );
  });
  it('creates the job that is due, once, and notes it; takes notice when it has ended', async () => {
    put({});
    const active = await harness.server.waitFor(() => current()?.status?.active?.[0], 'an active job');
    const [job] = harness.server.list(resources.jobs);
    const scheduled = Date.parse(current()?.status?.lastScheduleTime ?? '');
    assert.equal(active.name, `tick-${scheduled / 60_000}`);
    assert.equal(job?.metadata?.name, active.name);
    assert.deepEqual(job?.metadata?.labels, { app: 'tick' });
    assert.equal(
      Date.parse(job?.metadata?.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'] ?? ''),
      scheduled,
    );
    finish(active.name ?? '', 'Complete');
    await harness.server.waitFor(() => current()?.status?.lastSuccessfulTime, 'the success');
    assert.equal(current()?.status?.active, undefined);
    await harness.server.waitFor(
      () =>
        ['SuccessfulCreate', 'SawCompletedJob'].every((reason) =>
          harness.events().some((event) => event.reason === reason),
        ),
      'events',
    );
    assert.equal(harness.server.list(resources.jobs).length, 1);
  });

  it('does nothing while suspended', async () => {
    put({ suspend: true });
    put({ suspend: false, concurrencyPolicy: 'Forbid' }, clock.now());
    await harness.server
      .client()
      .resource(resources.configMaps)
      .create('default', { metadata: { name: 'barrier' } });
    assert.equal(harness.server.list(resources.jobs).length, 0);
  });

  it('keeps only so much history', async () => {
    put({ suspend: true });
    for (const number of [1, 2, 3]) {
      const name = `tick-${number}`;
      harness.server.put(resources.jobs, {
        metadata: {
          name,
          namespace: 'default',
          uid: name,
          ownerReferences: [
            { apiVersion: 'batch/v1', kind: 'CronJob', name: 'tick', uid: 'tick-uid', controller: true },
          ],
        },
        spec: { template: {} },
      });
      finish(name, 'Complete', new Date(Date.now() - 100_000 + number * 1000).toISOString());
    }
    await harness.server.waitFor(
      () =>
        harness.server
          .list(resources.jobs)
          .map(({ metadata }) => metadata?.name)
          .join() === 'tick-3',
      'only the last job',
    );
  });
});
