import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { resources } from '@typernetes/openapi/client';
import type { Job } from '@typernetes/openapi/types/batch/v1';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { endPods, type Harness, type PodOutcome, startHarness } from '../testing/harness.ts';
import { startTtlAfterFinishedController } from '../ttlafterfinished/ttl-after-finished-controller.ts';
import { remainingMs, withFinished } from './backoff.ts';
import { Indexes } from './indexes.ts';
import { startJobController } from './job-controller.ts';
import { trackingFinalizer } from './job-pods.ts';

const indexOf = (pod: Readonly<Pod>): number =>
  Number(pod.metadata?.labels?.['batch.kubernetes.io/job-completion-index'] ?? -1);

describe('Job', () => {
  let harness: Harness;
  let stopPods: () => void;
  let outcome: (pod: Pod) => PodOutcome;
  beforeEach(async () => {
    harness = await startHarness([startJobController, startTtlAfterFinishedController]);
    outcome = () => 'Succeeded';
    stopPods = endPods(harness.server, (pod) => outcome(pod));
  });
  afterEach(async () => {
    stopPods();
    await harness.stop();
  });

  async function create(spec: Partial<Job['spec']>): Promise<void> {
    const labels = { 'job-name': 'work' };
    await harness.server
      .client()
      .resource(resources.jobs)
      .create('default', {
        metadata: { name: 'work', generation: 1 },
        spec: {
          completions: 1,
          parallelism: 1,
          backoffLimit: 6,
          completionMode: 'NonIndexed',
          suspend: false,
          podReplacementPolicy: spec?.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed',
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] },
          },
          ...spec,
        },
      });
  }
  const current = (): Job | undefined => harness.server.get(resources.jobs, 'default', 'work');
  const condition = (type: string) => current()?.status?.conditions?.find((entry) => entry.type === type);
  const ended = (type: 'Complete' | 'Failed') =>
    harness.server.waitFor(() => condition(type)?.status === 'True' && current(), `a job that is ${type}`);

  it('completes, counts each pod once and lets it go', async () => {
    await create({ completions: 5, parallelism: 2 });
    const { status } = (await ended('Complete')) ?? {};
    assert.equal(status?.succeeded, 5);
    assert.deepEqual(status?.uncountedTerminatedPods, {});
    assert.equal(status?.active, undefined);
    assert.equal(status?.ready, 0);
    assert.equal(status?.terminating, 0);
    assert.deepEqual(
      status?.conditions?.map(({ type, reason, message }) => [type, reason, message]),
      ['SuccessCriteriaMet', 'Complete'].map((type) => [
        type,
        'CompletionsReached',
        'Reached expected number of succeeded pods',
      ]),
    );
    assert.equal(status?.completionTime, condition('Complete')?.lastTransitionTime);
    assert.equal(harness.server.list(resources.pods).length, 5);
    assert.ok(
      harness.server.list(resources.pods).every((pod) => !pod.metadata?.finalizers?.includes(trackingFinalizer)),
    );
    await harness.server.waitFor(() => harness.events().some(({ reason }) => reason === 'Completed'), 'an event');
  });

  it('gives each index a pod, with hostname, label, annotation and variable', async () => {
    await create({ completions: 3, parallelism: 3, completionMode: 'Indexed' });
    const job = await ended('Complete');
    assert.equal(job?.status?.completedIndexes, '0-2');
    assert.equal(job?.status?.succeeded, 3);
    const pod = harness.server.list(resources.pods).find((entry) => indexOf(entry) === 2);
    assert.match(pod?.metadata?.name ?? '', /^work-2-/);
    assert.equal(pod?.spec?.hostname, 'work-2');
    assert.equal(pod?.metadata?.annotations?.['batch.kubernetes.io/job-completion-index'], '2');
    assert.equal(pod?.spec?.containers[0]?.env?.[0]?.name, 'JOB_COMPLETION_INDEX');
  });

  it('fails beyond the backoff limit', async () => {
    outcome = () => 'Failed';
    await create({ backoffLimit: 0 });
    const job = await ended('Failed');
    assert.equal(job?.status?.failed, 1);
    assert.deepEqual(
      job?.status?.conditions?.map(({ type, reason }) => [type, reason]),
      [
        ['FailureTarget', 'BackoffLimitExceeded'],
        ['Failed', 'BackoffLimitExceeded'],
      ],
    );
    await harness.server.waitFor(
      () => harness.events().some(({ message }) => message === 'Job has reached the specified backoff limit'),
      'an event',
    );
  });

  it('fails at once with an exit code the policy names, and stops the other pods', async () => {
    outcome = (pod) => (indexOf(pod) === 1 ? 42 : undefined);
    await create({
      completions: 3,
      parallelism: 3,
      completionMode: 'Indexed',
      podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] },
    });
    const job = await ended('Failed');
    assert.match(
      condition('Failed')?.message ?? '',
      /^Container c for pod default\/work-1-\w+ failed with exit code 42 matching FailJob rule at index 0$/,
    );
    assert.equal(condition('Failed')?.reason, 'PodFailurePolicy');
    assert.equal(job?.status?.active, undefined);
  });

  it('does not count what the policy ignores', async () => {
    let failures = 0;
    outcome = () => (failures++ === 0 ? 7 : 'Succeeded');
    const rules = [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [7] } }];
    await create({ backoffLimit: 0, backoffLimitPerIndex: 0, completionMode: 'Indexed', podFailurePolicy: { rules } });
    await harness.server.waitFor(
      () => failures === 1 && current()?.status?.startTime && !current()?.status?.active,
      'a status after the failure',
    );
    assert.equal(condition('Failed'), undefined);
    assert.equal(current()?.status?.failed, undefined);
  });

  it('fails index by index', async () => {
    outcome = (pod) => (indexOf(pod) === 1 ? 'Failed' : 'Succeeded');
    await create({
      completions: 3,
      parallelism: 3,
      completionMode: 'Indexed',
      backoffLimitPerIndex: 0,
      backoffLimit: 99,
    });
    const job = await ended('Failed');
    assert.equal(job?.status?.failedIndexes, '1');
    assert.equal(job?.status?.completedIndexes, '0,2');
    assert.equal(condition('Failed')?.reason, 'FailedIndexes');
  });

  it('gives up beyond the failed indexes allowed', async () => {
    outcome = (pod) => (indexOf(pod) < 2 ? 'Failed' : undefined);
    await create({
      completions: 4,
      parallelism: 4,
      completionMode: 'Indexed',
      backoffLimitPerIndex: 0,
      maxFailedIndexes: 1,
      backoffLimit: 99,
    });
    await ended('Failed');
    assert.equal(condition('Failed')?.reason, 'MaxFailedIndexesExceeded');
  });

  it('succeeds early by its success policy', async () => {
    outcome = (pod) => (indexOf(pod) === 0 ? 'Succeeded' : undefined);
    await create({
      completions: 3,
      parallelism: 3,
      completionMode: 'Indexed',
      successPolicy: { rules: [{ succeededIndexes: '0' }] },
    });
    const job = await ended('Complete');
    assert.equal(condition('Complete')?.reason, 'SuccessPolicy');
    assert.equal(condition('SuccessCriteriaMet')?.message, 'Matched rules at index 0');
    assert.equal(job?.status?.completedIndexes, '0');
  });

  it('suspends and resumes', async () => {
    outcome = () => undefined;
    await create({ completions: 2, parallelism: 2 });
    await harness.server.waitFor(() => current()?.status?.active === 2, 'two active pods');
    const jobs = harness.server.client().resource(resources.jobs);
    await jobs.patch('default', 'work', { spec: { suspend: true } }, { type: 'merge' });
    await harness.server.waitFor(() => condition('Suspended')?.status === 'True', 'the condition');
    await harness.server.waitFor(() => harness.server.list(resources.pods).length === 0, 'no pods');
    assert.equal(current()?.status?.startTime, undefined);
    assert.equal(current()?.status?.failed, undefined);
    outcome = () => 'Succeeded';
    await jobs.patch('default', 'work', { spec: { suspend: false } }, { type: 'merge' });
    await ended('Complete');
    assert.equal(condition('Suspended')?.reason, 'JobResumed');
  });

  it('fails after its deadline', async () => {
    outcome = () => undefined;
    await create({ activeDeadlineSeconds: 1 });
    await ended('Failed');
    assert.equal(condition('Failed')?.reason, 'DeadlineExceeded');
  });

  it('is deleted when its time to live is over', async () => {
    await create({ ttlSecondsAfterFinished: 0 });
    await harness.server.waitFor(
      () => harness.server.requests.some(({ method, path }) => method === 'DELETE' && path.endsWith('/jobs/work')),
      'the deletion',
    );
  });

  it('lets go of the pods of a Job that is gone', async () => {
    outcome = () => undefined;
    await create({});
    await harness.server.waitFor(() => current()?.status?.active === 1, 'an active pod');
    harness.server.remove(resources.jobs, 'default', 'work');
    await harness.server.waitFor(
      () => harness.server.list(resources.pods).every((pod) => !pod.metadata?.finalizers?.includes(trackingFinalizer)),
      'no finalizer',
    );
  });
});

describe('indexes', () => {
  it('parses and writes', () => {
    assert.equal(Indexes.parse('0,1,3-5,9', 5).toString(), '0,1,3,4');
    assert.equal(Indexes.of([4, 0, 1, 2, 7, 8]).toString(), '0-2,4,7,8');
    assert.equal(Indexes.parse('', 9).toString(), '');
    assert.deepEqual(Indexes.of([0, 2, 3]).firstMissing(3, 6), [1, 4, 5]);
    assert.deepEqual(Indexes.none.firstMissing(2, 1), [0]);
    assert.equal(Indexes.of([1, 2, 3, 9]).overlap(Indexes.of([3, 4, 9])), 2);
  });
});

describe('backoff', () => {
  const at = (seconds: number): Pod => ({
    status: {
      containerStatuses: [
        {
          name: 'c',
          image: '',
          imageID: '',
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode: 1, finishedAt: new Date(seconds * 1000).toISOString() } },
        },
      ],
    },
  });
  it('doubles from ten seconds to ten minutes, and starts over after a success', () => {
    let record = withFinished({ failures: 0, lastFailureAt: 0 }, [], [at(100)]);
    assert.equal(remainingMs(record, 100_000), 10_000);
    record = withFinished(record, [], [at(120)]);
    assert.equal(remainingMs(record, 121_000), 19_000);
    assert.equal(remainingMs({ failures: 40, lastFailureAt: 0 }, 0), 600_000);
    record = withFinished(record, [at(130)], [at(125), at(140)]);
    assert.deepEqual(record, { failures: 1, lastFailureAt: 140_000 });
    assert.equal(remainingMs(withFinished(record, [at(150)], []), 150_000), 0);
  });
});
