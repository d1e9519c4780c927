/** /metrics after webhooks and policies have been asked. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { rules, WebhookFixture } from './testing/webhooks.ts';

let fixture: WebhookFixture;
let lines: string[];

const policies = '/apis/admissionregistration.k8s.io/v1';
const count = (name: string, labels: Record<string, string>): number => {
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  const found = lines.find((line) => line.startsWith(`${name}{`) && wanted.every((label) => line.includes(label)));
  return Number(found?.split(' ').at(-1) ?? Number.NaN);
};

before(async () => {
  fixture = await WebhookFixture.start();
  const { cluster, webhooks } = fixture;
  const broken = { clientConfig: { url: 'https://127.0.0.1:1/none', caBundle: webhooks.caBundle } };
  await fixture.configure(
    'Validating',
    'validating',
    { name: 'yes.example.com', rules: rules(['CREATE'], ['configmaps']) },
    {
      name: 'sometimes.example.com',
      rules: rules(['CREATE'], ['configmaps']),
      matchConditions: [{ name: 'named', expression: "request.name != 'one'" }],
    },
    { name: 'no.example.com', rules: rules(['DELETE'], ['configmaps']) },
    { name: 'open.example.com', failurePolicy: 'Ignore', rules: rules(['UPDATE'], ['configmaps']), ...broken },
    { name: 'shut.example.com', failurePolicy: 'Fail', rules: rules(['UPDATE'], ['secrets']), ...broken },
  );
  await fixture.configure('Mutating', 'mutating', {
    name: 'mutate.example.com',
    rules: rules(['CREATE'], ['configmaps']),
  });
  const matchConstraints = { resourceRules: rules(['CREATE'], ['secrets']) };
  for (const [kind, body] of [
    [
      'validatingadmissionpolicies',
      {
        metadata: { name: 'strict' },
        spec: {
          failurePolicy: 'Fail',
          matchConstraints,
          validations: [{ expression: "object.metadata.name != 'bad'" }],
        },
      },
    ],
    [
      'validatingadmissionpolicybindings',
      { metadata: { name: 'bound' }, spec: { policyName: 'strict', validationActions: ['Deny'] } },
    ],
    [
      'mutatingadmissionpolicies',
      {
        metadata: { name: 'label' },
        spec: {
          failurePolicy: 'Fail',
          reinvocationPolicy: 'Never',
          matchConstraints,
          mutations: [
            {
              patchType: 'ApplyConfiguration',
              applyConfiguration: { expression: "Object{metadata: Object.metadata{labels: {'l': 'yes'}}}" },
            },
          ],
        },
      },
    ],
    ['mutatingadmissionpolicybindings', { metadata: { name: 'bound' }, spec: { policyName: 'label' } }],
  ] as const) {
    const answer = await cluster.call('POST', `${policies}/${kind}`, body);
    assert.equal(answer.status, 201, answer.body.message);
  }
  fixture.handler = (_, review) => ({
    allowed: (review['request'] as { operation: string }).operation !== 'DELETE',
  });

  const secrets = '/api/v1/namespaces/default/secrets';
  for (
    let attempt = 0;
    (await cluster.call('POST', secrets, { metadata: { name: 'bad' } })).status !== 422;
    attempt++
  ) {
    assert.ok(attempt < 500, 'the policy never decides');
    await cluster.call('DELETE', `${secrets}/bad`);
  }
  for (let attempt = 0; webhooks.requests.length === 0; attempt++) {
    assert.ok(attempt < 500, 'the webhooks are never asked');
    await fixture.create(`try${attempt}`);
  }
  assert.equal((await fixture.create('one')).status, 201);
  const url = '/api/v1/namespaces/default/configmaps/one';
  assert.equal((await cluster.call('DELETE', url)).status, 400);
  const patch = { contentType: 'application/merge-patch+json' };
  assert.equal((await cluster.call('PATCH', url, { data: { key: 'other' } }, patch)).status, 200);
  await cluster.call('POST', secrets, { metadata: { name: 'good' } });
  assert.equal(
    (await cluster.call('PATCH', `${secrets}/good`, { type: 'Opaque', data: { a: 'YQ==' } }, patch)).status,
    500,
  );
  lines = String((await cluster.call('GET', '/metrics')).body.message).split('\n');
});
after(() => fixture.cluster.stop());

it('counts the calls of webhooks by what came of them', () => {
  const name = 'apiserver_admission_webhook_request_total';
  assert.ok(
    count(name, { name: 'yes.example.com', type: 'validating', operation: 'CREATE', code: '200', rejected: 'false' }) >=
      1,
  );
  assert.ok(count(name, { name: 'mutate.example.com', type: 'admit', code: '200' }) >= 1);
  assert.equal(count(name, { name: 'no.example.com', code: '400', rejected: 'true' }), 1);
  assert.equal(count(name, { name: 'open.example.com', code: '503', rejected: 'false' }), 1);
  assert.equal(count(name, { name: 'shut.example.com', code: '503', rejected: 'true' }), 1);
  const duration = 'apiserver_admission_webhook_admission_duration_seconds_count';
  assert.equal(count(duration, { name: 'no.example.com', operation: 'DELETE', rejected: 'true' }), 1);
});

it('counts webhooks among the requests to other servers', () => {
  const host = new URL(fixture.webhooks.url).host;
  const calls = count('rest_client_requests_total', { code: '200', method: 'POST', host });
  assert.ok(calls >= 2, String(calls));
  assert.ok(count('rest_client_request_duration_seconds_count', { verb: 'POST', host }) >= calls);
  assert.ok(count('rest_client_requests_total', { code: '<error>', method: 'POST' }) >= 2);
});

it('tells refusals from failures, and failures that were overlooked', () => {
  const name = 'apiserver_admission_webhook_rejection_count';
  assert.equal(count(name, { name: 'no.example.com', error_type: 'no_error', rejection_code: '400' }), 1);
  assert.equal(
    count(name, { name: 'shut.example.com', error_type: 'calling_webhook_error', rejection_code: '503' }),
    1,
  );
  assert.ok(Number.isNaN(count(name, { name: 'open.example.com' })));
  assert.equal(count('apiserver_admission_webhook_fail_open_count', { name: 'open.example.com' }), 1);
});

it('counts what match conditions leave out', () => {
  const labels = { name: 'sometimes.example.com', kind: 'webhook', type: 'validating' };
  assert.equal(count('apiserver_admission_match_condition_exclusions_total', labels), 1);
  assert.ok(count('apiserver_admission_match_condition_evaluation_seconds_count', labels) >= 1);
});

it('counts checks of policies', () => {
  assert.equal(
    count('apiserver_validating_admission_policy_check_total', {
      policy: 'strict',
      policy_binding: 'bound',
      error_type: 'invalid_error',
      enforcement_action: 'deny',
    }),
    1,
  );
  const mutated = { policy: 'label', policy_binding: 'bound', error_type: 'no_error' };
  assert.ok(count('apiserver_mutating_admission_policy_check_total', mutated) >= 1);
  assert.ok(count('apiserver_mutating_admission_policy_check_duration_seconds_count', mutated) >= 1);
});
