import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlowSchema, PriorityLevelConfiguration } from '@typernetes/openapi/types/flowcontrol/v1';
import * as fc from 'fast-check';
import { resolveRequestInfo } from '../endpoints/request-info.ts';
import { MetricsRegistry } from '../metrics/index.ts';
import { allocateConcurrency } from './allocation.ts';
import { mandatoryLevels, mandatorySchemas, suggestedLevels, suggestedSchemas } from './bootstrap.ts';
import { type Admission, FlowControl } from './flow-control.ts';
import { RetryAfter } from './retry-after.ts';
import { deal } from './shuffle-sharding.ts';

const all = [...suggestedLevels, ...mandatoryLevels];
const allSchemas = [...suggestedSchemas, ...mandatorySchemas];

function control(seats: number, size?: { count: number; bytes: number }) {
  const clock = { now: 0 };
  const registry = new MetricsRegistry();
  const flowControl = new FlowControl({ seats, registry, nowMs: () => clock.now, statsOf: () => size });
  flowControl.configure(all, allSchemas);
  const request = (name: string, path = '/api/v1/namespaces/default/pods/p', method = 'GET', groups: string[] = []) => {
    const [pathname = '', query = ''] = path.split('?');
    const parameters = new URLSearchParams(query);
    const user = { name, groups: ['system:authenticated', ...groups] };
    return flowControl.start(resolveRequestInfo(method, pathname, parameters), user, parameters);
  };
  return { flowControl, clock, registry, request };
}

function level(name: string, shares: number, response: object): PriorityLevelConfiguration {
  const limitResponse = response as { type: string };
  return {
    metadata: { name },
    spec: {
      type: 'Limited',
      limited: { nominalConcurrencyShares: shares, lendablePercent: 0, borrowingLimitPercent: 0, limitResponse },
    },
  };
}

function schemaFor(name: string, group: string): FlowSchema {
  const rule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true };
  return {
    metadata: { name },
    spec: {
      matchingPrecedence: 500,
      priorityLevelConfiguration: { name },
      distinguisherMethod: { type: 'ByUser' },
      rules: [{ subjects: [{ kind: 'Group', group: { name: group } }], resourceRules: [rule] }],
    },
  };
}

test('a hand is of different cards, and the same each time', () => {
  const hands = fc.tuple(
    fc.bigInt({ min: 0n, max: 2n ** 60n }),
    fc.integer({ min: 8, max: 128 }),
    fc.integer({ min: 1, max: 8 }),
  );
  fc.assert(
    fc.property(hands, ([hash, deck, hand]) => {
      const cards = deal(hash, deck, hand);
      assert.equal(new Set(cards).size, hand);
      assert.ok(cards.every((card) => card >= 0 && card < deck));
      assert.deepEqual(deal(hash, deck, hand), cards);
    }),
  );
});

test('an allocation sums up, keeps to the bounds, and is fair between them', () => {
  const item = fc
    .tuple(fc.nat(50), fc.nat(50), fc.nat(100))
    .map(([low, more, beyond]) => ({ lowerBound: low, target: low + more, upperBound: low + beyond }));
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 8 }), fc.nat(1000), (items, wanted) => {
      const low = items.reduce((sum, { lowerBound }) => sum + lowerBound, 0);
      const high = items.reduce((sum, { upperBound }) => sum + upperBound, 0);
      const allocation = allocateConcurrency(wanted, items);
      if (wanted < low || wanted > high) return assert.equal(allocation, undefined);
      const { seats, fairFraction } = allocation!;
      assert.ok(Math.abs(seats.reduce((sum, value) => sum + value, 0) - wanted) < 1e-3);
      seats.forEach((value, index) => {
        const { lowerBound, upperBound, target } = items[index]!;
        assert.ok(value >= lowerBound - 1e-6 && value <= upperBound + 1e-6);
        const fair = fairFraction * Math.max(target, 0.001);
        if (value > lowerBound + 1e-6) assert.ok(value <= fair + 1e-3);
        if (value < upperBound - 1e-6) assert.ok(value >= fair - 1e-3);
      });
    }),
  );
});

test('600 seats are shared out as upstream shares them', async () => {
  const { flowControl, registry } = control(600);
  const nominal = Object.fromEntries([...flowControl.levels].map(([name, { nominalSeats }]) => [name, nominalSeats]));
  assert.deepEqual(nominal, {
    system: 74,
    'node-high': 98,
    'leader-election': 25,
    'workload-high': 98,
    'workload-low': 245,
    'global-default': 49,
    'catch-all': 13,
    exempt: 0,
  });
  assert.match(await registry.text(), /apiserver_flowcontrol_nominal_limit_seats\{priority_level="node-high"\} 98\n/);
});

test('requests are classified as upstream classifies them', () => {
  const { request } = control(600);
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n';
  const classified: [Admission, string, string][] = [
    [request('admin', '/api/v1/nodes', 'GET', ['system:masters']), 'exempt', 'exempt'],
    [request('system:node:n', leases, 'PUT', ['system:nodes']), 'system-node-high', 'node-high'],
    [request('system:node:n', '/api/v1/pods', 'GET', ['system:nodes']), 'system-nodes', 'system'],
    [request('system:kube-scheduler', leases, 'PUT'), 'system-leader-election', 'leader-election'],
    [request('system:kube-scheduler'), 'kube-scheduler', 'workload-high'],
    [request('system:serviceaccount:kube-system:x'), 'kube-system-service-accounts', 'workload-high'],
    [
      request('system:serviceaccount:a:x', '/api/v1/pods', 'GET', ['system:serviceaccounts']),
      'service-accounts',
      'workload-low',
    ],
    [request('someone', '/livez/ping'), 'probes', 'exempt'],
    [request('someone', '/version'), 'global-default', 'global-default'],
  ];
  for (const [{ flow }, schema, levelName] of classified) {
    assert.equal(flow.name, schema);
    assert.equal(flow.level.name, levelName);
  }
});

test('seats are given at once, then requests wait, then they are turned away', async () => {
  const { flowControl, request, registry } = control(100);
  const queuing = { queues: 1, handSize: 1, queueLengthLimit: 2 };
  flowControl.configure(
    [level('narrow', 0, { type: 'Queue', queuing }), ...all],
    [schemaFor('narrow', 'g'), ...allSchemas],
  );
  const narrow = flowControl.levels.get('narrow')!;
  assert.equal(narrow.currentSeats, 0);
  flowControl.configure(
    [level('narrow', 5, { type: 'Queue', queuing }), ...all],
    [schemaFor('narrow', 'g'), ...allSchemas],
  );
  const executing = Array.from({ length: narrow.currentSeats }, () => request('u', undefined, 'GET', ['g']));
  assert.ok(executing.length > 0 && executing.every(({ ticket }) => ticket.state === 'executing'));
  const waiting = [1, 2].map(() => request('u', undefined, 'GET', ['g']));
  assert.deepEqual(
    waiting.map(({ ticket }) => ticket.state),
    ['waiting', 'waiting'],
  );
  assert.equal(request('u', undefined, 'GET', ['g']).ticket.state, 'rejected');
  const first = flowControl.wait(waiting[0]!, 60_000, new AbortController().signal);
  flowControl.finish(executing[0]!);
  await first;
  assert.equal(waiting[0]!.ticket.state, 'executing');
  await flowControl.wait(waiting[1]!, 1, new AbortController().signal);
  assert.equal(waiting[1]!.ticket.state, 'rejected');
  const text = await registry.text();
  for (const reason of ['queue-full', 'time-out']) {
    assert.ok(
      text.includes(`rejected_requests_total{flow_schema="narrow",priority_level="narrow",reason="${reason}"} 1\n`),
    );
  }
  for (const each of [waiting[0]!, ...executing.slice(1)]) flowControl.finish(each);
  assert.ok(narrow.queueSet.idle);
  assert.equal(narrow.queueSet.seatsInUse, 0);
  flowControl.configure(all, allSchemas);
  assert.equal(flowControl.levels.has('narrow'), false);
});

test('a client that goes away gives up its place', async () => {
  const { flowControl, request } = control(100);
  const queuing = { queues: 1, handSize: 1, queueLengthLimit: 2 };
  flowControl.configure(
    [level('narrow', 1, { type: 'Queue', queuing }), ...all],
    [schemaFor('narrow', 'g'), ...allSchemas],
  );
  while (request('u', undefined, 'GET', ['g']).ticket.state === 'executing');
  const { queueSet } = flowControl.levels.get('narrow')!;
  const waiting = request('u', undefined, 'GET', ['g']);
  const before = queueSet.waitingRequests;
  const leaving = new AbortController();
  const waited = flowControl.wait(waiting, 60_000, leaving.signal);
  leaving.abort();
  await waited;
  assert.equal(waiting.ticket.state, 'rejected');
  assert.equal(queueSet.waitingRequests, before - 1);
});

test('a busy client does not keep a modest one waiting', () => {
  const { flowControl, clock, request } = control(100);
  const queuing = { queues: 64, handSize: 1, queueLengthLimit: 100 };
  flowControl.configure(
    [level('shared', 1, { type: 'Queue', queuing }), ...all],
    [schemaFor('shared', 'g'), ...allSchemas],
  );
  const { queueSet } = flowControl.levels.get('shared')!;
  const ask = (name: string) => request(name, undefined, 'GET', ['g']);
  const executing: Admission[] = [];
  for (let next = ask('elephant'); ; next = ask('elephant')) {
    if (next.ticket.state !== 'executing') break;
    executing.push(next);
  }
  const elephants = Array.from({ length: 50 }, () => ask('elephant'));
  clock.now += 1;
  const mouse = ask('mouse');
  assert.equal(mouse.ticket.state, 'waiting');
  clock.now += 5;
  for (let served = 0; served < 2; served++) flowControl.finish(executing[served] ?? elephants[served]!);
  assert.equal(mouse.ticket.state, 'executing');
  assert.ok(queueSet.waitingRequests >= 49);
});

test('a level without queues turns away; the exempt one never does', () => {
  const { flowControl, request } = control(10);
  flowControl.configure([level('strict', 1, { type: 'Reject' }), ...all], [schemaFor('strict', 'g'), ...allSchemas]);
  assert.equal(request('u', undefined, 'GET', ['g']).ticket.state, 'executing');
  assert.equal(request('u', undefined, 'GET', ['g']).ticket.state, 'rejected');
  for (let count = 0; count < 100; count++) {
    assert.equal(request('admin', undefined, 'GET', ['system:masters']).ticket.state, 'executing');
  }
});

test('what one level does not need another borrows, and gives back', () => {
  const { flowControl, clock, request } = control(600);
  const globalDefault = flowControl.levels.get('global-default')!;
  const before = globalDefault.currentSeats;
  const admissions = Array.from({ length: 120 }, (_, index) => request(`user-${index}`));
  const waiting = (): number => globalDefault.queueSet.waitingRequests;
  assert.ok(waiting() > 0);
  clock.now += 10_000;
  flowControl.adjust();
  assert.ok(globalDefault.currentSeats > before, `${globalDefault.currentSeats} > ${before}`);
  assert.equal(waiting(), 0);
  for (const admission of admissions) flowControl.finish(admission);
  const lowWorkload = Array.from({ length: 400 }, (_, index) =>
    request(`system:serviceaccount:a:${index}`, '/api/v1/pods', 'GET', ['system:serviceaccounts']),
  );
  clock.now += 300_000;
  flowControl.adjust();
  assert.ok(flowControl.levels.get('workload-low')!.currentSeats > globalDefault.currentSeats);
  assert.equal(lowWorkload.length, 400);
});

test('big lists take more seats, and writes that wake many watches hold theirs a while', () => {
  const { flowControl, request } = control(600, { count: 1000, bytes: 500_000 });
  assert.equal(request('a', '/api/v1/pods').ticket.estimate.initialSeats, 5);
  assert.equal(request('a', '/api/v1/pods?limit=100').ticket.estimate.initialSeats, 1);
  assert.equal(request('a', '/api/v1/pods?watch=1&resourceVersion=7').ticket.estimate.initialSeats, 1);
  assert.equal(request('a', '/api/v1/pods?watch=1').ticket.estimate.initialSeats, 5);
  assert.equal(request('a', '/api/v1/pods?fieldSelector=metadata.name%3Dx').ticket.estimate.initialSeats, 1);
  const info = resolveRequestInfo('GET', '/api/v1/pods', new URLSearchParams('watch=1'));
  const forget = Array.from({ length: 40 }, () => flowControl.watches.register(info));
  const create = () => request('a', '/api/v1/namespaces/default/pods', 'POST').ticket.estimate;
  assert.deepEqual(create(), { initialSeats: 1, finalSeats: 4, additionalMs: 5 });
  for (const each of forget) each();
  assert.deepEqual(create(), { initialSeats: 1, finalSeats: 0, additionalMs: 0 });
});

test('Retry-After grows while requests go on being turned away, and shrinks again', () => {
  const retryAfter = new RetryAfter();
  const seen: number[] = [];
  for (let second = 100; second < 110; second++) {
    for (let count = 0; count < 10; count++) retryAfter.record(second);
    seen.push(retryAfter.seconds);
  }
  assert.equal(seen[0], 1);
  assert.ok(Math.max(...seen) >= 4);
  for (let second = 200; second < 300; second += 20) retryAfter.record(second);
  assert.ok(retryAfter.seconds < Math.max(...seen));
});
