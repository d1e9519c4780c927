/** A whole API server whose admission plugins are configured by --admission-control-config-file. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ReviewService } from '../../apiserver/testing/review-service.ts';
import { pick, startTestCluster, type TestCluster, type WebhookServer } from '../testing/cluster.ts';

let directory: string;
let cluster: TestCluster;
let images: ReviewService;
let webhooks: WebhookServer;

const inline = (name: string, apiVersion: string, kind: string, more: object) => ({
  name,
  configuration: { apiVersion, kind, ...more },
});

before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'typernetes-configured-'));
  const write = async (name: string, content: object): Promise<string> => {
    const file = path.join(directory, name);
    await writeFile(file, JSON.stringify(content));
    return file;
  };
  images = await ReviewService.start();
  images.answer = ({ spec }) => {
    const allowed = !JSON.stringify(spec).includes('evil');
    return { allowed, reason: allowed ? '' : 'it is evil' };
  };
  const kubeConfigFile = await images.writeKubeconfig(path.join(directory, 'images.kubeconfig'));
  await write('images.json', { imagePolicy: { kubeConfigFile } });
  await write('selectors.json', { podNodeSelectorPluginConfig: { clusterDefaultNodeSelector: 'region=west' } });
  const hooks = await write('hooks.kubeconfig', {
    apiVersion: 'v1',
    kind: 'Config',
    users: [{ name: '*', user: { token: 'of-the-apiserver' } }],
  });
  const configuration = 'apiserver.config.k8s.io/v1';
  const exists = (key: string) => ({ key, operator: 'Exists', effect: 'NoSchedule' });
  const admissionControlConfigFile = await write('admission.json', {
    apiVersion: configuration,
    kind: 'AdmissionConfiguration',
    plugins: [
      { name: 'ImagePolicyWebhook', path: 'images.json' },
      { name: 'PodNodeSelector', path: path.join(directory, 'selectors.json') },
      inline('PodTolerationRestriction', 'podtolerationrestriction.admission.k8s.io/v1alpha1', 'Configuration', {
        default: [exists('batch')],
        whitelist: [exists('batch'), { operator: 'Exists', effect: 'NoExecute' }],
      }),
      inline('EventRateLimit', 'eventratelimit.admission.k8s.io/v1alpha1', 'Configuration', {
        limits: [{ type: 'Namespace', qps: 1, burst: 2 }],
      }),
      inline('PodSecurity', 'pod-security.admission.config.k8s.io/v1', 'PodSecurityConfiguration', {
        defaults: { enforce: 'baseline' },
        exemptions: { namespaces: ['exempt'] },
      }),
      inline('ResourceQuota', configuration, 'ResourceQuotaConfiguration', {
        limitedResources: [{ resource: 'secrets', matchContains: ['secrets'] }],
      }),
      inline('ValidatingAdmissionWebhook', configuration, 'WebhookAdmissionConfiguration', { kubeConfigFile: hooks }),
    ],
  });
  cluster = await startTestCluster({
    admissionControlConfigFile,
    enableAdmissionPlugins: ['ImagePolicyWebhook', 'PodNodeSelector', 'PodTolerationRestriction', 'EventRateLimit'],
    disableAdmissionPlugins: ['ServiceAccount'],
  });
  webhooks = await cluster.webhooks(() => ({ allowed: true }));
});
after(async () => {
  await cluster?.stop();
  await images?.stop();
  await rm(directory, { recursive: true });
});

const make = (what: string, name: string, more: object = {}, namespace = 'default') =>
  cluster.call('POST', `/api/v1/namespaces/${namespace}/${what}`, { metadata: { name }, ...more });
const pod = (name: string, spec: object = {}, image = 'good', namespace = 'default') =>
  make('pods', name, { spec: { containers: [{ name: 'c', image }], ...spec } }, namespace);

test('pods get selectors and tolerations, and no others', async () => {
  const { status, body } = await pod('plain');
  assert.equal(status, 201, body.message);
  assert.deepEqual(pick(body, 'spec.nodeSelector'), { region: 'west' });
  assert.deepEqual(pick(body, 'spec.tolerations.0.key'), 'node.kubernetes.io/not-ready');
  assert.deepEqual(pick(body, 'spec.tolerations.2'), { key: 'batch', operator: 'Exists', effect: 'NoSchedule' });
  const elsewhere = await pod('elsewhere', { nodeSelector: { region: 'east' } });
  assert.equal(elsewhere.status, 403);
  assert.match(
    elsewhere.body.message ?? '',
    /pod node label selector conflicts with its namespace node label selector/,
  );
  const tolerant = await pod('tolerant', { tolerations: [{ key: 'gpu', operator: 'Exists' }] });
  assert.equal(tolerant.status, 500);
  assert.equal(
    tolerant.body.message,
    'pod tolerations (possibly merged with namespace default tolerations) conflict with its cluster whitelist',
  );
  assert.equal(tolerant.body['reason'], undefined);
});

test('images are asked about', async () => {
  const refused = await pod('evil', {}, 'evil');
  assert.equal(refused.status, 403);
  assert.equal(
    refused.body.message,
    'pods "evil" is forbidden: image policy webhook backend denied one or more images: it is evil',
  );
  assert.deepEqual(images.asked.at(-1)?.spec, { containers: [{ image: 'evil' }], namespace: 'default' });
});

test('Events are too many from the third on', async () => {
  const event = (name: string) =>
    make('events', name, { involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' }, reason: 'Test' });
  assert.equal((await event('a')).status, 201);
  assert.equal((await event('b')).status, 201);
  const { status, body } = await event('c');
  assert.equal(status, 429);
  assert.equal(body.message, 'Too many requests: limit reached on type Namespace for key default');
});

test('a namespace is as strict as configured, unless it is exempt', async () => {
  for (const name of ['strict', 'exempt']) await cluster.call('POST', '/api/v1/namespaces', { metadata: { name } });
  const strict = await pod('p', { hostNetwork: true }, 'good', 'strict');
  assert.match(strict.body.message ?? '', /violates PodSecurity "baseline:latest": host namespaces/);
  assert.equal((await pod('p', { hostNetwork: true }, 'good', 'exempt')).status, 201);
});

test('what only a quota allows is refused without one', async () => {
  const { status, body } = await make('secrets', 's');
  assert.equal(status, 403);
  assert.equal(body.message, 'secrets "s" is forbidden: insufficient quota to consume: count/secrets,secrets');
});

test('webhooks are called as the one whom the kubeconfig says', async () => {
  for (const kind of ['Validating', 'Mutating'])
    await cluster.call('POST', `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}webhookconfigurations`, {
      metadata: { name: 'test' },
      webhooks: [
        {
          name: 'test.example.com',
          clientConfig: { url: `${webhooks.url}${kind}`, caBundle: webhooks.caBundle },
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
        },
      ],
    });
  for (let count = 0; webhooks.requests.length < 2; count++) {
    webhooks.requests.length = 0;
    assert.equal((await make('configmaps', `c${count}`)).status, 201);
  }
  const told = webhooks.requests.map(({ path: url, headers }) => [url, headers.authorization]);
  assert.deepEqual(told, [
    ['/Mutating', undefined],
    ['/Validating', 'Bearer of-the-apiserver'],
  ]);
});

test('a server does not start with a file that cannot be used', async () => {
  const admissionControlConfigFile = path.join(directory, 'none');
  await assert.rejects(
    startTestCluster({ admissionControlConfigFile }),
    /unable to read admission control configuration/,
  );
});
