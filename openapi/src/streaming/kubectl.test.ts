/**
 * The real kubectl against these servers, over websockets and over SPDY: what Go's side of the protocols expects is
 * found out here and nowhere else.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import {
  acceptRemoteCommand,
  exitCodeOutcome,
  proxyUpgrade,
  type RemoteCommandOptions,
  servePortForward,
  translateWebsocketToSpdy,
  tunnelSpdyOverWebsocket,
  wantsTranslation,
  wantsTunnel,
} from './index.ts';

const missing = spawnSync('kubectl', ['version', '--client']).status === 0 ? false : 'kubectl is not installed';
const home = mkdtempSync(path.join(tmpdir(), 'typernetes-kubectl-'));
const sockets = new Set<net.Socket>();
const servers: net.Server[] = [];

function track(server: net.Server): void {
  servers.push(server);
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
}

async function listen(server: net.Server): Promise<number> {
  track(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

function commandOptions(url: URL): RemoteCommandOptions {
  const given = (name: string): boolean => url.searchParams.get(name) === 'true';
  return { stdin: given('stdin'), stdout: given('stdout'), stderr: given('stderr'), tty: given('tty') };
}

/** The kubelet's part: commands run on this machine, every port is an echo server. */
async function runCommand(request: IncomingMessage, socket: Duplex, head: Buffer, echoPort: number): Promise<void> {
  const url = new URL(request.url ?? '', 'http://kubelet');
  if (url.pathname.endsWith('/portforward')) {
    await servePortForward(request, socket, head, async (_port, stream) => {
      const target = net.connect({ port: echoPort, host: '127.0.0.1', allowHalfOpen: true });
      await once(target, 'connect');
      stream.pipe(target);
      target.pipe(stream, { end: false });
      await once(target, 'end');
    });
    return;
  }
  const streams = await acceptRemoteCommand(request, socket, head, commandOptions(url));
  if (streams === undefined) return;
  const [command = '', ...args] = url.searchParams.getAll('command');
  const child = spawn(command, args);
  child.stdin.on('error', () => {});
  if (streams.stdin === undefined) child.stdin.end();
  else streams.stdin.pipe(child.stdin);
  if (streams.stdout) child.stdout.pipe(streams.stdout, { end: false });
  if (streams.stderr) child.stderr.pipe(streams.stderr, { end: false });
  const [exitCode] = (await once(child, 'close')) as [number];
  await streams.finish(exitCodeOutcome(exitCode));
}

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', namespace: 'default', uid: 'u' },
  spec: { containers: [{ name: 'c', image: 'x' }] },
  status: { phase: 'Running' },
};
const resources = {
  kind: 'APIResourceList',
  groupVersion: 'v1',
  resources: [{ name: 'pods', namespaced: true, kind: 'Pod', verbs: ['get'] }],
};
const answers: Record<string, object> = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': resources,
  '/api/v1/namespaces/default/pods/a': pod,
};

function answer(request: IncomingMessage, response: ServerResponse): void {
  const found = answers[(request.url ?? '').split('?')[0] ?? ''];
  response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(found ?? {}));
}

let apiserver = '';

before(async () => {
  const echoPort = await listen(net.createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)));
  const kubelet = http.createServer();
  kubelet.on('upgrade', (request, socket, head) => runCommand(request, socket, head, echoPort));
  const kubeletUrl = `http://127.0.0.1:${await listen(kubelet)}`;
  const server = http.createServer(answer);
  server.on('upgrade', (request, socket: Duplex, head) => {
    const target = { url: kubeletUrl + (request.url ?? '') };
    if (wantsTranslation(request))
      return translateWebsocketToSpdy(request, socket, head, target, commandOptions(new URL(target.url)));
    if (wantsTunnel(request)) return tunnelSpdyOverWebsocket(request, socket, head, target);
    return proxyUpgrade(request, socket, head, target);
  });
  apiserver = `http://127.0.0.1:${await listen(server)}`;
});

after(() => {
  for (const server of servers) server.close();
  for (const socket of sockets) socket.destroy();
  rmSync(home, { recursive: true, force: true });
});

function environment(websockets: boolean): NodeJS.ProcessEnv {
  const value = String(websockets);
  return {
    ...process.env,
    HOME: home,
    KUBECONFIG: path.join(home, 'none'),
    KUBECTL_REMOTE_COMMAND_WEBSOCKETS: value,
    KUBECTL_PORT_FORWARD_WEBSOCKETS: value,
  };
}

interface Result {
  code: number;
  stdout: Buffer;
  stderr: string;
}

/** Older versions of kubectl log this where the message that opens the channels, upstream's as ours, comes before their streams are there. */
const early = /^E\d{4} [^\n]*websocket\.go:\d+\] Unknown stream id 1, discarding message\n/m;

async function kubectl(websockets: boolean, args: string[], input?: Buffer): Promise<Result> {
  const child = spawn('kubectl', ['--server', apiserver, ...args], { env: environment(websockets) });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (part: Buffer) => stdout.push(part));
  child.stderr.on('data', (part: Buffer) => stderr.push(part));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number];
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8').replace(early, '') };
}

for (const websockets of [true, false]) {
  describe(`kubectl over ${websockets ? 'websockets' : 'SPDY'}`, { skip: missing }, () => {
    test('exec: both outputs and the exit code', async () => {
      const result = await kubectl(websockets, ['exec', 'a', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3']);
      assert.equal(result.code, 3);
      assert.equal(result.stdout.toString(), 'out\n');
      assert.equal(result.stderr, 'err\ncommand terminated with exit code 3\n');
    });

    test('exec -i: megabytes through a command and back', async () => {
      const input = Buffer.alloc(5_000_000, 'some bytes, again and again. ');
      const result = await kubectl(websockets, ['exec', '-i', 'a', '--', 'cat'], input);
      assert.equal(result.stderr, '');
      assert.equal(result.code, 0);
      assert.ok(result.stdout.equals(input));
    });

    test('exec -i: a command that does not read its input still ends', async () => {
      const result = await kubectl(websockets, ['exec', '-i', 'a', '--', 'true'], Buffer.alloc(100_000));
      // kubectl may log that its write to a stream that is over failed; it says so of a real cluster, too.
      assert.match(result.stderr, /^(E\d{4} [^\n]*v\d\.go[^\n]*(EOF|use of closed network connection)"\n)?$/);
      assert.equal(result.code, 0);
    });

    test('port-forward: several connections at once, bytes equal both ways', async (context) => {
      const child = spawn('kubectl', ['--server', apiserver, 'port-forward', 'pod/a', ':80'], {
        env: environment(websockets),
      });
      context.after(() => child.kill());
      let output = '';
      const port = await new Promise<number>((resolve, reject) => {
        child.once('close', () => reject(new Error(output)));
        const read = (part: Buffer): void => {
          output += part.toString('utf8');
          const match = /127\.0\.0\.1:(\d+)/.exec(output);
          if (match) resolve(Number(match[1]));
        };
        child.stdout.on('data', read);
        child.stderr.on('data', read);
      });
      const payload = Buffer.alloc(2_000_000, '0123456789');
      const received = await Promise.all(
        [1, 2, 3].map(async () => {
          const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
          socket.end(payload);
          const parts: Buffer[] = [];
          for await (const part of socket) parts.push(part as Buffer);
          return Buffer.concat(parts);
        }),
      );
      for (const bytes of received) assert.ok(bytes.equals(payload));
    });
  });
}
