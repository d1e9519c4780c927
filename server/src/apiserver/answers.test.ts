/** Answers that depend on the group version asked, or on what changes; true of a real kube-apiserver as well. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { StatusBody } from './testing/client.ts';
import { startTarget, type Target } from './testing/target.ts';

let target: Target;
before(async () => {
  target = await startTarget();
});
after(() => target.stop());

interface Table {
  kind: string;
  columnDefinitions: { name: string }[];
  rows: { cells: unknown[] }[];
}
const asTable = { headers: { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' } };
const events = '/apis/events.k8s.io/v1/namespaces/default/events';
const event = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name: 'one' },
  eventTime: '2026-01-02T03:04:05.000000Z',
  reportingController: 'example.com/test',
  reportingInstance: 'test-1',
  action: 'Starting',
  reason: 'Started',
  regarding: { kind: 'Pod', name: 'main', namespace: 'default' },
  note: 'It has started',
  type: 'Normal',
};

async function post(path: string, body: unknown): Promise<StatusBody> {
  return (await target.admin.call('POST', path, { body })).json();
}

test('events.k8s.io has its own name in messages, stricter rules and the same cells', async () => {
  const absent = (await target.admin.call('GET', `${events}/absent`)).json();
  assert.equal(absent.message, 'events.events.k8s.io "absent" not found');
  assert.equal(absent.details?.group, 'events.k8s.io');
  const nonsense = await post(events, { ...event, type: 'Nonsense', series: { count: 1 } });
  assert.deepEqual(
    nonsense.details?.causes?.map(({ field }) => field),
    ['series.count', 'series.lastObservedTime', 'type'],
  );
  assert.equal((await target.admin.call('POST', events, { body: event })).status, 201);
  const changed = await target.admin.call('PUT', `${events}/one`, { body: { ...event, note: 'Other' } });
  assert.equal(changed.json().details?.causes?.[0]?.field, 'message');
  const core = await target.admin.call('GET', '/api/v1/namespaces/default/events/absent');
  assert.equal(core.json().message, 'events "absent" not found');
  const table = (await target.admin.call('GET', `${events}?fieldSelector=metadata.name%3Done`, asTable)).json<Table>();
  assert.equal(table.rows[0]?.cells[3], 'pod/main');
});

test('a Job is finished only with all that belongs to it', async () => {
  const jobs = '/apis/batch/v1/namespaces/default/jobs';
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'example.com/main' }] } };
  await post(jobs, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'one' }, spec: { template } });
  const write = async (status: object) =>
    (
      await target.admin.call('PATCH', `${jobs}/one/status`, {
        body: { status },
        contentType: 'application/merge-patch+json',
      })
    ).json();
  const condition = (type: string) => ({ type, status: 'True' });
  const early = await write({ conditions: [condition('Complete')] });
  assert.deepEqual(
    early.details?.causes?.map(({ field }) => field),
    ['status.completionTime', 'status.conditions', 'status.startTime'],
  );
  const startTime = '2026-01-02T03:04:05Z';
  const conditions = [condition('SuccessCriteriaMet'), condition('Complete')];
  const done = await write({ conditions, startTime, completionTime: '2026-01-02T03:04:06Z' });
  assert.equal(done.kind, 'Job');
  const undone = await write({ conditions: [condition('SuccessCriteriaMet')], completionTime: null });
  assert.match(undone.message ?? '', /cannot disable the terminal Complete=True condition/);
});

test('a scale is shown as a Table of its own, and applied', async () => {
  const deployments = '/apis/apps/v1/namespaces/default/deployments';
  const labels = { app: 'web' };
  await post(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'example.com/main' }] } },
    },
  });
  const table = (await target.admin.call('GET', `${deployments}/web/scale`, asTable)).json<Table>();
  assert.deepEqual(
    table.columnDefinitions.map(({ name }) => name),
    ['Name', 'Desired', 'Available', 'Age'],
  );
  assert.deepEqual(table.rows[0]?.cells.slice(0, 3), ['web', 2, 0]);
  const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 3 } };
  const query = 'fieldManager=test&force=true';
  const applied = await target.admin.call('PATCH', `${deployments}/web/scale?${query}`, {
    body: scale,
    contentType: 'application/apply-patch+yaml',
  });
  assert.equal(applied.status, 200, `an applied Scale needs no metadata: ${applied.text}`);
  assert.equal(applied.json<{ spec: { replicas: number } }>().spec.replicas, 3);
});

const base = { metadata: { name: 'one' } };
for (const [path, body, field] of [
  [
    '/api/v1/namespaces/default/resourcequotas',
    { ...base, spec: { hard: { 'requests.cpu': '1' }, scopes: ['BestEffort'] } },
    'spec.scopes',
  ],
  [
    '/api/v1/namespaces/default/limitranges',
    { ...base, spec: { limits: [{ type: 'Nonsense', max: { cpu: '1' } }] } },
    'spec.limits[0].type',
  ],
  [
    '/apis/storage.k8s.io/v1/storageclasses',
    {
      ...base,
      provisioner: 'example.com/disks',
      allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['a', 'a'] }] }],
    },
    'allowedTopologies[0].matchLabelExpressions[0].values[1]',
  ],
  [
    '/apis/storage.k8s.io/v1/csinodes',
    {
      ...base,
      spec: { drivers: [{ name: 'example.com', nodeID: 'n', topologyKeys: [], allocatable: { count: -1 } }] },
    },
    'spec.drivers[0].allocatable.count',
  ],
  [
    '/api/v1/namespaces/default/podtemplates',
    {
      ...base,
      template: {
        spec: {
          os: { name: 'windows' },
          securityContext: { fsGroup: 1 },
          containers: [{ name: 'main', image: 'example.com/main' }],
        },
      },
    },
    'template.spec.securityContext.fsGroup',
  ],
] as const)
  test(`${path}: ${field} is refused`, async () => {
    const { code, details } = await post(`${path}?dryRun=All`, body);
    assert.equal(code, 422);
    assert.deepEqual(
      details?.causes?.map((cause) => cause.field),
      [field],
    );
  });
