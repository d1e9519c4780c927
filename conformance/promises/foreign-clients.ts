/** Clients that others wrote: the JavaScript one of Kubernetes, and the Python one where the machine has it. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { PassThrough } from 'node:stream';
import type * as JavaScriptClient from '@kubernetes/client-node';
import type { V1ConfigMap, V1Status } from '@kubernetes/client-node';
import type { PromiseContext } from '../src/context.ts';
import { area } from '../src/promise.ts';

const promise = area('foreign clients');

/** The library and a configuration for it; skips the promise where the library is not installed. */
async function javaScriptClient(context: PromiseContext) {
  let library: typeof JavaScriptClient;
  try {
    library = await import('@kubernetes/client-node');
  } catch {
    context.skip('needs @kubernetes/client-node');
  }
  const configuration = new library.KubeConfig();
  configuration.loadFromFile(context.cluster.access.kubeconfig);
  return { library, configuration, core: configuration.makeApiClient(library.CoreV1Api) };
}

const configMap = (name: string, data: Record<string, string>): V1ConfigMap => ({ metadata: { name }, data });

promise('the JavaScript client creates, reads, replaces, patches, applies and deletes', async (context) => {
  const { library, core } = await javaScriptClient(context);
  const { namespace } = context;
  const created = await core.createNamespacedConfigMap({ namespace, body: configMap('a', { key: 'one' }) });
  assert.ok(created.metadata?.creationTimestamp instanceof Date);
  const replaced = await core.replaceNamespacedConfigMap({
    name: 'a',
    namespace,
    body: Object.assign(created, { data: { key: 'two' } }),
  });
  assert.deepEqual(replaced.data, { key: 'two' });
  const as = (strategy: string) => library.setHeaderOptions('Content-Type', strategy);
  const patched = await core.patchNamespacedConfigMap(
    { name: 'a', namespace, body: [{ op: 'add', path: '/data/more', value: 'yes' }] },
    as(library.PatchStrategy.JsonPatch),
  );
  assert.deepEqual(patched.data, { key: 'two', more: 'yes' });
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { key: 'three' } };
  const apply = (force: boolean) =>
    core.patchNamespacedConfigMap(
      { name: 'a', namespace, body, fieldManager: 'promise', force },
      as(library.PatchStrategy.ServerSideApply),
    );
  await assert.rejects(apply(false), (error: { code?: number }) => error.code === 409);
  const applied = await apply(true);
  assert.deepEqual(applied.data, { key: 'three', more: 'yes' });
  assert.ok(
    applied.metadata?.managedFields?.some(({ manager, operation }) => manager === 'promise' && operation === 'Apply'),
  );
  const status = (await core.deleteNamespacedConfigMap({ name: 'a', namespace })) as V1Status;
  assert.equal(status.status, 'Success');
  await assert.rejects(
    core.readNamespacedConfigMap({ name: 'a', namespace }),
    (error: { code?: number; body?: string }) =>
      error.code === 404 && /configmaps \\?"a\\?" not found/.test(error.body ?? ''),
  );
});

promise('the JavaScript client’s informer sees what was there, and every change', async (context) => {
  const { library, configuration, core } = await javaScriptClient(context);
  const { namespace } = context;
  await core.createNamespacedConfigMap({ namespace, body: configMap('before', {}) });
  const informer = library.makeInformer(configuration, context.path('v1', 'configmaps'), () =>
    core.listNamespacedConfigMap({ namespace }),
  );
  context.onCleanup(() => informer.stop());
  const seen: string[] = [];
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  const note = (what: string) => (object: V1ConfigMap) => {
    const name = object.metadata?.name ?? '';
    if (name.endsWith('.crt')) return;
    seen.push(`${what} ${name}`);
    if (what === 'delete') resolve();
  };
  informer.on('add', note('add'));
  informer.on('update', note('update'));
  informer.on('delete', note('delete'));
  informer.on('error', reject);
  context.signal.addEventListener('abort', reject);
  await informer.start();
  const made = await core.createNamespacedConfigMap({ namespace, body: configMap('after', {}) });
  await core.replaceNamespacedConfigMap({
    name: 'after',
    namespace,
    body: Object.assign(made, { data: { key: 'value' } }),
  });
  await core.deleteNamespacedConfigMap({ name: 'after', namespace });
  await done;
  assert.deepEqual(
    seen.filter((each, index) => seen.indexOf(each) === index),
    ['add before', 'add after', 'update after', 'delete after'],
  );
  assert.equal(informer.get('before', namespace)?.metadata?.name, 'before');
});

promise('the JavaScript client reads and applies kinds that it does not know', async (context) => {
  const { library, configuration } = await javaScriptClient(context);
  const objects = library.KubernetesObjectApi.makeApiClient(configuration);
  const { namespace } = context;
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'any', namespace } };
  await objects.create(lease);
  const patched = await objects.patch(
    { ...lease, spec: { holderIdentity: 'promise' } } as typeof lease,
    undefined,
    undefined,
    'promise',
    true,
    library.PatchStrategy.ServerSideApply,
  );
  assert.equal((patched as { spec?: { holderIdentity?: string } }).spec?.holderIdentity, 'promise');
  const list = await objects.list('coordination.k8s.io/v1', 'Lease', namespace);
  assert.deepEqual(
    list.items.map(({ metadata }) => metadata?.name),
    ['any'],
  );
});

promise(
  'the JavaScript client runs a command over a websocket',
  async (context) => {
    const { library, configuration } = await javaScriptClient(context);
    await context.create('v1', 'pods', {
      metadata: { name: 'shell' },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'main', image: context.image, command: ['sh', '-c', 'sleep 1000'] }],
      },
    });
    await context.waitForObject('v1', 'pods', 'shell', (pod) => pod?.status?.['phase'] === 'Running');
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const read = async (stream: PassThrough): Promise<string> => {
      let text = '';
      for await (const chunk of stream) text += String(chunk);
      return text;
    };
    const texts = Promise.all([read(stdout), read(stderr)]);
    const { promise: ended, resolve } = Promise.withResolvers<V1Status>();
    const command = ['sh', '-c', 'read line; echo "got $line"; echo wrong >&2; exit 3'];
    await new library.Exec(configuration).exec(
      context.namespace,
      'shell',
      'main',
      command,
      stdout,
      stderr,
      stdin,
      false,
      resolve,
    );
    stdin.write('a line\n');
    const status = await ended;
    stdout.end();
    stderr.end();
    assert.deepEqual(await texts, ['got a line\n', 'wrong\n']);
    assert.equal(status.status, 'Failure');
    assert.deepEqual(status.details?.causes, [{ reason: 'ExitCode', message: '3' }]);
  },
  { needs: ['containers'], deadlineMs: 240_000 },
);

/** Runs the lines with `core`, `custom` and `namespace` at hand; skips where Python or its client is missing. */
async function python(context: PromiseContext, script: string): Promise<string> {
  const missing = pythonMissing();
  if (missing !== undefined) context.skip(missing);
  const preamble = `
import sys, json
from kubernetes import client, config, watch, dynamic, utils
config.load_kube_config(config_file=sys.argv[1])
namespace = sys.argv[2]
core = client.CoreV1Api()
`;
  const child = spawn('python3', ['-', context.cluster.access.kubeconfig, context.namespace], {
    signal: context.signal,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(preamble + script);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  assert.equal(code, 0, stderr);
  return stdout;
}

let found: { missing: string | undefined } | undefined;

function pythonMissing(): string | undefined {
  found ??= {
    missing:
      spawnSync('python3', ['-c', 'import importlib.util as u, sys; sys.exit(u.find_spec("kubernetes") is None)'], {
        stdio: 'ignore',
      }).status === 0
        ? undefined
        : 'needs python3 with the package kubernetes (PYTHONPATH)',
  };
  return found.missing;
}

promise('the Python client creates, lists, patches, watches and deletes', async (context) => {
  const out = await python(
    context,
    `
made = core.create_namespaced_config_map(namespace, client.V1ConfigMap(metadata=client.V1ObjectMeta(name='a', labels={'by': 'python'}), data={'key': 'one'}))
print(made.metadata.creation_timestamp.year > 2000, made.data)
print(core.patch_namespaced_config_map('a', namespace, {'data': {'key': 'two'}}).data)
listed = core.list_namespaced_config_map(namespace, label_selector='by=python')
print([each.metadata.name for each in listed.items])
w = watch.Watch()
core.patch_namespaced_config_map('a', namespace, {'data': {'key': 'three'}})
for event in w.stream(core.list_namespaced_config_map, namespace, label_selector='by=python', resource_version=listed.metadata.resource_version, timeout_seconds=30):
    print(event['type'], event['object'].metadata.name)
    if event['type'] == 'MODIFIED':
        core.delete_namespaced_config_map('a', namespace)
    else:
        w.stop()
try:
    core.read_namespaced_config_map('a', namespace)
except client.ApiException as e:
    print(e.status, e.reason, json.loads(e.body)['reason'])
`,
  );
  assert.deepEqual(out.trim().split('\n'), [
    "True {'key': 'one'}",
    "{'key': 'two'}",
    "['a']",
    'MODIFIED a',
    'DELETED a',
    '404 Not Found NotFound',
  ]);
});

promise('the Python client finds kinds by discovery, and creates from manifests', async (context) => {
  const out = await python(
    context,
    `
api = dynamic.DynamicClient(client.ApiClient())
deployments = api.resources.get(api_version='apps/v1', kind='Deployment')
template = {'metadata': {'labels': {'app': 'a'}}, 'spec': {'nodeSelector': {'absent': 'true'}, 'containers': [{'name': 'c', 'image': 'example.invalid/i'}]}}
manifest = {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': {'name': 'a', 'namespace': namespace}, 'spec': {'replicas': 0, 'selector': {'matchLabels': {'app': 'a'}}, 'template': template}}
utils.create_from_dict(client.ApiClient(), manifest)
print(deployments.get(name='a', namespace=namespace).spec.strategy.type)
body = {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': {'name': 'a'}, 'spec': {'minReadySeconds': 3}}
applied = deployments.patch(body=body, name='a', namespace=namespace, content_type='application/apply-patch+yaml', field_manager='python')
print(applied.spec.minReadySeconds, applied.spec.replicas)
print(client.AppsV1Api().read_namespaced_deployment_scale('a', namespace).kind)
print(client.VersionApi().get_code().major)
deployments.delete(name='a', namespace=namespace)
`,
  );
  assert.deepEqual(out.trim().split('\n'), ['RollingUpdate', '3 0', 'Scale', '1']);
});
