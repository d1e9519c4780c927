/** What goes in and out of real containers through the real kubectl: logs, exec, cp, port-forward. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { phase, running, runPod, shell } from '../src/container-pods.ts';
import { area, type PromiseOptions } from '../src/promise.ts';

const promise = area('containers');
const needs: PromiseOptions = { needs: ['containers', 'kubectl'], deadlineMs: 240_000 };

promise(
  'logs give what a container wrote, with --tail, --timestamps and --follow to its end',
  async (context) => {
    await runPod(
      context,
      'talker',
      shell('for i in 1 2 3 4 5; do echo line $i; done; echo problem >&2; sleep 2; echo last'),
      { restartPolicy: 'Never' },
    );
    await context.waitForObject(
      'v1',
      'pods',
      'talker',
      (pod) => phase(pod) === 'Running' || phase(pod) === 'Succeeded',
    );
    const followed = await context.kubectl.run(['logs', 'talker', '--follow']);
    assert.deepEqual(followed.trim().split('\n').toSorted(), [
      'last',
      'line 1',
      'line 2',
      'line 3',
      'line 4',
      'line 5',
      'problem',
    ]);
    assert.equal(await context.kubectl.run(['logs', 'talker', '--tail=1']), 'last\n');
    assert.match(
      await context.kubectl.run(['logs', 'talker', '--tail=1', '--timestamps']),
      /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d) last\n$/,
    );
  },
  needs,
);

promise(
  'exec runs a command, passes input, keeps stdout and stderr apart and gives the exit code back',
  async (context) => {
    await runPod(context, 'target', shell('sleep 3600'));
    await running(context, 'target');
    assert.equal(await context.kubectl.run(['exec', 'target', '--', 'echo', 'hello']), 'hello\n');
    assert.equal(
      await context.kubectl.run(['exec', '-i', 'target', '--', 'cat'], 'through\nand back'),
      'through\nand back',
    );
    const split = await context.kubectl.result([
      'exec',
      'target',
      '--',
      'sh',
      '-c',
      'echo out; echo problem >&2; exit 42',
    ]);
    assert.equal(split.code, 42);
    assert.equal(split.stdout, 'out\n');
    assert.match(split.stderr, /^problem\ncommand terminated with exit code 42\n$/m);
    const word = 'a'.repeat(20_000);
    assert.equal(await context.kubectl.run(['exec', 'target', '--', 'echo', word]), `${word}\n`);
    const large = randomBytes(2_000_000).toString('hex');
    assert.equal(await context.kubectl.run(['exec', '-i', 'target', '--', 'cat'], large), large);
  },
  needs,
);

promise(
  'exec -it has a terminal of the size of the client’s',
  async (context) => {
    await runPod(context, 'terminal', shell('sleep 3600'));
    await running(context, 'terminal');
    const result = await context.kubectl.result([
      'exec',
      'terminal',
      '-i',
      '--tty=false',
      '--',
      'sh',
      '-c',
      'test -t 0 && echo terminal || echo none',
    ]);
    assert.equal(result.stdout, 'none\n');
    // `script` of util-linux gives kubectl a terminal, as a person has one.
    const { spawn } = await import('node:child_process');
    const command = `stty rows 33 cols 77; kubectl --kubeconfig=${context.cluster.access.kubeconfig} --namespace=${context.namespace} exec -it terminal -- sh -c 'until stty size | grep "33 77"; do sleep 0.1; done; exit 7'`;
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      signal: context.signal,
      env: { ...process.env, PATH: `${path.dirname(context.cluster.kubectl ?? '')}:${process.env['PATH'] ?? ''}` },
    });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    assert.match(Buffer.concat(output).toString(), /33 77/);
    assert.equal(code, 7);
  },
  needs,
);

promise(
  'port-forward carries bytes unchanged both ways',
  async (context) => {
    await runPod(context, 'echo', {
      ...shell('while true; do nc -l -p 7000 -e cat; done'),
      // A connection would be served, and the next one refused until nc listens again: the probe only looks.
      readinessProbe: {
        exec: { command: ['sh', '-c', 'netstat -ltn | grep -q :7000'] },
        periodSeconds: 1,
        timeoutSeconds: 20,
      },
    });
    await running(context, 'echo');
    const child = context.kubectl.start(['port-forward', 'pod/echo', ':7000']);
    child.on('error', () => {});
    const port = await new Promise<number>((resolve, reject) => {
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const found = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
        if (found !== undefined) resolve(Number(found));
      });
      child.once('close', (code) => reject(new Error(`port-forward ended with exit code ${code}`)));
    });
    const sent = randomBytes(1_000_000);
    const received = await new Promise<Buffer>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      const chunks: Buffer[] = [];
      let length = 0;
      socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length === sent.length) socket.destroy();
      });
      socket.once('error', reject);
      socket.once('close', () => resolve(Buffer.concat(chunks)));
      socket.write(sent);
    });
    assert.ok(received.equals(sent), `${received.length} of ${sent.length} bytes came back`);
    child.kill('SIGINT');
  },
  needs,
);

promise(
  'kubectl cp copies a file into a container and back',
  async (context) => {
    await runPod(context, 'files', shell('sleep 3600'));
    await running(context, 'files');
    const folder = mkdtempSync(path.join(os.tmpdir(), 'promise-cp-'));
    try {
      const bytes = randomBytes(300_000);
      writeFileSync(path.join(folder, 'there'), bytes);
      await context.kubectl.run(['cp', path.join(folder, 'there'), 'files:/tmp/copied']);
      await context.kubectl.run(['cp', 'files:/tmp/copied', path.join(folder, 'back')]);
      assert.ok(readFileSync(path.join(folder, 'back')).equals(bytes));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  needs,
);
