/** Both sides of every protocol, over real sockets on loopback. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net from 'node:net';
import { type Duplex, PassThrough, Readable, Writable } from 'node:stream';
import { after, test } from 'node:test';
import { WebSocket } from 'ws';
import { forbidden, StatusError } from '../meta/index.ts';
import {
  acceptRemoteCommand,
  acceptSpdyUpgrade,
  dialSpdyOverWebsocket,
  dialUpgrade,
  exitCodeOf,
  exitCodeOutcome,
  openForwardedPort,
  proxyUpgrade,
  type RemoteCommandOptions,
  type RemoteCommandStreams,
  readBody,
  refuseUpgrade,
  remoteExecute,
  servePortForward,
  successOutcome,
  type TerminalSize,
  terminalSizes,
  translateWebsocketToSpdy,
  tunnelSpdyOverWebsocket,
  upgradeSpdyClient,
} from './index.ts';

type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => unknown;

const cleanups: (() => void)[] = [];
after(() => {
  for (const cleanup of cleanups) cleanup();
});

async function serve(onUpgrade: UpgradeHandler): Promise<string> {
  const server = http.createServer((_request, response) => response.writeHead(404).end('no'));
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', onUpgrade);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}

class Sink extends Writable {
  readonly parts: Buffer[] = [];
  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.parts.push(chunk);
    callback();
  }
  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }
  get text(): string {
    return this.bytes.toString('utf8');
  }
}

const everything: RemoteCommandOptions = { stdin: true, stdout: true, stderr: true, tty: false };

/** A command like `cat`: echoes its input, says a word on stderr, ends with a code. */
async function cat(streams: RemoteCommandStreams | undefined, exitCode: number): Promise<void> {
  if (streams === undefined) return;
  streams.stderr?.write('warning');
  if (streams.stdin !== undefined && streams.stdout !== undefined) {
    streams.stdin.pipe(streams.stdout, { end: false });
    await once(streams.stdin, 'end');
  }
  await streams.finish(exitCodeOutcome(exitCode));
}

const node =
  (options: RemoteCommandOptions, exitCode: number): UpgradeHandler =>
  async (request, socket, head) =>
    cat(await acceptRemoteCommand(request, socket, head, options), exitCode);

const payload = Buffer.alloc(2_000_000, 'The quick brown fox. ');

for (const transport of ['spdy', 'websocket'] as const) {
  test(`exec over ${transport}: stdin to its end, both outputs, the exit code`, async () => {
    const url = await serve(node(everything, 7));
    const [stdout, stderr] = [new Sink(), new Sink()];
    const outcome = await remoteExecute({ url, transport, stdin: Readable.from([payload]), stdout, stderr });
    assert.equal(exitCodeOf(outcome), 7);
    assert.equal(outcome.message, 'command terminated with non-zero exit code: exit status 7');
    assert.ok(stdout.bytes.equals(payload));
    assert.equal(stderr.text, 'warning');
  });

  test(`exec over ${transport}: success, and no input`, async () => {
    const url = await serve(node({ ...everything, stdin: false }, 0));
    const [stdout, stderr] = [new Sink(), new Sink()];
    const outcome = await remoteExecute({ url, transport, stdout, stderr });
    assert.equal(outcome.status, 'Success');
    assert.equal(stderr.text, 'warning');
  });

  test(`exec over ${transport}: a terminal's sizes arrive in order`, async () => {
    const seen: TerminalSize[] = [];
    const url = await serve(async (request, socket, head) => {
      const streams = await acceptRemoteCommand(request, socket, head, {
        stdin: true,
        stdout: true,
        stderr: false,
        tty: true,
      });
      if (streams?.resize === undefined) return;
      for await (const size of terminalSizes(streams.resize)) {
        seen.push(size);
        if (seen.length === 2) break;
      }
      await streams.finish(successOutcome());
    });
    async function* sizes(): AsyncGenerator<TerminalSize> {
      yield { width: 80, height: 24 };
      yield { width: 100, height: 40 };
    }
    await remoteExecute({
      url,
      transport,
      tty: true,
      stdin: new PassThrough(),
      stdout: new Sink(),
      terminalSizes: sizes(),
    });
    assert.deepEqual(seen, [
      { width: 80, height: 24 },
      { width: 100, height: 40 },
    ]);
  });

  test(`exec over ${transport}: a Status answered instead of an upgrade is thrown`, async () => {
    const { status } = forbidden({ group: '', resource: 'pods' }, 'a', 'no');
    const url = await serve((_request, socket) =>
      refuseUpgrade(socket, 403, JSON.stringify(status), { 'Content-Type': 'application/json' }),
    );
    await assert.rejects(remoteExecute({ url, transport, stdout: new Sink() }), (error: unknown) => {
      assert.ok(error instanceof StatusError);
      assert.equal(error.message, 'pods "a" is forbidden: no');
      return true;
    });
  });

  test(`exec over ${transport}: a client that goes away aborts the server's signal`, async () => {
    let server: RemoteCommandStreams | undefined;
    const started = Promise.withResolvers<void>();
    const url = await serve(async (request, socket, head) => {
      server = await acceptRemoteCommand(request, socket, head, everything);
      started.resolve();
    });
    const stop = new AbortController();
    const running = remoteExecute({
      url,
      transport,
      stdin: new PassThrough(),
      stdout: new Sink(),
      stderr: new Sink(),
      signal: stop.signal,
    });
    await started.promise;
    assert.equal(server?.signal.aborted, false);
    stop.abort();
    await assert.rejects(running);
    const signal = server?.signal;
    if (signal && !signal.aborted) await once(signal, 'abort');
  });
}

test('websocket v5 from the client, SPDY to the node: streams, exit code, half-close', async () => {
  const kubelet = await serve(node(everything, 3));
  const apiserver = await serve((request, socket, head) =>
    translateWebsocketToSpdy(request, socket, head, { url: `${kubelet}/exec` }, everything),
  );
  const [stdout, stderr] = [new Sink(), new Sink()];
  const outcome = await remoteExecute({
    url: apiserver,
    transport: 'websocket',
    stdin: Readable.from([payload]),
    stdout,
    stderr,
  });
  assert.equal(exitCodeOf(outcome), 3);
  assert.ok(stdout.bytes.equals(payload));
  assert.equal(stderr.text, 'warning');
});

test('a node that refuses or is not there becomes a status on the error channel', async () => {
  const refusing = await serve((_request, socket) => refuseUpgrade(socket, 404, 'container not found'));
  for (const [url, expected] of [
    [refusing, /container not found/],
    ['http://127.0.0.1:1', /ECONNREFUSED/],
  ] as const) {
    const apiserver = await serve((request, socket, head) =>
      translateWebsocketToSpdy(request, socket, head, { url }, everything),
    );
    const outcome = await remoteExecute({
      url: apiserver,
      transport: 'websocket',
      stdout: new Sink(),
      stderr: new Sink(),
    });
    assert.equal(outcome.status, 'Failure');
    assert.match(outcome.message ?? '', expected);
    assert.equal(outcome.code, 500);
  }
});

test('older websocket protocols: v4 base64, and plain text errors before v4', async () => {
  const url = await serve(node({ ...everything, stdin: false }, 5));
  for (const [protocol, expected] of [
    ['v4.base64.channel.k8s.io', /"reason":"NonZeroExitCode"/],
    ['base64.channel.k8s.io', /^command terminated with non-zero exit code: exit status 5$/],
  ] as const) {
    const socket = new WebSocket(url.replace('http', 'ws'), [protocol]);
    const channels = new Map<string, string>();
    socket.on('message', (data: Buffer) => {
      const text = data.toString('latin1');
      const channel = text[0] ?? '';
      channels.set(channel, (channels.get(channel) ?? '') + Buffer.from(text.slice(1), 'base64').toString('utf8'));
    });
    const [code] = (await once(socket, 'close')) as [number];
    assert.equal(code, 1000);
    assert.equal(channels.get('2'), 'warning');
    assert.match(channels.get('3') ?? '', expected);
  }
});

test('requests without a protocol we speak are refused, not dropped', async () => {
  const url = await serve(node(everything, 0));
  await assert.rejects(
    upgradeSpdyClient({ url, protocols: ['v9.channel.k8s.io'] }),
    /client supports \[v9.channel.k8s.io\], server accepts \[v4/,
  );
  const socket = new WebSocket(url.replace('http', 'ws'), ['v9.channel.k8s.io']);
  const [error] = (await once(socket, 'error')) as [Error];
  assert.match(error.message, /403/);
});

test('a client that opens no streams is let go', async () => {
  const result = Promise.withResolvers<unknown>();
  const url = await serve(async (request, socket, head) => {
    result.resolve(await acceptRemoteCommand(request, socket, head, { ...everything, streamCreationTimeoutMs: 20 }));
  });
  const { connection } = await upgradeSpdyClient({ url, protocols: ['v4.channel.k8s.io'] });
  assert.equal(await result.promise, undefined);
  await connection.closed;
});

async function echoPort(): Promise<number> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

async function forward(port: number, stream: Duplex): Promise<void> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  stream.pipe(socket);
  socket.pipe(stream, { end: false });
  await once(socket, 'end');
}

const podPorts: UpgradeHandler = (request, socket, head) =>
  servePortForward(request, socket, head, forward, { pod: 'a', uid: 'u' });

async function roundTrip(data: Duplex): Promise<Buffer> {
  const sink = new Sink();
  data.pipe(sink);
  data.end(payload);
  await once(data, 'end');
  return sink.bytes;
}

test('port-forward over SPDY, direct and through a websocket tunnel: bytes equal both ways', async () => {
  const port = await echoPort();
  const kubelet = await serve(podPorts);
  const apiserver = await serve((request, socket, head) =>
    tunnelSpdyOverWebsocket(request, socket, head, { url: kubelet }),
  );
  const direct = (await upgradeSpdyClient({ url: kubelet, protocols: ['portforward.k8s.io'] })).connection;
  const tunnelled = await dialSpdyOverWebsocket({ url: apiserver, protocols: ['portforward.k8s.io'] });
  for (const connection of [direct, tunnelled]) {
    const pairs = await Promise.all([0, 1, 2].map((id) => openForwardedPort(connection, port, id)));
    for (const { data, failure } of pairs) {
      assert.ok((await roundTrip(data)).equals(payload));
      assert.equal(await failure, undefined);
    }
    const refused = await openForwardedPort(connection, 1, 9);
    assert.match((await refused.failure) ?? '', /^error forwarding port 1 to pod a, uid u: connect ECONNREFUSED/);
    connection.destroy();
    await connection.closed;
  }
});

test('the signal ends a tunnel and a translated command', async () => {
  const kubelet = await serve(podPorts);
  const running = await serve(node(everything, 0));
  for (const [url, path] of [
    [kubelet, 'tunnel'],
    [running, 'command'],
  ] as const) {
    const ending = new AbortController();
    const over = Promise.withResolvers<void>();
    const apiserver = await serve((request, socket, head) => {
      const target = { url, signal: ending.signal };
      const serving =
        path === 'tunnel'
          ? tunnelSpdyOverWebsocket(request, socket, head, target)
          : translateWebsocketToSpdy(request, socket, head, target, everything);
      over.resolve(serving);
    });
    if (path === 'tunnel') {
      const connection = await dialSpdyOverWebsocket({ url: apiserver, protocols: ['portforward.k8s.io'] });
      await connection.ping();
      ending.abort();
      await connection.closed;
    } else {
      const stderr = new Sink();
      const stdin = new PassThrough();
      const outcome = remoteExecute({ url: apiserver, transport: 'websocket', stdin, stdout: new Sink(), stderr });
      while (stderr.text === '') await new Promise((resolve) => setImmediate(resolve));
      ending.abort();
      assert.equal((await outcome).status, 'Failure');
    }
    await over.promise;
  }
});

test('port-forward over a plain websocket announces its ports', async () => {
  const port = await echoPort();
  const url = await serve(podPorts);
  const socket = new WebSocket(`${url.replace('http', 'ws')}/?port=${port}`, ['v4.channel.k8s.io']);
  const messages: Buffer[] = [];
  const echoed = Promise.withResolvers<void>();
  socket.on('message', (data: Buffer) => {
    messages.push(data);
    if (messages.length === 2) socket.send(Buffer.concat([Buffer.of(0), Buffer.from('hello')]));
    if (messages.length === 3) echoed.resolve();
  });
  await echoed.promise;
  const announced = Buffer.alloc(2);
  announced.writeUInt16LE(port);
  assert.deepEqual(messages, [
    Buffer.concat([Buffer.of(0), announced]),
    Buffer.concat([Buffer.of(1), announced]),
    Buffer.concat([Buffer.of(0), Buffer.from('hello')]),
  ]);
  socket.terminate();
  const bad = new WebSocket(`${url.replace('http', 'ws')}/?port=x`, ['v4.channel.k8s.io']);
  const [error] = (await once(bad, 'error')) as [Error];
  assert.match(error.message, /400/);
});

test('the tunnel passes on what the node answers instead of an upgrade', async () => {
  const kubelet = await serve((_request, socket) => refuseUpgrade(socket, 404, 'pod not found'));
  const apiserver = await serve((request, socket, head) =>
    tunnelSpdyOverWebsocket(request, socket, head, { url: kubelet }),
  );
  await assert.rejects(dialSpdyOverWebsocket({ url: apiserver, protocols: ['portforward.k8s.io'] }), /pod not found/);
});

test('the upgrade proxy passes bytes, headers and refusals through', async () => {
  const kubelet = await serve(node(everything, 4));
  let seen: IncomingMessage | undefined;
  const watched = await serve((request, socket, head) => {
    seen = request;
    return proxyUpgrade(request, socket, head, { url: `${kubelet}${request.url}` });
  });
  const apiserver = await serve((request, socket, head) =>
    proxyUpgrade(request, socket, head, {
      url: `${watched}/exec/a`,
      headers: { Authorization: 'Bearer node' },
      dropHeaders: ['x-secret'],
    }),
  );
  for (const transport of ['spdy', 'websocket'] as const) {
    const [stdout, stderr] = [new Sink(), new Sink()];
    const headers = { authorization: 'Bearer user', 'x-secret': '1', 'x-kept': '2' };
    const outcome = await remoteExecute({
      url: apiserver,
      transport,
      headers,
      stdin: Readable.from([payload]),
      stdout,
      stderr,
    });
    assert.equal(exitCodeOf(outcome), 4);
    assert.ok(stdout.bytes.equals(payload));
    assert.equal(seen?.url, '/exec/a');
    assert.equal(seen?.headers.authorization, 'Bearer node');
    assert.equal(seen?.headers['x-secret'], undefined);
    assert.equal(seen?.headers['x-kept'], '2');
  }
  const refusing = await serve((_request, socket) => refuseUpgrade(socket, 403, 'not you', { 'X-Why': 'rules' }));
  const refused = await serve((request, socket, head) => proxyUpgrade(request, socket, head, { url: refusing }));
  await assert.rejects(upgradeSpdyClient({ url: refused, protocols: ['v4.channel.k8s.io'] }), /not you/);
  const redirecting = await serve((_request, socket) => refuseUpgrade(socket, 302, '', { Location: 'http://evil/' }));
  const kept = await serve((request, socket, head) => proxyUpgrade(request, socket, head, { url: redirecting }));
  const { response } = await dialUpgrade({ url: kept, headers: { Connection: 'Upgrade', Upgrade: 'websocket' } });
  assert.deepEqual([response.statusCode, response.headers.location], [500, undefined]);
  assert.equal(await readBody(response), 'invalid upgrade response: status code 302\n');
  const nowhere = await serve((request, socket, head) =>
    proxyUpgrade(request, socket, head, { url: 'http://127.0.0.1:1' }),
  );
  await assert.rejects(upgradeSpdyClient({ url: nowhere, protocols: ['v4.channel.k8s.io'] }), /error dialing backend/);
  const unavailable = await serve((request, socket, head) =>
    proxyUpgrade(request, socket, head, {
      url: 'http://127.0.0.1:1',
      unreachable: (message) => ({ status: 503, body: `nobody: ${message}` }),
    }),
  );
  const answer = await dialUpgrade({ url: unavailable, headers: { Connection: 'Upgrade', Upgrade: 'SPDY/3.1' } });
  assert.ok(!answer.upgraded);
  assert.equal(answer.response.statusCode, 503);
});

test('the proxy reaches unix sockets', async (context) => {
  const path = `/tmp/typernetes-streaming-${process.pid}-${Math.trunc(performance.now())}.sock`;
  const server = http.createServer();
  server.on(
    'upgrade',
    (request, socket: Duplex, head) => void acceptSpdyUpgrade(request, socket, head, ['v4.channel.k8s.io']),
  );
  server.listen(path);
  await once(server, 'listening');
  context.after(() => server.close());
  const proxy = await serve((request, socket, head) =>
    proxyUpgrade(request, socket, head, { url: 'http://localhost/x', socketPath: path }),
  );
  const { connection } = await upgradeSpdyClient({ url: proxy, protocols: ['v4.channel.k8s.io'] });
  await connection.ping();
  connection.destroy();
  await connection.closed;
});
