import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { systemClock } from '@typernetes/openapi/client';
import { ManualClock } from '@typernetes/openapi/client/testing';
import { exitCodeOf, remoteExecute } from '@typernetes/openapi/streaming';
import { type ContainerEventResponse, connectCri, serveCri } from 'cri-client';
import { simulatedParts } from '../../simulated-nodes.ts';
import { containerBehaviour, execAnswer, podSimulation } from './behaviour.ts';
import { SimulatedRuntime } from './runtime-service.ts';
import { stepsOf } from './script.ts';

/** command → steps, in the shortest notation. */
const golden: [command: string[], steps: string][] = [
  [[], 'block'],
  [['nginx', '-g', 'daemon off;'], 'block'],
  [['true'], 'exit 0'],
  [['false'], 'exit 1'],
  [['sleep', '5'], 'sleep 5000, exit 0'],
  [['sleep', 'infinity'], 'block'],
  [['echo', 'hello', 'world'], 'out hello world, exit 0'],
  [['sh', '-c', 'echo a; sleep 0.5 && echo b >&2; exit 3'], 'out a, sleep 500, err b, exit 3'],
  [['/bin/sh', '-ec', 'echo "a; b"'], 'out a; b, exit 0'],
  [['sh', '-c', 'while true; do echo tick; sleep 1; done'], 'out tick, sleep 1000, repeat 0'],
  [['sh', '-c', 'echo start; my-server --port 80'], 'out start, block'],
  [['sh', '-c', "trap 'exit 0' TERM; sleep 1m"], 'sleep 60000, exit 0'],
];
for (const [command, expected] of golden) {
  test(`steps of ${JSON.stringify(command)}`, () => {
    const shown = stepsOf(command).map((step) => {
      switch (step.type) {
        case 'log':
          return `${step.stream === 'stdout' ? 'out' : 'err'} ${step.text}`;
        case 'sleep':
          return `sleep ${step.milliseconds}`;
        case 'exit':
          return `exit ${step.code}`;
        case 'repeat':
          return `repeat ${step.from}`;
        case 'block':
          return 'block';
      }
    });
    assert.equal(shown.join(', '), expected);
  });
}

test('the annotation says what a container does, and what it answers', () => {
  const pod = podSimulation({
    'typernetes.dev/simulate': JSON.stringify({
      containers: {
        '*': { startDelay: '1s' },
        web: { log: ['a', 'b'], logEvery: '2s', runFor: 5, exitCode: 2, exec: [{ match: '^date$', stdout: 'now\n' }] },
      },
    }),
  });
  const web = containerBehaviour(pod, 'web', ['ignored']);
  assert.equal(web.startDelayMs, 1000);
  assert.deepEqual(
    web.steps.map(({ type }) => type),
    ['log', 'sleep', 'log', 'sleep', 'exit'],
  );
  assert.deepEqual(execAnswer(web, ['date']), { stdout: 'now\n', stderr: '', exitCode: 0, echo: false });
  assert.deepEqual(execAnswer(web, ['sh', '-c', 'echo x; exit 4']), {
    stdout: 'x\n',
    stderr: '',
    exitCode: 4,
    echo: false,
  });
  assert.equal(execAnswer(web, ['unknown']).exitCode, 127);
  assert.throws(() => podSimulation({ 'typernetes.dev/simulate': '[]' }), SyntaxError);
});

async function sandboxWith(
  runtime: SimulatedRuntime,
  command: string[],
  annotations: Record<string, string> = {},
  logDirectory = '',
) {
  const { podSandboxId } = await runtime.runPodSandbox({
    config: {
      metadata: { name: 'p', uid: 'u', namespace: 'd' },
      labels: { 'io.kubernetes.pod.uid': 'u' },
      annotations,
      logDirectory,
    },
  });
  const { containerId } = await runtime.createContainer({
    podSandboxId,
    config: { metadata: { name: 'c' }, command, logPath: 'c/0.log', labels: { 'io.kubernetes.pod.uid': 'u' } },
  });
  return { podSandboxId, containerId };
}

test('a container lives by the clock, writes its log and tells of itself', async () => {
  const clock = new ManualClock();
  const folder = await mkdtemp(join(tmpdir(), 'simulated-'));
  const runtime = new SimulatedRuntime({ clock });
  const abort = new AbortController();
  const events: ContainerEventResponse[] = [];
  const listening = (async () => {
    for await (const event of runtime.getContainerEvents({}, { signal: abort.signal })) events.push(event);
  })();
  const { podSandboxId, containerId } = await sandboxWith(
    runtime,
    ['sh', '-c', 'echo one; sleep 2; echo two; exit 3'],
    {},
    folder,
  );
  await runtime.startContainer({ containerId });
  const state = async () => (await runtime.containerStatus({ containerId })).status;
  assert.equal((await state())?.state, 'CONTAINER_RUNNING');
  clock.advance(1999);
  assert.equal((await state())?.state, 'CONTAINER_RUNNING');
  clock.advance(1);
  const ended = await state();
  assert.equal(ended?.state, 'CONTAINER_EXITED');
  assert.equal(ended?.exitCode, 3);
  assert.equal(ended?.reason, 'Error');
  assert.equal((ended?.finishedAt ?? 0n) - (ended?.startedAt ?? 0n), 2_000_000_000n);
  await runtime.removePodSandbox({ podSandboxId });
  assert.deepEqual((await runtime.listContainers({})).containers, []);
  await runtime.stop();
  assert.equal(
    await readFile(join(folder, 'c/0.log'), 'utf8'),
    '2026-01-01T00:00:00.000000000Z stdout F one\n2026-01-01T00:00:02.000000000Z stdout F two\n'.replaceAll(
      '.000000000Z',
      '.000000000Z',
    ),
  );
  abort.abort();
  await listening;
  assert.deepEqual(
    events.map(
      ({ containerEventType, containerId: id }) =>
        `${id === containerId ? 'container' : 'sandbox'} ${containerEventType}`,
    ),
    [
      'sandbox CONTAINER_CREATED_EVENT',
      'sandbox CONTAINER_STARTED_EVENT',
      'container CONTAINER_CREATED_EVENT',
      'container CONTAINER_STARTED_EVENT',
      'container CONTAINER_STOPPED_EVENT',
      'sandbox CONTAINER_STOPPED_EVENT',
      'sandbox CONTAINER_DELETED_EVENT',
    ],
  );
  await rm(folder, { recursive: true });
});

test('a stop that takes longer than its timeout is a kill', async () => {
  const clock = new ManualClock();
  const runtime = new SimulatedRuntime({ clock });
  const { containerId } = await sandboxWith(runtime, [], {
    'typernetes.dev/simulate': '{"containers":{"c":{"stopDelay":"10s"}}}',
  });
  await runtime.startContainer({ containerId });
  const stopping = runtime.stopContainer({ containerId, timeout: 3n });
  clock.advance(3000);
  await stopping;
  assert.equal((await runtime.containerStatus({ containerId })).status?.exitCode, 137);
  assert.equal(clock.pending, 0);
});

test('addresses are given once, and again when they are free', async () => {
  const runtime = new SimulatedRuntime({ clock: systemClock, podCidr: '10.9.0.0/30' });
  const run = () => runtime.runPodSandbox({ config: { metadata: { uid: 'x' } } });
  const first = await run();
  assert.equal((await runtime.podSandboxStatus(first)).status?.network?.ip, '10.9.0.2');
  await assert.rejects(run(), /no pod address is free/);
  await runtime.stopPodSandbox(first);
  await run();
});

test('exec and port-forward over the real protocols, and all of it behind a socket', async () => {
  const { parts, stop } = await simulatedParts({ index: 0 });
  const folder = await mkdtemp(join(tmpdir(), 'simulated-'));
  const server = await serveCri(parts.cri, join(folder, 'cri.sock'));
  const cri = connectCri(server.endpoint);
  try {
    assert.equal((await cri.runtime.version({})).runtimeName, 'simulated');
    const { imageRef } = await cri.images.pullImage({ image: { image: 'busybox' } });
    assert.equal(
      (await cri.images.imageStatus({ image: { image: imageRef } })).image?.repoTags[0],
      'docker.io/library/busybox:latest',
    );
    const annotations = {
      'typernetes.dev/simulate': '{"containers":{"c":{"ports":{"80":{"http":{"body":"hello"}},"7":{}}}}}',
    };
    const { podSandboxId } = await cri.runtime.runPodSandbox({
      config: { metadata: { name: 'p', uid: 'u' }, annotations },
    });
    const { containerId } = await cri.runtime.createContainer({ podSandboxId, config: { metadata: { name: 'c' } } });
    await cri.runtime.startContainer({ containerId });
    for (const transport of ['spdy', 'websocket'] as const) {
      const { url } = await cri.runtime.exec({ containerId, cmd: ['cat'], stdin: true, stdout: true });
      const stdout = new PassThrough();
      const answer = text(stdout);
      const outcome = await remoteExecute({ url, transport, stdin: Readable.from(['echoed ', 'bytes']), stdout });
      stdout.end();
      assert.equal(exitCodeOf(outcome), 0, transport);
      assert.equal(await answer, 'echoed bytes', transport);
    }
    const failing = await cri.runtime.exec({ containerId, cmd: ['sh', '-c', 'exit 9'], stdout: true });
    assert.equal(
      exitCodeOf(await remoteExecute({ url: failing.url, transport: 'spdy', stdout: new PassThrough() })),
      9,
    );
    const again = http.get(failing.url, { headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1' } });
    const [response] = (await once(again, 'response')) as [http.IncomingMessage];
    assert.equal(response.statusCode, 404, 'a URL works once');
    response.resume();
  } finally {
    cri.close();
    await server.stop();
    await stop();
    await rm(folder, { recursive: true });
  }
});
