import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
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
const authorization = 'Bearer admin';

before(async () => {
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
  await create('nodes', '', { metadata: { name: 'n' } });
  await api.registry.update(
    { group: '', resource: 'nodes' },
    '',
    'n',
    (object) => ({
      ...object,
      status: {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        daemonEndpoints: { kubeletEndpoint: { Port: node.port } },
      },
    }),
    { subresource: 'status' },
  );
  const pod = (name: string, nodeName: string | undefined, ...containers: string[]) =>
    create('pods', 'default', {
      metadata: { name },
      spec: { nodeName, containers: containers.map((each) => ({ name: each })) },
    });
  await pod('one', 'n', 'main');
  await pod('two', 'n', 'a', 'b');
  await pod('missing', 'n', 'main');
  await pod('waiting', undefined, 'main');
});

after(async () => {
  nodes.close();
  await api.close();
  await node.stop();
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

  test('an encoded slash stays one, and so do slashes at the end', async () => {
    for (const path of ['/a%2Fb', '/a%2Fb/', '/a//', '//a', '/']) {
      const response = await fetch(`${api.origin}/api/v1/nodes/n/proxy${path}`, { headers: { authorization } });
      assert.equal(await response.text(), `${path}\n`);
    }
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

  test('the port of a pod is a port, and no other host', async () => {
    await api.registry.update({ group: '', resource: 'pods' }, 'default', 'one', (pod) => ({
      ...pod,
      status: { podIPs: [{ ip: '192.0.2.1' }] },
    }));
    const { port } = new URL(api.origin);
    for (const [name, told] of [
      ['one:80@127.0.0.1', 'lookup tcp/80@127.0.0.1: unknown port'],
      [`one:x@2130706433%3A${port}`, 'no such pod'],
      ['https:one:443%3F', 'lookup tcp/443?: unknown port'],
      ['one:70000', 'address 70000: invalid port'],
    ] as const) {
      const response = await get(`${name}/proxy/`);
      const { message, code } = (await response.json()) as { message: string; code: number };
      if (told === 'no such pod') assert.equal(code, 400, message);
      else assert.deepEqual([code, message], [503, `error trying to reach service: dial tcp: ${told}`]);
    }
  });

  test('an address within another is judged by what it stands for', async () => {
    await api.registry.update({ group: '', resource: 'pods' }, 'default', 'two', (pod) => ({
      ...pod,
      status: { podIPs: [{ ip: '::ffff:127.0.0.1' }] },
    }));
    const response = await get('two/proxy/');
    assert.equal(((await response.json()) as { message: string }).message, 'address not allowed');
  });

  test('a proxied root gets its slash', async () => {
    const response = await fetch(`${api.origin}/api/v1/nodes/n/proxy`, {
      headers: { authorization },
      redirect: 'manual',
    });
    assert.equal(response.status, 301);
    assert.equal(response.headers.get('location'), '/api/v1/nodes/n/proxy/');
  });

  test('names with schemes and ports', () => {
    assert.deepEqual(splitSchemeNamePort('a'), { scheme: 'http', name: 'a', port: '' });
    assert.deepEqual(splitSchemeNamePort('a:80'), { scheme: 'http', name: 'a', port: '80' });
    assert.deepEqual(splitSchemeNamePort('https:a:'), { scheme: 'https', name: 'a', port: '' });
    for (const bad of ['', ':80', 'ftp:a:80', 'a:b:c:d']) assert.equal(splitSchemeNamePort(bad), undefined);
  });
});
