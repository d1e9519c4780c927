import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  EventRecorder,
  loadKubeconfig,
  RestClient,
  type Running,
  SharedInformerFactory,
  silentLogger,
  systemClock,
} from '@typernetes/openapi/client';
import type { ValidatingAdmissionPolicy } from '@typernetes/openapi/types/admissionregistration/v1';
import { startTestCluster, type TestCluster } from '../../admission/testing/cluster.ts';
import type { ControllerContext } from '../context.ts';
import {
  startValidatingAdmissionPolicyStatusController,
  validatingAdmissionPolicies,
} from './policy-status-controller.ts';
import { kindsOf } from './type-checker.ts';

let cluster: TestCluster;
let client: RestClient;
let running: Running;
let informers: SharedInformerFactory;
const stopping = new AbortController();
const waiting = new Set<() => void>();

before(async () => {
  cluster = await startTestCluster();
  client = new RestClient(loadKubeconfig(cluster.kubeconfig));
  informers = new SharedInformerFactory(client);
  const context = {
    informers,
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
    clientFor: () => client,
    recorderFor: (recording: RestClient, component: string) => new EventRecorder(recording, { component }),
  } as Partial<ControllerContext> as ControllerContext;
  running = startValidatingAdmissionPolicyStatusController(context);
  informers.informer(validatingAdmissionPolicies).addEventHandler({ update: () => waiting.forEach((wake) => wake()) });
  informers.start(stopping.signal);
  await running.ready;
});
after(async () => {
  await running.stop();
  stopping.abort();
  await informers.stopped();
  client.close();
  await cluster.stop();
});

/** The status once the controller has seen this generation. */
async function statusOf(name: string, generation = 1) {
  const { lister } = informers.informer(validatingAdmissionPolicies);
  for (;;) {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.add(resolve);
    const { status } = lister.getByKey(name) ?? {};
    if (status?.observedGeneration === generation) return status;
    await promise;
    waiting.delete(resolve);
  }
}

async function create(name: string, spec: ValidatingAdmissionPolicy['spec']): Promise<void> {
  await client.resource(validatingAdmissionPolicies).create(undefined, { metadata: { name }, spec });
}

const constraints = (apiGroups: string[], resources: string[]) => ({
  resourceRules: [{ apiGroups, apiVersions: ['v1'], operations: ['CREATE'], resources }],
});

test('what the types do not bear out is a warning', async () => {
  await create('typed', {
    matchConstraints: constraints(['apps'], ['deployments', 'replicasets']),
    variables: [{ name: 'count', expression: 'object.spec.replicas' }],
    validations: [
      { expression: "object.spec.replicas > '1'" },
      { expression: 'variables.count > 1' },
      {
        expression: 'object.spec.template.spec.containers.all(c, c.imag != "")',
        messageExpression: "object.kin + 'x'",
      },
      {
        expression:
          "object.spec.template.metadata.labels['a'] == 'b' && object.metadata.creationTimestamp < timestamp('2030-01-01T00:00:00Z')",
      },
    ],
  });
  const { typeChecking } = await statusOf('typed');
  assert.deepEqual(
    typeChecking?.expressionWarnings?.map(({ fieldRef }) => fieldRef),
    ['spec.validations[0].expression', 'spec.validations[2].expression', 'spec.validations[2].messageExpression'],
  );
  assert.equal(
    typeChecking?.expressionWarnings?.[0]?.warning,
    [
      "apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'",
      " | object.spec.replicas > '1'",
      ' | .....................^',
      '',
      "apps/v1, Kind=ReplicaSet: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'",
      " | object.spec.replicas > '1'",
      ' | .....................^',
      '',
    ].join('\n'),
  );
});

test('each generation is checked once more; custom resources have types, too', async () => {
  const properties = { limit: { type: 'integer' } };
  await cluster.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'rules.example.com' },
    spec: {
      group: 'example.com',
      names: { plural: 'rules', singular: 'rule', kind: 'Rule' },
      scope: 'Cluster',
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties } } },
      ],
    },
  });
  while ((await cluster.call('GET', '/apis/example.com/v1/rules')).status !== 200)
    await new Promise((resolve) => setImmediate(resolve));
  await create('custom', {
    matchConstraints: constraints(['example.com'], ['rules']),
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    validations: [{ expression: 'object.limit == 1 && params.data.a == "b"' }],
  });
  assert.deepEqual((await statusOf('custom')).typeChecking, {});
  const patch = { spec: { validations: [{ expression: 'object.limits == 1 || params.dat == 1' }] } };
  await client.resource(validatingAdmissionPolicies).patch(undefined, 'custom', patch, { type: 'merge' });
  const { typeChecking } = await statusOf('custom', 2);
  assert.match(
    typeChecking?.expressionWarnings?.[0]?.warning ?? '',
    /^example.com\/v1, Kind=Rule: ERROR: <input>:1:7: undefined field 'limits'/,
  );
  assert.match(typeChecking?.expressionWarnings?.[0]?.warning ?? '', /undefined field 'dat'/);
});

test('rules with wildcards name no kinds', () => {
  const resources = ['a', 'b'].map((resource) => ({
    group: 'g',
    version: 'v1',
    resource,
    kind: resource.toUpperCase(),
  }));
  const rule = { apiGroups: ['g'], apiVersions: ['v1'], operations: ['*'], resources: ['b', 'a', 'a/status'] };
  assert.deepEqual(
    kindsOf([rule], resources).map(({ kind }) => kind),
    ['A', 'B'],
  );
  assert.deepEqual(kindsOf([{ ...rule, apiVersions: ['*'] }], resources), []);
  assert.deepEqual(kindsOf([{ ...rule, resources: ['*'] }], resources), []);
});
