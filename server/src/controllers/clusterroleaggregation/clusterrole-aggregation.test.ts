import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  loadKubeconfig,
  RestClient,
  type Running,
  resources,
  SharedInformerFactory,
  silentLogger,
  systemClock,
} from '@typernetes/openapi/client';
import type { ClusterRole, PolicyRule } from '@typernetes/openapi/types/rbac/v1';
import { startTestCluster, type TestCluster } from '../../admission/testing/cluster.ts';
import type { ControllerContext } from '../context.ts';
import { startClusterRoleAggregationController } from './clusterrole-aggregation-controller.ts';

let cluster: TestCluster;
let client: RestClient;
let informers: SharedInformerFactory;
let running: Running;
const stopping = new AbortController();
const waiting = new Set<() => void>();

before(async () => {
  cluster = await startTestCluster();
  client = new RestClient(loadKubeconfig(cluster.kubeconfig));
  informers = new SharedInformerFactory(client);
});
after(async () => {
  await running?.stop();
  stopping.abort();
  await informers.stopped();
  client.close();
  await cluster.stop();
});

const rule = (resource: string): PolicyRule => ({ verbs: ['get'], apiGroups: [''], resources: [resource] });
const get = (name: string): Promise<ClusterRole> => client.resource(resources.clusterRoles).get(undefined, name);
const create = (role: ClusterRole): Promise<ClusterRole> =>
  client.resource(resources.clusterRoles).create(undefined, role);
const gathering = (label: string) => ({ clusterRoleSelectors: [{ matchLabels: { [label]: 'yes' } }] });

async function until(name: string, wanted: (rules: readonly PolicyRule[]) => boolean): Promise<readonly PolicyRule[]> {
  const { lister } = informers.informer(resources.clusterRoles);
  for (;;) {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.add(resolve);
    const rules = lister.getByKey(name)?.rules ?? [];
    if (wanted(rules)) return rules;
    await promise;
    waiting.delete(resolve);
  }
}

test('the API server alone leaves aggregated roles without rules; the controller fills them and owns the rules', async () => {
  assert.equal((await get('view')).rules, null);
  const context = { informers, clock: systemClock, logger: silentLogger, clientFor: () => client };
  running = startClusterRoleAggregationController(context as Partial<ControllerContext> as ControllerContext);
  informers.informer(resources.clusterRoles).addEventHandler({ update: () => waiting.forEach((wake) => wake()) });
  informers.start(stopping.signal);
  await running.ready;
  const has = (verb: string) => (rules: readonly PolicyRule[]) =>
    rules.some(({ resources: named, verbs }) => named?.includes('configmaps') && verbs.includes(verb));
  await until('view', has('list'));
  await until('edit', (rules) => has('list')(rules) && has('create')(rules));
  await until('admin', (rules) => has('list')(rules) && has('create')(rules));
  const [aggregation] = (await get('view')).metadata?.managedFields ?? [];
  assert.deepEqual(
    [aggregation?.manager, aggregation?.operation, aggregation?.fieldsV1],
    ['clusterrole-aggregation-controller', 'Apply', { 'f:rules': {} }],
  );
});

test('rules are gathered through several levels, each once, and go with the role that had them', async () => {
  await create({ metadata: { name: 'top' }, aggregationRule: gathering('to-top'), rules: [rule('overwritten')] });
  await create({ metadata: { name: 'middle', labels: { 'to-top': 'yes' } }, aggregationRule: gathering('to-middle') });
  await create({ metadata: { name: 'b', labels: { 'to-middle': 'yes' } }, rules: [rule('pods'), rule('nodes')] });
  await create({ metadata: { name: 'a', labels: { 'to-middle': 'yes', 'to-top': 'yes' } }, rules: [rule('pods')] });
  assert.deepEqual(await until('top', ({ length }) => length === 2), [rule('pods'), rule('nodes')]);
  await client.resource(resources.clusterRoles).delete(undefined, 'b');
  assert.deepEqual(await until('top', ({ length }) => length === 1), [rule('pods')]);
});
