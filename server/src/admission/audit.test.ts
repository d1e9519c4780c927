import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startTestCluster, type TestCluster } from './testing/cluster.ts';

interface Event {
  stage: string;
  auditID: string;
  annotations?: Record<string, string>;
}

let directory: string;
let cluster: TestCluster;
const group = '/apis/admissionregistration.k8s.io/v1';
const configMaps = '/api/v1/namespaces/default/configmaps';

before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'typernetes-admission-audit-'));
  const rules = [
    { level: 'Metadata', resources: [{ group: '', resources: ['secrets'] }] },
    { level: 'Request', resources: [{ group: '', resources: ['configmaps'] }] },
  ];
  const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules };
  await writeFile(path.join(directory, 'policy'), JSON.stringify(policy));
  cluster = await startTestCluster({
    auditPolicyFile: path.join(directory, 'policy'),
    auditLogPath: path.join(directory, 'log'),
  });
});
after(async () => {
  await cluster.stop();
  await rm(directory, { recursive: true, force: true });
});

/** The annotations of the event that ends the request. */
async function annotationsOf(id: string): Promise<Record<string, string>> {
  for (;;) {
    const lines = (await readFile(path.join(directory, 'log'), 'utf8')).split('\n').slice(0, -1);
    const events = lines.map((line) => JSON.parse(line) as Event);
    const last = events.find(({ auditID, stage }) => auditID === id && stage === 'ResponseComplete');
    if (last !== undefined) return last.annotations ?? {};
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const matched = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps', 'secrets'] };

test('webhooks and policies tell the audit log what they did', async () => {
  const operations = [{ op: 'add', path: '/metadata/labels', value: { mutated: 'yes' } }];
  const patch = Buffer.from(JSON.stringify(operations)).toString('base64');
  const webhooks = await cluster.webhooks(() => ({
    allowed: true,
    patchType: 'JSONPatch',
    patch,
    auditAnnotations: { seen: 'yes' },
  }));
  const hook = {
    clientConfig: { url: webhooks.url, caBundle: webhooks.caBundle },
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    rules: [matched],
  };
  const down = { ...hook, clientConfig: { url: 'https://127.0.0.1:1/' }, failurePolicy: 'Ignore' };
  const made = [
    await cluster.call('POST', `${group}/mutatingwebhookconfigurations`, {
      metadata: { name: 'hooks' },
      webhooks: [
        { ...hook, name: 'labels.example.com' },
        { ...down, name: 'down.example.com' },
      ],
    }),
    await cluster.call('POST', `${group}/validatingadmissionpolicies`, {
      metadata: { name: 'notes.example.com' },
      spec: {
        matchConstraints: { resourceRules: [matched] },
        validations: [{ expression: 'false', message: 'never' }],
        auditAnnotations: [{ key: 'name', valueExpression: 'string(object.metadata.name)' }],
      },
    }),
    await cluster.call('POST', `${group}/validatingadmissionpolicybindings`, {
      metadata: { name: 'bound' },
      spec: { policyName: 'notes.example.com', validationActions: ['Audit'] },
    }),
  ];
  for (const { status, body } of made) assert.equal(status, 201, body.message);
  const create = async (url: string, id: string) => {
    const { status, body } = await cluster.call(
      'POST',
      url,
      { metadata: { name: id } },
      { headers: { 'audit-id': id } },
    );
    assert.equal(status, 201, body.message);
    return annotationsOf(id);
  };
  const common = {
    'labels.example.com/seen': 'yes',
    'mutation.webhook.admission.k8s.io/round_0_index_0':
      '{"configuration":"hooks","webhook":"labels.example.com","mutated":true}',
    'mutation.webhook.admission.k8s.io/round_0_index_1':
      '{"configuration":"hooks","webhook":"down.example.com","mutated":false}',
    'failed-open.mutation.webhook.admission.k8s.io/round_0_index_1': 'down.example.com',
    'validation.policy.admission.k8s.io/validation_failure':
      '[{"message":"never","policy":"notes.example.com","binding":"bound","expressionIndex":0,"validationActions":["Audit"]}]',
  };
  const admission = (annotations: Record<string, string>) =>
    Object.fromEntries(Object.entries(annotations).filter(([key]) => !key.startsWith('authorization.k8s.io/')));
  assert.deepEqual(admission(await create(configMaps, 'one')), {
    ...common,
    'notes.example.com/name': 'one',
    'patch.webhook.admission.k8s.io/round_0_index_0': `{"configuration":"hooks","webhook":"labels.example.com","patch":${JSON.stringify(operations)},"patchType":"JSONPatch"}`,
  });
  const secret = await create('/api/v1/namespaces/default/secrets', 'two');
  assert.deepEqual(admission(secret), { ...common, 'notes.example.com/name': 'two' }, 'patches are no metadata');
});
