/** What the server says it serves, and how clients ask for it. */
import assert from 'node:assert/strict';
import { area } from '../src/promise.ts';

const promise = area('discovery');

interface ResourceList {
  kind: string;
  groupVersion: string;
  resources: {
    name: string;
    singularName: string;
    namespaced: boolean;
    kind: string;
    verbs: string[];
    shortNames?: string[];
  }[];
}

promise('/version names the Kubernetes release', async (context) => {
  const version = (await context.http.request('GET', '/version')).json<{
    major: string;
    minor: string;
    gitVersion: string;
  }>();
  assert.match(version.gitVersion, /^v1\.\d+\.\d+/);
  assert.equal(version.major, '1');
});

promise('/api and /apis lead to every group version, and each lists its resources', async (context) => {
  const groups = (await context.http.request('GET', '/apis')).json<{
    groups: { versions: { groupVersion: string }[] }[];
  }>();
  const paths = [
    '/api/v1',
    ...groups.groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => `/apis/${groupVersion}`)),
  ];
  for (const path of paths) {
    const answer = await context.http.request('GET', path);
    // Definitions of other promises come and go.
    if (answer.status === 404 && path.includes('example.com')) continue;
    const list = answer.json<ResourceList>();
    assert.equal(list.kind, 'APIResourceList', path);
    assert.ok(Array.isArray(list.resources), path);
  }
});

promise('pods have the verbs, short name and subresources that clients expect', async (context) => {
  const { resources } = (await context.http.request('GET', '/api/v1')).json<ResourceList>();
  const pods = resources.find(({ name }) => name === 'pods');
  assert.deepEqual(pods?.verbs, ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']);
  assert.deepEqual(pods?.shortNames, ['po']);
  const subresources = resources.map(({ name }) => name).filter((name) => name.startsWith('pods/'));
  for (const name of [
    'attach',
    'binding',
    'ephemeralcontainers',
    'eviction',
    'exec',
    'log',
    'portforward',
    'proxy',
    'status',
  ]) {
    assert.ok(subresources.includes(`pods/${name}`), `pods/${name}`);
  }
});

promise('aggregated discovery answers an unchanged ETag with 304', async (context) => {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const first = await context.http.request('GET', '/apis', { headers: { accept } });
  assert.equal(first.json<{ kind: string }>().kind, 'APIGroupDiscoveryList');
  let etag = first.headers.etag;
  assert.ok(etag);
  // Whoever else uses the cluster may add or remove definitions meanwhile: then the answer is new, and so is its ETag.
  for (let changes = 0; ; changes += 1) {
    const again = await context.http.request('GET', '/apis', { headers: { accept, 'if-none-match': etag } });
    if (again.status === 304) {
      assert.equal(again.body.length, 0);
      return;
    }
    assert.equal(again.status, 200);
    assert.ok(again.headers.etag);
    assert.notEqual(again.headers.etag, etag, 'an answer of the same ETag');
    assert.ok(changes < 50, 'the document changes without end');
    etag = again.headers.etag;
  }
});

promise('health endpoints answer ok, and say more when asked', async (context) => {
  for (const path of ['/healthz', '/livez', '/readyz']) {
    const response = await context.http.request('GET', path);
    assert.equal(response.status, 200);
    assert.equal(response.text(), 'ok');
    const verbose = await context.http.request('GET', `${path}?verbose`);
    assert.match(verbose.text(), /\[\+\]ping ok\n/);
  }
});

promise('/openapi/v3 names a document for each group version that can be fetched', async (context) => {
  const index = (await context.http.request('GET', '/openapi/v3')).json<{
    paths: Record<string, { serverRelativeURL: string }>;
  }>();
  const entry = index.paths['apis/apps/v1'];
  assert.ok(entry);
  const document = (await context.http.request('GET', entry.serverRelativeURL)).json<{
    components: { schemas: Record<string, unknown> };
  }>();
  assert.ok(document.components.schemas['io.k8s.api.apps.v1.Deployment']);
});

promise(
  'kubectl api-resources lists resources with short names',
  async (context) => {
    const output = await context.kubectl.run(['api-resources']);
    assert.match(output, /^pods +po +v1 +true +Pod$/m);
    assert.match(output, /^deployments +deploy +apps\/v1 +true +Deployment$/m);
    assert.match(output, /^nodes +no +v1 +false +Node$/m);
  },
  { needs: ['kubectl'] },
);

promise(
  'kubectl explain explains fields',
  async (context) => {
    const output = await context.kubectl.run(['explain', 'pod.spec.containers', '--recursive']);
    assert.match(output, /KIND: +Pod/);
    assert.match(output, /imagePullPolicy/);
    assert.match(output, /terminationMessagePath/);
  },
  { needs: ['kubectl'] },
);

promise(
  'kubectl get prints every listable kind',
  async (context) => {
    const names = (await context.kubectl.run(['api-resources', '--verbs=list', '-o', 'name']))
      .trim()
      .split('\n')
      // Custom resources of promises that run at the same time come and go.
      .filter((name) => !name.includes('.promise-'));
    assert.ok(names.length > 40, `${names.length} kinds`);
    for (const name of names) await context.kubectl.run(['get', name, '--all-namespaces', '--chunk-size=5']);
  },
  { needs: ['kubectl'], deadlineMs: 240_000 },
);
