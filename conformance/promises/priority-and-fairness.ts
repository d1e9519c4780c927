/** Which FlowSchema and priority level a request belongs to, as the answer's headers and the objects' status tell. */
import assert from 'node:assert/strict';
import type { PromiseContext } from '../src/context.ts';
import { area } from '../src/promise.ts';
import { type WatchedObject, waitForCollection } from '../src/watch.ts';

const promise = area('priority and fairness');
const group = '/apis/flowcontrol.apiserver.k8s.io/v1';
const schemaHeader = 'x-kubernetes-pf-flowschema-uid';
const levelHeader = 'x-kubernetes-pf-prioritylevel-uid';

interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
}

/** Both are named as the promise's namespace, and are deleted after it. */
async function create(context: PromiseContext, resource: string, spec: object): Promise<WatchedObject> {
  const body = { metadata: { name: context.namespace }, spec };
  const response = await context.http.request('POST', `${group}/${resource}`, { body });
  assert.equal(response.status, 201, response.text());
  context.onCleanup(async () => {
    await context.http.request('DELETE', `${group}/${resource}/${context.namespace}`);
  });
  return response.json<WatchedObject>();
}

function schemaSpec(context: PromiseContext, level: string): object {
  const subjects = [{ kind: 'User', user: { name: context.namespace } }];
  const nonResourceRules = [{ verbs: ['*'], nonResourceURLs: ['*'] }];
  return {
    matchingPrecedence: 1000,
    priorityLevelConfiguration: { name: level },
    distinguisherMethod: { type: 'ByUser' },
    rules: [{ subjects, nonResourceRules }],
  };
}

const limited = {
  type: 'Limited',
  limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } },
};

function dangling(context: PromiseContext, status: string): Promise<Condition> {
  return waitForCollection(context.http, `${group}/flowschemas`, context.signal, (objects) => {
    const schema = [...objects.values()].find(({ metadata }) => metadata.name === context.namespace);
    const { conditions = [] } = (schema?.status ?? {}) as { conditions?: Condition[] };
    return conditions.find((condition) => condition.type === 'Dangling' && condition.status === status);
  });
}

const as = (user: string) => ({ 'impersonate-user': user, 'impersonate-group': 'system:authenticated' });

promise('a FlowSchema and its level are named in the headers of the requests they match', async (context) => {
  const level = await create(context, 'prioritylevelconfigurations', limited);
  const schema = await create(context, 'flowschemas', schemaSpec(context, context.namespace));
  const condition = await dangling(context, 'False');
  assert.equal(condition.reason, 'Found');
  const matching = await context.http.request('GET', '/version', { headers: as(context.namespace) });
  assert.equal(matching.headers[schemaHeader], schema.metadata.uid);
  assert.equal(matching.headers[levelHeader], level.metadata.uid);
  const other = await context.http.request('GET', '/version', { headers: as('somebody-else') });
  assert.match(String(other.headers[schemaHeader]), /^[0-9a-f-]{36}$/);
  assert.notEqual(other.headers[schemaHeader], schema.metadata.uid);
  const metrics = (await context.http.request('GET', '/metrics')).text();
  assert.match(
    metrics,
    new RegExp(`^apiserver_flowcontrol_nominal_limit_seats\\{priority_level="${context.namespace}"\\} [1-9]`, 'm'),
  );
});

promise('a FlowSchema whose level is missing says that it dangles', async (context) => {
  await create(context, 'flowschemas', schemaSpec(context, 'no-such-level'));
  const { reason, message } = await dangling(context, 'True');
  assert.equal(reason, 'NotFound');
  assert.equal(
    message,
    'This FlowSchema references the PriorityLevelConfiguration object named "no-such-level" but there is no such object',
  );
});

promise('the mandatory objects are there and keep their specs', async (context) => {
  for (const [resource, name] of [
    ['flowschemas', 'catch-all'],
    ['prioritylevelconfigurations', 'catch-all'],
    ['flowschemas', 'exempt'],
  ]) {
    const current = await context.http.request('GET', `${group}/${resource}/${name}`);
    const object = current.json<{ spec: Record<string, unknown>; metadata: { annotations: Record<string, string> } }>();
    assert.equal(object.metadata.annotations['apf.kubernetes.io/autoupdate-spec'], 'true');
    const body =
      resource === 'flowschemas'
        ? { spec: { matchingPrecedence: 9 } }
        : { spec: { limited: { nominalConcurrencyShares: 9 } } };
    const response = await context.http.request('PATCH', `${group}/${resource}/${name}?dryRun=All`, {
      body,
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    assert.equal(response.status, 422, response.text());
    assert.ok(response.text().includes(`spec of '${name}' must equal the fixed value`), response.text());
  }
});

promise('the queues of each priority level can be dumped', async (context) => {
  const dump = await context.http.request('GET', '/debug/api_priority_and_fairness/dump_priority_levels');
  assert.equal(dump.status, 200);
  const [heading = '', ...rows] = dump.text().trimEnd().split('\n');
  assert.deepEqual(heading.split(/,\s+/), [
    'PriorityLevelName',
    'ActiveQueues',
    'IsIdle',
    'IsQuiescing',
    'WaitingRequests',
    'ExecutingRequests',
    'DispatchedRequests',
    'RejectedRequests',
    'TimedoutRequests',
    'CancelledRequests',
  ]);
  assert.ok(rows.some((row) => row.startsWith('exempt, ')));
});
