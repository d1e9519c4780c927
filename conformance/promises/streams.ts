/** Streams into running containers, by every protocol that clients speak. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { PromiseContext } from '../src/context.ts';
import { area, type PromiseOptions } from '../src/promise.ts';
import { connectWebSocket, openWebSocket, type WebSocketConnection } from '../src/websocket.ts';

const promise = area('streams');
const needs: PromiseOptions = { needs: ['containers'], deadlineMs: 240_000 };
const needsKubectl: PromiseOptions = { needs: ['containers', 'kubectl'], deadlineMs: 240_000 };

async function run(context: PromiseContext, script = 'sleep 1000', more: object = {}): Promise<void> {
  await context.create('v1', 'pods', {
    metadata: { name: 'shell' },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: context.image, command: ['sh', '-c', script], ...more }],
    },
  });
  await context.waitForObject('v1', 'pods', 'shell', (pod) => {
    const [status] = (pod?.status?.['containerStatuses'] ?? []) as { ready: boolean }[];
    return status?.ready;
  });
}

function execPath(context: PromiseContext, script: string, streams: string): string {
  const command = ['sh', '-c', script].map((part) => `command=${encodeURIComponent(part)}`).join('&');
  return `${context.path('v1', 'pods', 'shell/exec')}?${command}&${streams}`;
}

/** What came on each channel until the server closed. */
async function channels(connection: WebSocketConnection, base64 = false): Promise<Map<number, string>> {
  const all = new Map<number, string>();
  for await (const { data } of connection.messages) {
    const text = data.toString('utf8', 1);
    const channel = base64 ? Number(data.toString('latin1', 0, 1)) : (data[0] ?? -1);
    all.set(channel, (all.get(channel) ?? '') + (base64 ? Buffer.from(text, 'base64').toString() : text));
  }
  return all;
}

const all = 'stdin=true&stdout=true&stderr=true';
const script = 'cat; echo wrong >&2; exit 3';
const failure = { reason: 'ExitCode', message: '3' };

promise(
  'v5 of the websocket protocol closes stdin alone, and tells the exit code',
  async (context) => {
    await run(context);
    const path = execPath(context, script, all);
    const connection = await connectWebSocket(context, path, { protocols: ['v5.channel.k8s.io'] });
    assert.equal(connection.protocol, 'v5.channel.k8s.io');
    connection.send(Buffer.from('\0one '));
    connection.send(Buffer.from('\0two\n'));
    // 255, then the channel that ends.
    connection.send(Buffer.from([255, 0]));
    const received = await channels(connection);
    assert.deepEqual([received.get(1), received.get(2)], ['one two\n', 'wrong\n']);
    const status = JSON.parse(received.get(3) ?? '{}') as {
      status: string;
      reason: string;
      details: { causes: object[] };
    };
    assert.deepEqual([status.status, status.reason, status.details.causes], ['Failure', 'NonZeroExitCode', [failure]]);
  },
  needs,
);

promise(
  'v4, and its form in base64, carry the same streams',
  async (context) => {
    await run(context);
    const path = execPath(context, 'echo out; echo err >&2', 'stdout=true&stderr=true');
    for (const protocol of ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io']) {
      const connection = await connectWebSocket(context, path, { protocols: [protocol] });
      assert.equal(connection.protocol, protocol);
      const received = await channels(connection, protocol.includes('base64'));
      assert.deepEqual([received.get(1), received.get(2)], ['out\n', 'err\n']);
      assert.deepEqual(JSON.parse(received.get(3) ?? '{}'), { metadata: {}, status: 'Success' });
    }
  },
  {
    ...needs,
    codename: '[sig-node] Pods should support remote command execution over websockets [NodeConformance] [Conformance]',
  },
);

promise(
  'a websocket to a container wants a protocol that both speak',
  async (context) => {
    await run(context);
    const path = execPath(context, 'true', 'stdout=true');
    const refused = await openWebSocket(context, path, { protocols: ['v9.channel.k8s.io'] });
    assert.ok('status' in refused && refused.status >= 400, 'the handshake was accepted');
  },
  needs,
);

promise(
  'a port is forwarded over the plain websocket protocol: a data and an error channel that begin with the port',
  async (context) => {
    await run(context, 'mkdir /tmp/w; echo served > /tmp/w/index.html; httpd -f -p 8080 -h /tmp/w', {
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, timeoutSeconds: 20 },
    });
    const path = `${context.path('v1', 'pods', 'shell/portforward')}?ports=8080`;
    const connection = await connectWebSocket(context, path, { protocols: ['v4.channel.k8s.io'] });
    assert.equal(connection.protocol, 'v4.channel.k8s.io');
    const port = Buffer.alloc(2);
    port.writeUInt16LE(8080);
    const begun = new Set<number>();
    let received = '';
    for await (const { data } of connection.messages) {
      const channel = data[0] ?? -1;
      if (!begun.has(channel)) {
        assert.deepEqual(data.subarray(1), port, `channel ${channel}`);
        begun.add(channel);
        if (begun.size === 2) connection.send(Buffer.from('\0GET / HTTP/1.0\r\n\r\n'));
        continue;
      }
      assert.equal(channel, 0, `the error channel says ${data.toString('utf8', 1)}`);
      received += data.toString('utf8', 1);
      if (received.endsWith('served\n')) break;
    }
    connection.close();
    assert.deepEqual(begun, new Set([0, 1]));
    assert.match(received, /^HTTP\/1\.[01] 200 OK\r\n[^]*\r\n\r\nserved\n$/);
  },
  needs,
);

for (const [name, value] of [
  ['websockets', 'true'],
  ['SPDY', 'false'],
] as const) {
  promise(
    `kubectl exec and attach work over ${name}`,
    async (context) => {
      context.kubectl.environment['KUBECTL_REMOTE_COMMAND_WEBSOCKETS'] = value;
      await run(context, 'while read line; do echo "got $line"; done', { stdin: true, stdinOnce: true });
      const { code, stdout, stderr } = await context.kubectl.result(
        ['exec', '-i', 'shell', '--', 'sh', '-c', script],
        'input',
      );
      assert.deepEqual([code, stdout], [3, 'input']);
      assert.match(stderr, /^wrong\n/m);
      const large = randomBytes(300_000).toString('base64');
      assert.equal(await context.kubectl.run(['exec', '-i', 'shell', '--', 'cat'], large), large);
      assert.match(await context.kubectl.run(['attach', '-i', 'shell'], 'hello\n'), /^got hello\n/);
    },
    needsKubectl,
  );
  promise(
    `kubectl port-forward works over ${name}`,
    async (context) => {
      context.kubectl.environment['KUBECTL_PORT_FORWARD_WEBSOCKETS'] = value;
      // kubectl ends when a connection is refused.
      await run(context, 'mkdir /tmp/w; echo served > /tmp/w/index.html; httpd -f -p 8080 -h /tmp/w', {
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, timeoutSeconds: 20 },
      });
      const forward = context.kubectl.start(['port-forward', 'shell', ':8080', '--address=127.0.0.1']);
      forward.on('error', () => undefined);
      let output = '';
      const port = await new Promise<number>((resolve, reject) => {
        forward.stdout.on('data', (chunk) => {
          output += String(chunk);
          const match = /127\.0\.0\.1:(\d+) -> 8080/.exec(output);
          if (match) resolve(Number(match[1]));
        });
        forward.once('exit', (code) => reject(new Error(`port-forward ended with ${code}: ${output}`)));
      });
      const get = async (): Promise<string> => {
        const socket = connect(port, '127.0.0.1');
        socket.end('GET / HTTP/1.0\r\n\r\n');
        let text = '';
        for await (const chunk of socket) text += String(chunk);
        return text;
      };
      // Heads tell the time.
      for (const each of [await get(), ...(await Promise.all([get(), get(), get()]))])
        assert.match(each, /\r\n\r\nserved\n$/);
      forward.kill();
    },
    needsKubectl,
  );
}
