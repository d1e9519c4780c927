/** Real containers through the real kubectl: logs, exec, attach, cp, port-forward, probes, volumes, restarts. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { PromiseContext } from '../src/context.ts';
import { area, type PromiseOptions } from '../src/promise.ts';
import type { WatchedObject } from '../src/watch.ts';

const promise = area('containers');
const needs: PromiseOptions = { needs: ['containers', 'kubectl'], deadlineMs: 120_000 };

interface ContainerStatus {
  name: string;
  ready: boolean;
  restartCount: number;
  state: {
    running?: object;
    waiting?: { reason: string };
    terminated?: { exitCode: number; reason: string; message?: string };
  };
  lastState?: { terminated?: { exitCode: number; reason: string } };
}

const statuses = (pod: WatchedObject | undefined): ContainerStatus[] =>
  (pod?.status?.['containerStatuses'] ?? []) as ContainerStatus[];

const phase = (pod: WatchedObject | undefined): string => String(pod?.status?.['phase'] as string | undefined);

async function runPod(
  context: PromiseContext,
  name: string,
  container: object,
  spec: object = {},
): Promise<WatchedObject> {
  return context.create('v1', 'pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: context.image, ...container }],
      ...spec,
    },
  });
}

async function running(context: PromiseContext, name: string): Promise<WatchedObject> {
  return context.waitForObject(
    'v1',
    'pods',
    name,
    (pod) => statuses(pod).length > 0 && statuses(pod).every(({ ready }) => ready) && pod,
  );
}

const shell = (script: string): { command: string[] } => ({ command: ['sh', '-c', script] });

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
    assert.match(split.stderr, /^problem\ncommand terminated with exit code 42\n$/);
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
    const command = `stty rows 33 cols 77; kubectl --kubeconfig=${context.cluster.access.kubeconfig} --namespace=${context.namespace} exec -it terminal -- sh -c 'sleep 1; stty size; exit 7'`;
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
    await runPod(context, 'echo', shell('while true; do nc -l -p 7000 -e cat; done'));
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

promise(
  'a container that fails is started again and counted, with the reason of its last end',
  async (context) => {
    await runPod(context, 'failing', shell('exit 3'));
    const pod = await context.waitForObject(
      'v1',
      'pods',
      'failing',
      (object) => (statuses(object)[0]?.restartCount ?? 0) >= 1 && object,
    );
    const [status] = statuses(pod);
    assert.equal(status?.lastState?.terminated?.exitCode ?? status?.state.terminated?.exitCode, 3);
    await context.waitForObject(
      'v1',
      'pods',
      'failing',
      (object) => statuses(object)[0]?.state.waiting?.reason === 'CrashLoopBackOff',
    );
    assert.match(
      await context.kubectl.run(['get', 'pod', 'failing']),
      /failing +0\/1 +(CrashLoopBackOff|Error) +[1-9]/,
    );
  },
  needs,
);

promise(
  'restartPolicy Never ends in Succeeded or Failed with the termination message',
  async (context) => {
    await runPod(context, 'succeeds', shell('echo done > /dev/termination-log'), { restartPolicy: 'Never' });
    await runPod(context, 'fails', shell('exit 9'), { restartPolicy: 'Never' });
    const succeeded = await context.waitForObject('v1', 'pods', 'succeeds', (pod) => phase(pod) === 'Succeeded' && pod);
    assert.equal(statuses(succeeded)[0]?.state.terminated?.message, 'done\n');
    assert.equal(statuses(succeeded)[0]?.state.terminated?.reason, 'Completed');
    const failed = await context.waitForObject('v1', 'pods', 'fails', (pod) => phase(pod) === 'Failed' && pod);
    assert.equal(statuses(failed)[0]?.state.terminated?.exitCode, 9);
  },
  needs,
);

promise(
  'init containers run one after the other before the containers',
  async (context) => {
    const mount = { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] };
    await runPod(
      context,
      'initialised',
      { ...shell('cat /shared/steps; sleep 3600'), ...mount },
      {
        initContainers: [
          { name: 'first', image: context.image, ...shell('sleep 1; echo one >> /shared/steps'), ...mount },
          { name: 'second', image: context.image, ...shell('echo two >> /shared/steps'), ...mount },
        ],
        volumes: [{ name: 'shared', emptyDir: {} }],
      },
    );
    await running(context, 'initialised');
    assert.equal(await context.kubectl.run(['logs', 'initialised']), 'one\ntwo\n');
  },
  needs,
);

promise(
  'environment and files come from ConfigMaps, Secrets and the pod itself, and files follow changes',
  async (context) => {
    await context.create('v1', 'configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings' },
      data: { color: 'blue' },
    });
    await context.create('v1', 'secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'keys' },
      stringData: { key: 'hidden' },
    });
    await runPod(
      context,
      'configured',
      {
        ...shell(
          'echo $COLOR $KEY $POD_NAME $(GREETING)$GREETING; cat /settings/color /keys/key /info/labels; echo; sleep 3600',
        ),
        env: [
          { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
          { name: 'KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'key' } } },
          { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'GREETING', value: 'hi-$(POD_NAME)' },
        ],
        volumeMounts: [
          { name: 'settings', mountPath: '/settings' },
          { name: 'keys', mountPath: '/keys' },
          { name: 'info', mountPath: '/info' },
        ],
      },
      {
        volumes: [
          { name: 'settings', configMap: { name: 'settings' } },
          { name: 'keys', secret: { secretName: 'keys' } },
          { name: 'info', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        ],
      },
    );
    await running(context, 'configured');
    assert.equal(
      await context.kubectl.run(['logs', 'configured']),
      'blue hidden configured hi-configuredhi-configured\nbluehiddenapp="configured"\n',
    );
    const updated = await context.http.request('PATCH', context.path('v1', 'configmaps', 'settings'), {
      body: JSON.stringify({ data: { color: 'green' } }),
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    assert.equal(updated.status, 200);
    await context.kubectl.run([
      'exec',
      'configured',
      '--',
      'sh',
      '-c',
      'until grep -q green /settings/color; do sleep 0.2; done',
    ]);
  },
  { ...needs, deadlineMs: 180_000 },
);

promise(
  'a pod has a token that the API server takes, with the rights of its ServiceAccount',
  async (context) => {
    await runPod(context, 'identified', shell('sleep 3600'));
    await running(context, 'identified');
    const files = await context.kubectl.run([
      'exec',
      'identified',
      '--',
      'ls',
      '/var/run/secrets/kubernetes.io/serviceaccount',
    ]);
    assert.deepEqual(files.trim().split('\n'), ['ca.crt', 'namespace', 'token']);
    const token = await context.kubectl.run([
      'exec',
      'identified',
      '--',
      'cat',
      '/var/run/secrets/kubernetes.io/serviceaccount/token',
    ]);
    const review = await context.http.request('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      token,
    });
    assert.equal(
      review.json<{ status: { userInfo: { username: string } } }>().status.userInfo.username,
      `system:serviceaccount:${context.namespace}:default`,
    );
    const refused = await context.http.request('GET', context.path('v1', 'secrets'), { token });
    assert.equal(refused.status, 403);
  },
  needs,
);

promise(
  'readiness probes decide Ready, liveness probes restart',
  async (context) => {
    await runPod(context, 'probed', {
      ...shell('touch /tmp/alive; sleep 3600'),
      readinessProbe: { exec: { command: ['cat', '/tmp/ready'] }, periodSeconds: 1 },
      livenessProbe: {
        exec: { command: ['cat', '/tmp/alive'] },
        periodSeconds: 1,
        failureThreshold: 1,
        initialDelaySeconds: 2,
      },
    });
    await context.waitForObject('v1', 'pods', 'probed', (pod) => statuses(pod)[0]?.state.running !== undefined);
    assert.equal(statuses(await context.get('v1', 'pods', 'probed'))[0]?.ready, false);
    await context.kubectl.run(['exec', 'probed', '--', 'touch', '/tmp/ready']);
    await running(context, 'probed');
    await context.kubectl.run(['exec', 'probed', '--', 'rm', '/tmp/alive']);
    await context.waitForObject('v1', 'pods', 'probed', (pod) => statuses(pod)[0]?.restartCount === 1);
  },
  { ...needs, codename: 'pod-liveness-exec-restart' },
);

promise(
  'memory over the limit ends a container as OOMKilled, and limits show inside',
  async (context) => {
    await runPod(
      context,
      'hungry',
      { ...shell('head -c 100m /dev/zero | tail'), resources: { limits: { memory: '24Mi', cpu: '500m' } } },
      { restartPolicy: 'Never' },
    );
    const pod = await context.waitForObject('v1', 'pods', 'hungry', (object) => phase(object) === 'Failed' && object);
    assert.equal(statuses(pod)[0]?.state.terminated?.reason, 'OOMKilled');
    assert.equal(pod.status?.['qosClass'], 'Guaranteed');
  },
  needs,
);

promise(
  'deletion runs the preStop hook and asks politely before the grace period ends',
  async (context) => {
    await runPod(
      context,
      'polite',
      {
        ...shell('trap "echo asked; sleep 1; exit 0" TERM; echo up; while true; do sleep 0.1; done'),
        lifecycle: { preStop: { exec: { command: ['sh', '-c', 'echo hook > /proc/1/fd/1'] } } },
      },
      { terminationGracePeriodSeconds: 30 },
    );
    await running(context, 'polite');
    const logs = context.kubectl.run(['logs', 'polite', '--follow']);
    await context.kubectl.run(['delete', 'pod', 'polite', '--wait=true']);
    assert.equal(await logs, 'up\nhook\nasked\n');
  },
  needs,
);
