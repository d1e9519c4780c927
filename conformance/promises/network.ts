/** Pods, Services and names as packets see them. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { PromiseContext } from '../src/context.ts';
import { area, type PromiseOptions } from '../src/promise.ts';

const promise = area('network');
const needs: PromiseOptions = { needs: ['containers', 'kubectl'], deadlineMs: 240_000 };

/** A web server of `replicas` pods that answers with the pod's name, and a client pod. */
async function webAndClient(context: PromiseContext, replicas: number, service: object = {}): Promise<void> {
  await context.create('apps/v1', 'deployments', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: 'main',
              image: context.image,
              command: [
                'sh',
                '-c',
                'mkdir -p /tmp/www && hostname > /tmp/www/index.html && exec httpd -f -p 8080 -h /tmp/www',
              ],
              readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1, timeoutSeconds: 20 },
            },
          ],
        },
      },
    },
  });
  await context.create('v1', 'services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...service },
  });
  await context.create('v1', 'pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'client' },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: context.image, command: ['sleep', '3600'] }],
    },
  });
  await context.kubectl.run(['rollout', 'status', 'deployment/web', '--timeout=120s']);
  await context.kubectl.run(['wait', 'pod/client', '--for=condition=Ready', '--timeout=120s']);
}

const fromClient = (context: PromiseContext, script: string): Promise<string> =>
  context.kubectl.run(['exec', 'client', '--', 'sh', '-c', script]);

/** Ends when each of the pods has answered, or any: the rules follow the EndpointSlice a moment later than kubectl's view of it. */
const answering = (address: string, pods: readonly string[] = ['']): string =>
  pods
    .map((pod) => `until timeout 2 wget -qO- http://${address}/ 2>/dev/null | grep -q '^${pod}'; do sleep 0.2; done`)
    .join('; ');

const ask24 = (address: string): string => `for i in $(seq 24); do wget -qO- http://${address}/ || exit 1; done`;

promise(
  'a Service is reached by name and by address, and spreads over its pods',
  async (context) => {
    await webAndClient(context, 2);
    const address = await context.kubectl.run(['get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}']);
    const names = (
      await context.kubectl.run(['get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].metadata.name}'])
    ).split(' ');
    const answers = await fromClient(context, `${answering(address, names)}; ${ask24(address)}`);
    assert.deepEqual([...new Set(answers.trim().split('\n'))].toSorted(), names.toSorted());
    for (const name of ['web', `web.${context.namespace}`, `web.${context.namespace}.svc.cluster.local`]) {
      const answer = await fromClient(context, `wget -qO- http://${name}/`);
      assert.ok(names.includes(answer.trim()), `${name} answered ${answer}`);
    }
  },
  needs,
);

promise(
  'with sessionAffinity ClientIP a client stays with the pod that answered it first',
  async (context) => {
    await webAndClient(context, 3, { sessionAffinity: 'ClientIP' });
    const address = await context.kubectl.run(['get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}']);
    const answers = await fromClient(context, `${answering(address)}; ${ask24(address)}`);
    assert.equal(new Set(answers.trim().split('\n')).size, 1, answers);
  },
  needs,
);

promise(
  'pods reach each other by address, and a headless Service names them all',
  async (context) => {
    await webAndClient(context, 2, { clusterIP: 'None' });
    const addresses = (
      await context.kubectl.run(['get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].status.podIP}'])
    ).split(' ');
    for (const address of addresses) await fromClient(context, `wget -qO- http://${address}:8080/`);
    const lookup = `nslookup web.${context.namespace}.svc.cluster.local`;
    // Names follow the EndpointSlice a moment later than kubectl's view of it.
    for (const address of addresses)
      await fromClient(context, `until ${lookup} | grep -qw '${address}'; do sleep 0.2; done`);
    const found = await fromClient(context, lookup);
    for (const address of addresses) assert.ok(found.includes(address), `${address} is not among:\n${found}`);
  },
  needs,
);

promise(
  'a NodePort answers on the node',
  async (context) => {
    await webAndClient(context, 1, { type: 'NodePort' });
    const port = Number(
      await context.kubectl.run(['get', 'service', 'web', '-o', 'jsonpath={.spec.ports[0].nodePort}']),
    );
    assert.ok(port >= 30_000 && port <= 32_767, `port ${port}`);
    const host = await context.kubectl.run([
      'get',
      'pods',
      '-l',
      'app=web',
      '-o',
      'jsonpath={.items[0].status.hostIP}',
    ]);
    const [name] = (
      await context.kubectl.run(['get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].metadata.name}'])
    ).split(' ');
    await fromClient(context, answering(`${host}:${port}`));
    const answer = await new Promise<string>((resolve, reject) => {
      request({ host, port, signal: context.signal }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.once('end', () => resolve(text));
      })
        .once('error', reject)
        .end();
    });
    assert.equal(answer.trim(), name);
  },
  needs,
);

promise(
  'a pod reaches the API server as kubernetes.default',
  async (context) => {
    await context.create('v1', 'pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'client' },
      spec: { containers: [{ name: 'main', image: context.image, command: ['sleep', '3600'] }] },
    });
    await context.kubectl.run(['wait', 'pod/client', '--for=condition=Ready', '--timeout=120s']);
    // Busybox speaks no TLS that every API server takes; that the connection is accepted is what the network promises.
    await fromClient(context, 'until nc -w 2 kubernetes.default 443 </dev/null; do sleep 0.2; done');
  },
  needs,
);

promise(
  'resolv.conf of a pod names cluster DNS and the search domains of its namespace',
  async (context) => {
    await context.create('v1', 'pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'client' },
      spec: { containers: [{ name: 'main', image: context.image, command: ['sleep', '3600'] }] },
    });
    await context.kubectl.run(['wait', 'pod/client', '--for=condition=Ready', '--timeout=120s']);
    const text = await fromClient(context, 'cat /etc/resolv.conf');
    const dns = (await context.http.request('GET', '/api/v1/namespaces/kube-system/services/kube-dns')).json<{
      spec: { clusterIP: string };
    }>();
    assert.match(text, new RegExp(`^nameserver ${dns.spec.clusterIP.replaceAll('.', '\\.')}$`, 'm'));
    assert.match(
      text,
      new RegExp(`^search ${context.namespace}\\.svc\\.cluster\\.local svc\\.cluster\\.local cluster\\.local`, 'm'),
    );
    assert.match(text, /^options ndots:5$/m);
  },
  needs,
);
