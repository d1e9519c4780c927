import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { acceptRemoteCommand, exitCodeOutcome } from '@typernetes/openapi/streaming';
import { WebSocket } from 'ws';
import { type HttpsServer, startHttpsServer } from '../../certificates/testing/https-server.ts';
import { type ServedTestApi, serveTestApi } from '../testing/api.ts';
import { NodeConnector } from './node-connection.ts';
import { podStreams } from './pod-streams.ts';
import { proxies, splitSchemeNamePort } from './proxies.ts';

let api: ServedTestApi;
let node: HttpsServer;
let nodes: NodeConnector;
const seen: string[] = [];
/** Of this machine, but not loopback, which nobody is sent to. */
const podAddress =
  Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === 'IPv4' && !each.internal)?.address ?? '';
const backend = createServer((request, response) => {
  if (request.url === '/upgrading') response.writeHead(101, { Connection: 'Upgrade', Upgrade: 'odd' }).end();
  else response.end(request.url);
});
const backendPort = () => (backend.address() as AddressInfo).port;
const authorization = 'Bearer admin';

before(async () => {
  await once(backend.listen(0, podAddress), 'listening');
  node = await startHttpsServer('node');
  node.server.on('request', (request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (request.url?.startsWith('/containerLogs/default/missing') === true)
      response.writeHead(404).end('no such container\n');
    else response.end(`${request.url}\n`);
  });
  node.server.on('upgrade', (request, socket, head) => {
    seen.push(`${request.method} ${request.url}`);
    void acceptRemoteCommand(request, socket, head, { stdin: false, stdout: true, stderr: false, tty: false }).then(
      (streams) => {
        streams?.stdout?.write('hello');
        return streams?.finish(exitCodeOutcome(3));
      },
    );
  });
  api = await serveTestApi({
    connectHandlers(registry) {
      nodes = new NodeConnector({
        registry,
        tls: { ca: node.ca },
        preferredAddressTypes: ['InternalIP'],
        defaultPort: 10_250,
      });
      const authorizer = { authorize: () => Promise.resolve({ decision: 'allow' as const, reason: '' }) };
      return { ...podStreams({ registry, nodes, authorizer }), ...proxies({ registry, nodes, random: () => 0 }) };
    },
  });
  const create = (resource: string, namespace: string, object: object) =>
    api.registry.create({ group: '', resource }, namespace, object as never);
  const setStatus = (resource: string, namespace: string, name: string, status: object) =>
    api.registry.update({ group: '', resource }, namespace, name, (object) => ({ ...object, status }), {
      subresource: 'status',
    });
  await create('nodes', '', { metadata: { name: 'n' } });
  await setStatus('nodes', '', 'n', {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: node.port } },
  });
  await create('nodes', '', { metadata: { name: 'bent' } });
  await setStatus('nodes', '', 'bent', {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1/api/v1/nodes/n/proxy/run/x?' }],
  });
  const pod = (name: string, nodeName: string | undefined, ...containers: string[]) =>
    create('pods', 'default', {
      metadata: { name },
      spec: { nodeName, containers: containers.map((each) => ({ name: each })) },
    });
  await pod('one', 'n', 'main');
  await pod('two', 'n', 'a', 'b');
  await pod('missing', 'n', 'main');
  await pod('waiting', undefined, 'main');
  await pod('misled', 'bent', 'main');
  await setStatus('pods', 'default', 'one', { podIP: podAddress, podIPs: [{ ip: podAddress }] });
  await pod('mapped', 'n', 'main');
  await setStatus('pods', 'default', 'mapped', { podIPs: [{ ip: '::ffff:127.0.0.1' }] });
  await create('services', 'default', {
    metadata: { name: 'svc' },
    spec: { ports: [{ name: 'web', port: 80 }] },
  });
  const targetRef = { kind: 'Pod', namespace: 'default', name: 'one' };
  const addresses = [{ ip: '10.1.1.1' }, { ip: '10.1.1.2', targetRef }, { ip: podAddress, targetRef }];
  await create('endpoints', 'default', {
    metadata: { name: 'svc' },
    subsets: [{ addresses, ports: [{ name: 'web', port: backendPort() }] }],
  });
  const astray = [
    { ip: podAddress, targetRef: { ...targetRef, namespace: 'other' } },
    { ip: '10.1.1.2', targetRef },
  ];
  await create('endpoints', 'default', {
    metadata: { name: 'astray' },
    subsets: [{ addresses: astray, ports: [{ port: 80 }] }],
  });
  await create('endpoints', 'default', { metadata: { name: 'empty' } });
});

after(async () => {
  nodes.close();
  await api.close();
  await node.stop();
  backend.close();
});

const get = (path: string) =>
  fetch(`${api.origin}/api/v1/namespaces/default/pods/${path}`, { headers: { authorization } });

describe('logs', () => {
  test('options become the node’s', async () => {
    const response = await get('one/log?tailLines=5&follow=true&timestamps=true&sinceSeconds=60&limitBytes=100');
    assert.equal(response.headers.get('content-type'), 'text/plain');
    const { pathname, searchParams } = new URL((await response.text()).trim(), 'https://node');
    assert.equal(pathname, '/containerLogs/default/one/main');
    assert.deepEqual(Object.fromEntries(searchParams), {
      follow: 'true',
      timestamps: 'true',
      tailLines: '5',
      limitBytes: '100',
      sinceSeconds: '60',
      stream: 'All',
    });
  });

  const refusals: [name: string, path: string, code: number, message: string | RegExp][] = [
    ['a choice of containers', 'two/log', 400, 'a container name must be specified for pod two, choose one of: [a b]'],
    ['a container that is not there', 'two/log?container=c', 400, 'container c is not valid for pod two'],
    ['a negative tail', 'one/log?tailLines=-1', 422, /tailLines: Invalid value: -1/],
    ['no pod', 'none/log', 404, 'pods "none" not found'],
    [
      'the node’s refusal',
      'missing/log',
      404,
      'the server could not find the requested resource (get pods/log missing)',
    ],
    [
      'a node whose address has a path',
      'misled/log',
      500,
      'Internal error occurred: address "127.0.0.1/api/v1/nodes/n/proxy/run/x?" of node "bent" is neither an IP nor a name',
    ],
    ['exec without upgrade', 'one/exec?command=x', 400, 'Upgrade request required'],
    ['exec on no node', 'waiting/exec?command=x', 400, 'pod waiting does not have a host assigned'],
  ];
  for (const [name, path, code, message] of refusals) {
    test(name, async () => {
      const response = await get(path);
      const status = (await response.json()) as { message: string };
      assert.equal(response.status, code);
      if (typeof message === 'string') assert.equal(status.message, message);
      else assert.match(status.message, message);
    });
  }

  for (const protocol of [undefined, 'binary.k8s.io', 'base64.binary.k8s.io']) {
    test(`as messages, protocol ${protocol}`, async () => {
      const url = `${api.websocketOrigin}/api/v1/namespaces/default/pods/one/log`;
      const socket = new WebSocket(url, protocol === undefined ? [] : [protocol], { headers: { authorization } });
      let text = '';
      socket.on('message', (data, isBinary) => {
        const bytes = data as Buffer;
        assert.equal(isBinary, protocol !== 'base64.binary.k8s.io');
        text += isBinary ? bytes.toString() : Buffer.from(bytes.toString(), 'base64').toString();
      });
      const code = await new Promise((resolve, reject) => {
        socket.once('close', resolve);
        socket.once('error', reject);
      });
      assert.equal(code, 1000);
      assert.equal(socket.protocol, protocol ?? '');
      assert.match(text, /^\/containerLogs\/default\/one\/main\?/);
    });
  }

  test('as messages of an unknown protocol: refused', async () => {
    const url = `${api.websocketOrigin}/api/v1/namespaces/default/pods/one/log`;
    const socket = new WebSocket(url, ['odd.k8s.io'], { headers: { authorization } });
    const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
    assert.match(error.message, /403/);
  });

  test('a pod without a node has no log yet', async () => {
    const response = await get('waiting/log');
    assert.equal(response.status, 204);
    assert.equal(await response.text(), '');
  });
});

describe('exec', () => {
  for (const protocol of ['v5.channel.k8s.io', 'v4.channel.k8s.io']) {
    test(`over a websocket, ${protocol}`, async () => {
      const url = `${api.websocketOrigin}/api/v1/namespaces/default/pods/one/exec?command=echo&command=hi&stdout=true`;
      const socket = new WebSocket(url, [protocol], { headers: { authorization } });
      const channels = new Map<number, string>();
      socket.on('message', (data) => {
        const bytes = data as Buffer;
        channels.set(bytes[0]!, (channels.get(bytes[0]!) ?? '') + bytes.subarray(1).toString());
      });
      await new Promise((resolve, reject) => {
        socket.once('close', resolve);
        socket.once('error', reject);
      });
      assert.equal(socket.protocol, protocol);
      assert.equal(channels.get(1), 'hello');
      const status = JSON.parse(channels.get(3) ?? '{}') as {
        reason: string;
        details: { causes: { message: string }[] };
      };
      assert.equal(status.reason, 'NonZeroExitCode');
      assert.equal(status.details.causes[0]?.message, '3');
      assert.match(seen.at(-1) ?? '', /\/exec\/default\/one\/main\?output=1&command=echo&command=hi$/);
    });
  }
});

describe('proxies', () => {
  test('a node’s own endpoint, path and query kept', async () => {
    const response = await fetch(`${api.origin}/api/v1/nodes/n/proxy/a%20b/c?d=e`, { headers: { authorization } });
    assert.equal(await response.text(), '/a%20b/c?d=e\n');
  });

  test('a body of unknown length is not taken for requests of its own', async () => {
    const { length } = seen;
    for (const method of ['GET', 'DELETE']) {
      const request = httpRequest(`${api.origin}/api/v1/nodes/n/proxy/framed`, {
        method,
        headers: { authorization, 'transfer-encoding': 'chunked' },
      });
      request.end('POST /smuggled HTTP/1.1\r\nHost: n\r\nContent-Length: 0\r\n\r\n');
      const [answer] = (await once(request, 'response')) as [IncomingMessage];
      await answer.toArray();
    }
    await (await fetch(`${api.origin}/api/v1/nodes/n/proxy/last`, { headers: { authorization } })).text();
    assert.deepEqual(seen.slice(length), ['GET /framed', 'DELETE /framed', 'GET /last']);
  });

  test('a proxied root gets its slash', async () => {
    const response = await fetch(`${api.origin}/api/v1/nodes/n/proxy`, {
      headers: { authorization },
      redirect: 'manual',
    });
    assert.equal(response.status, 301);
    assert.equal(response.headers.get('location'), '/api/v1/nodes/n/proxy/');
  });

  const path = (below: string) =>
    fetch(`${api.origin}/api/v1/namespaces/default/${below}`, { headers: { authorization } });

  for (const id of ['one:@127.0.0.1', 'one:80@127.0.0.1', 'http:one:@127.0.0.1', 'one:web', 'one:80%5C']) {
    test(`a pod's port ${id} is no way to another host`, async () => {
      const response = await path(`pods/${id}/proxy/x`);
      const { message } = (await response.json()) as { message: string };
      assert.deepEqual(
        [response.status, message],
        [400, `invalid pod request ${JSON.stringify(decodeURIComponent(id))}`],
      );
    });
  }

  test('a node’s port as well', async () => {
    const response = await fetch(`${api.origin}/api/v1/nodes/n:@x/proxy/`, { headers: { authorization } });
    assert.equal(response.status, 400);
  });

  test('loopback in an IPv6 address is loopback', async () => {
    const response = await path('pods/mapped:80/proxy/');
    const { message } = (await response.json()) as { message: string };
    assert.deepEqual([response.status, message], [400, 'address not allowed']);
  });

  for (const [sent, arrives] of [
    ['a%2Fb%3Fc//d/../e/', '/a/b%3Fc/e/'],
    ['x?path=/y&a=b%20c+d', '/x?path=/y&a=b%20c+d'],
  ]) {
    test(`the path ${sent} below a pod`, async () => {
      const response = await path(`pods/one:${backendPort()}/proxy/${sent}`);
      assert.equal(await response.text(), arrives);
    });
  }

  test('a pod that changes protocols unasked', async () => {
    const response = await path(`pods/one:${backendPort()}/proxy/upgrading`);
    assert.equal(response.status, 503);
  });

  const services: [path: string, code: number, text: string][] = [
    ['svc:80', 200, '/x'],
    ['svc:web', 200, '/x'],
    ['svc:81', 503, 'no service port 81 found for service "svc"'],
    ['svc:other', 503, 'no endpoints available for service "svc:other"'],
    ['svc', 503, 'no endpoints available for service "svc"'],
    // Neither a pod of another namespace, nor an address that its pod does not have.
    ['astray', 503, 'no endpoints available for service "astray"'],
    ['none:80', 404, 'services "none" not found'],
    ['none', 404, 'services "none" not found'],
    ['empty:web', 503, 'no endpoints available for service "empty"'],
  ];
  for (const [id, code, text] of services) {
    test(`service ${id}`, async () => {
      const response = await path(`services/${id}/proxy/x`);
      const body = await response.text();
      assert.equal(response.status, code);
      assert.equal(code === 200 ? body : (JSON.parse(body) as { message: string }).message, text);
    });
  }

  test('names with schemes and ports', () => {
    assert.deepEqual(splitSchemeNamePort('a'), { scheme: 'http', name: 'a', port: '' });
    assert.deepEqual(splitSchemeNamePort('a:80'), { scheme: 'http', name: 'a', port: '80' });
    assert.deepEqual(splitSchemeNamePort('https:a:'), { scheme: 'https', name: 'a', port: '' });
    for (const bad of ['', ':80', 'ftp:a:80', 'a:b:c:d']) assert.equal(splitSchemeNamePort(bad), undefined);
  });
});
