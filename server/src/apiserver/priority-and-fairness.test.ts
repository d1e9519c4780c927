import assert from 'node:assert/strict';
import https from 'node:https';
import { after, before, test } from 'node:test';
import type { FlowSchema, PriorityLevelConfiguration } from '@typernetes/openapi/types/flowcontrol/v1';
import { startTestServer, type TestServer } from './testing/test-server.ts';

let api: TestServer;
before(async () => {
  api = await startTestServer({ maxRequestsInflight: 40, maxMutatingRequestsInflight: 20 });
});
after(() => api.close());

const group = '/apis/flowcontrol.apiserver.k8s.io/v1';
const schemas = `${group}/flowschemas`;
const levels = `${group}/prioritylevelconfigurations`;
const flowHeader = 'x-kubernetes-pf-flowschema-uid';
const levelHeader = 'x-kubernetes-pf-prioritylevel-uid';

async function read<T>(url: string): Promise<T> {
  const { status, text } = await api.call('GET', url);
  assert.equal(status, 200, text);
  return JSON.parse(text) as T;
}

async function create<T>(url: string, object: object): Promise<T> {
  const { status, text } = await api.call('POST', url, { body: object });
  assert.equal(status, 201, text);
  return JSON.parse(text) as T;
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error('it never came');
}

const asUser = (name: string) => ({ 'impersonate-user': name, 'impersonate-group': 'system:authenticated' });

function level(name: string, limitResponse: object): object {
  return { metadata: { name }, spec: { type: 'Limited', limited: { nominalConcurrencyShares: 1, limitResponse } } };
}

function schema(name: string, user: string): object {
  const rules = [
    {
      subjects: [{ kind: 'User', user: { name: user } }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['configmaps'], namespaces: ['*'] }],
    },
  ];
  const priorityLevelConfiguration = { name };
  return {
    metadata: { name },
    spec: { matchingPrecedence: 1000, priorityLevelConfiguration, distinguisherMethod: { type: 'ByUser' }, rules },
  };
}

function dangling(name: string, status: string): Promise<FlowSchema> {
  return until(async () => {
    const object = await read<FlowSchema>(`${schemas}/${name}`);
    return object.status?.conditions?.some((each) => each.type === 'Dangling' && each.status === status)
      ? object
      : undefined;
  });
}

test('the bootstrap objects are there, and mandatory ones cannot be changed', async () => {
  const { items } = await read<{ items: FlowSchema[] }>(schemas);
  assert.equal(items.length, 11);
  for (const { metadata } of items) assert.equal(metadata?.annotations?.['apf.kubernetes.io/autoupdate-spec'], 'true');
  assert.equal((await read<{ items: unknown[] }>(levels)).items.length, 8);
  const catchAll = await read<PriorityLevelConfiguration>(`${levels}/catch-all`);
  catchAll.spec!.limited!.nominalConcurrencyShares = 7;
  const refused = await api.call('PUT', `${levels}/catch-all`, { body: catchAll });
  assert.equal(refused.status, 422);
  assert.match(refused.text, /spec of 'catch-all' must equal the fixed value/);
});

test('a new FlowSchema classifies requests, which the answer’s headers say', async () => {
  const created = await create<PriorityLevelConfiguration>(levels, level('test', { type: 'Reject' }));
  const flow = await create<FlowSchema>(schemas, schema('test', 'noxu'));
  const settled = await dangling('test', 'False');
  const message = 'This FlowSchema references the PriorityLevelConfiguration object named "test" and it exists';
  assert.equal(settled.status?.conditions?.[0]?.message, message);
  const { headers } = await api.call('GET', '/version', { headers: asUser('noxu') });
  assert.equal(headers[levelHeader], created.metadata?.uid);
  assert.equal(headers[flowHeader], flow.metadata?.uid);
  const other = await api.call('GET', '/version', { headers: asUser('foo') });
  assert.notEqual(other.headers[levelHeader], created.metadata?.uid);
  assert.match(String(other.headers[levelHeader]), /^[0-9a-f-]{36}$/);
  const metrics = (await api.call('GET', '/metrics')).text;
  assert.match(metrics, /^apiserver_flowcontrol_nominal_limit_seats\{priority_level="test"\} \d+$/m);
  assert.match(
    metrics,
    /^apiserver_flowcontrol_dispatched_requests_total\{flow_schema="test",priority_level="test"\} 1$/m,
  );
  await api.call('DELETE', `${levels}/test`);
  await dangling('test', 'True');
  await api.call('DELETE', `${schemas}/test`);
});

test('beyond its seats a level answers 429 with Retry-After and upstream’s text', async () => {
  await create(levels, {
    metadata: { name: 'none' },
    spec: {
      type: 'Limited',
      limited: { nominalConcurrencyShares: 0, borrowingLimitPercent: 0, limitResponse: { type: 'Reject' } },
    },
  });
  await create(schemas, schema('none', 'unlucky'));
  await dangling('none', 'False');
  await create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'unlucky' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'unlucky' }],
  });
  // The first of a level without seats runs alone, and stays while its body is missing; nobody has room beside it.
  const slow = https.request(`${api.server.url}/api/v1/namespaces/default/configmaps`, {
    method: 'POST',
    ca: api.certificates.ca.certificate,
    cert: api.certificates.admin.certificate,
    key: api.certificates.admin.key,
    headers: { ...asUser('unlucky'), 'content-type': 'application/json', 'content-length': 100 },
  });
  slow.on('error', () => undefined);
  slow.flushHeaders();
  const ask = () => api.call('GET', '/version', { headers: asUser('unlucky') });
  const answers = [await until(async () => [await ask()].find(({ status }) => status === 429)), await ask()];
  slow.destroy();
  await until(async () => [await ask()].find(({ status }) => status === 200));
  const refused = answers.filter(({ status }) => status === 429);
  assert.equal(refused.length, 2);
  for (const { headers, text } of refused) {
    assert.ok(Number(headers['retry-after']) >= 1);
    assert.equal(text, 'Too many requests, please try again later.\n');
    assert.match(String(headers[flowHeader]), /^[0-9a-f-]{36}$/);
  }
  await api.call('DELETE', `${schemas}/none`);
  await api.call('DELETE', `${levels}/none`);
});

test('what is in the queues can be looked at', async () => {
  const dump = async (what: string) => (await api.call('GET', `/debug/api_priority_and_fairness/dump_${what}`)).text;
  const [heading, ...rows] = (await dump('priority_levels')).trimEnd().split('\n');
  assert.match(heading!, /^PriorityLevelName, +ActiveQueues, +IsIdle, +IsQuiescing, +WaitingRequests, +/);
  assert.equal(rows.length, 8);
  assert.match(await dump('queues'), /\nworkload-low, +127, +0, +0, +0, +0\.00000000ss, +0, +0, +0\.00000000ss\n/);
  const requests = await api.call('GET', '/debug/api_priority_and_fairness/dump_requests?includeRequestDetails=1');
  assert.match(
    requests.text,
    /\nexempt, +exempt, +-1, +-1, .*kubernetes-admin, +get, +\/debug\/api_priority_and_fairness\/dump_requests/,
  );
});

test('objects that contradict themselves are refused in upstream’s words', async () => {
  const queuing = { queues: 4, handSize: 5, queueLengthLimit: 0 };
  const one = await api.call('POST', levels, { body: level('bad', { type: 'Queue', queuing }) });
  assert.equal(one.status, 422);
  assert.match(one.text, /handSize: Invalid value: 5: should not be greater than queues \(4\)/);
  const two = await api.call('POST', schemas, {
    body: { metadata: { name: 'bad' }, spec: { priorityLevelConfiguration: { name: 'x' }, rules: [{ subjects: [] }] } },
  });
  assert.equal(two.status, 422);
  assert.match(two.text, /spec\.rules\[0\]\.subjects: Required value: subjects must contain at least one value/);
  assert.match(two.text, /at least one of resourceRules and nonResourceRules has to be non-empty/);
});
