/** Real containers: restarts, init containers, volumes, tokens, probes, limits and the end of a pod. */
import assert from 'node:assert/strict';
import { logged, phase, running, runPod, shell, statuses } from '../src/container-pods.ts';
import { area, type PromiseOptions } from '../src/promise.ts';
import { until } from '../src/until.ts';

const promise = area('containers');
const needs: PromiseOptions = { needs: ['containers', 'kubectl'], deadlineMs: 240_000 };

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
    // It may just have been started again.
    await until(context, async () =>
      /failing +0\/1 +(CrashLoopBackOff|Error) +[1-9]/.test(await context.kubectl.run(['get', 'pod', 'failing'])),
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
    await logged(context, 'initialised', 'one\ntwo\n');
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
    await logged(
      context,
      'configured',
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
  { ...needs, deadlineMs: 300_000 },
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
      // On a busy machine a command can take longer than a probe waits for by default, and one failure is enough here.
      readinessProbe: { exec: { command: ['cat', '/tmp/ready'] }, periodSeconds: 1, timeoutSeconds: 20 },
      livenessProbe: {
        exec: { command: ['cat', '/tmp/alive'] },
        periodSeconds: 1,
        timeoutSeconds: 20,
        failureThreshold: 1,
      },
      // The file is made a moment after the container has started.
      startupProbe: {
        exec: { command: ['cat', '/tmp/alive'] },
        periodSeconds: 1,
        timeoutSeconds: 20,
        failureThreshold: 60,
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
      { restartPolicy: 'OnFailure' },
    );
    // A runtime may hear of the end before it hears of the reason; the next end will tell then.
    const pod = await context.waitForObject(
      'v1',
      'pods',
      'hungry',
      (object) =>
        statuses(object).some(({ state, lastState }) =>
          [state, lastState].some((each) => each?.terminated?.reason === 'OOMKilled'),
        ) && object,
    );
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
    const following = context.kubectl.start(['logs', 'polite', '--follow']);
    let logs = '';
    const { promise: up, resolve, reject } = Promise.withResolvers<void>();
    const ended = new Promise((end) => following.once('close', end));
    void ended.then((code) => reject(new Error(`kubectl logs ended with ${String(code)}: ${logs}`)));
    following.once('error', reject);
    following.stdout.on('data', (chunk) => {
      logs += String(chunk);
      if (logs.includes('up\n')) resolve();
    });
    // From then on the container hears the signal, and somebody hears the container.
    await up;
    await context.kubectl.run(['delete', 'pod', 'polite', '--wait=true']);
    assert.equal(await ended, 0);
    assert.equal(logs, 'up\nhook\nasked\n');
  },
  needs,
);
