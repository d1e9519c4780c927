import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { resources, silentLogger } from '@typernetes/openapi/client';
import { FakeApiServer } from '@typernetes/openapi/client/testing';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { connectCri } from 'cri-client';
import { ensureBridgeNetwork } from '../cni/bridge.ts';
import { missingForContainers, removeEmptyNat, startContainerd } from '../containerd/index.ts';
import { runKubelet } from './run-kubelet.ts';
import { imageArchive, importImage, sandboxImageName } from './sandbox-image/index.ts';

const busybox = ['/bin/busybox', '/usr/bin/busybox'].find(
  (path) => existsSync(path) && spawnSync('ldd', [path]).status !== 0,
);
const missing = [
  ...missingForContainers(),
  ...(busybox === undefined ? ['a static busybox: apt-get install busybox-static'] : []),
  ...(process.arch === 'x64' || process.arch === 'arm64' ? [] : ['x86-64 or arm64']),
];
const skip = missing.length > 0 ? `needs ${missing.join(', ')}` : false;
const image = 'localhost/busybox:test';

const script = (text: string): string[] => ['/bin/busybox', 'sh', '-c', text];

test('a pod on a real containerd: started, seen, restarted over, and gone without a trace', { skip }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kc-'));
  const bridge = `tnt${process.pid % 100_000}`;
  const cniConfDir = join(folder, 'cni');
  ensureBridgeNetwork(cniConfDir, {
    name: bridge,
    bridge,
    podCIDR: `10.250.${process.pid % 256}.0/24`,
    ipamDirectory: join(folder, 'ipam'),
  });
  const containerd = await startContainerd({
    directory: join(folder, 'containerd'),
    logFile: join(folder, 'containerd.log'),
    cniConfDir,
    sandboxImage: sandboxImageName,
  });
  const cri = connectCri(containerd.endpoint);
  const api = await FakeApiServer.start();
  const client = api.client();
  const pods = client.resource(resources.pods);
  const start = () =>
    runKubelet(
      {
        client: { server: api.url },
        nodeName: 'node-1',
        nodeIps: ['127.0.0.1'],
        rootDirectory: join(folder, 'kubelet'),
        configuration: { port: 0, address: '127.0.0.1', clusterDNS: ['10.96.0.10'] },
        runtime: containerd.endpoint,
        logger: silentLogger,
      },
      new AbortController().signal,
    );
  let kubelet = start();
  const until = async (name: string, condition: (pod: Pod | undefined) => boolean): Promise<Pod | undefined> => {
    const deadline = Date.now() + 120_000;
    for (;;) {
      const pod = await pods.get('default', name).catch(() => undefined);
      if (condition(pod)) return pod;
      if (Date.now() > deadline) throw new Error(`pod ${name}: ${JSON.stringify(pod?.status ?? null)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  try {
    const architecture = process.arch === 'arm64' ? 'arm64' : 'x64';
    const files = [{ path: 'bin/busybox', data: await readFile(busybox ?? ''), mode: 0o755 }];
    await importImage(
      containerd.endpoint.replace('unix://', ''),
      imageArchive(architecture, image, files, { Env: ['PATH=/bin'] }),
    );
    await kubelet.ready;
    await client
      .resource(resources.configMaps)
      .create('default', { metadata: { name: 'settings', namespace: 'default' }, data: { key: 'value' } });
    await pods.create('default', {
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        nodeName: 'node-1',
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 2,
        initContainers: [
          {
            name: 'init',
            image,
            imagePullPolicy: 'Never',
            command: script('echo prepared > /data/file'),
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
        containers: [
          {
            name: 'main',
            image,
            imagePullPolicy: 'Never',
            command: script('echo started $KEY; trap "exit 0" TERM; while true; do /bin/busybox sleep 0.1; done'),
            env: [{ name: 'KEY', valueFrom: { configMapKeyRef: { name: 'settings', key: 'key' } } }],
            readinessProbe: { exec: { command: ['/bin/busybox', 'grep', 'prepared', '/data/file'] }, periodSeconds: 1 },
            resources: { limits: { memory: '32Mi', cpu: '500m' } },
            volumeMounts: [
              { name: 'data', mountPath: '/data' },
              { name: 'settings', mountPath: '/settings' },
            ],
          },
        ],
        volumes: [
          { name: 'data', emptyDir: {} },
          { name: 'settings', configMap: { name: 'settings' } },
        ],
      },
    });
    const running = await until('web', (pod) => pod?.status?.containerStatuses?.[0]?.ready === true);
    assert.match(running?.status?.podIP ?? '', /^10\.250\./);
    const id = running?.status?.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? '';
    const exec = async (...cmd: string[]): Promise<string> =>
      Buffer.from((await cri.runtime.execSync({ containerId: id, cmd })).stdout).toString('utf8');
    assert.equal(await exec('/bin/busybox', 'cat', '/settings/key'), 'value');
    assert.match(await exec('/bin/busybox', 'cat', '/etc/resolv.conf'), /nameserver 10\.96\.0\.10/);
    assert.match(await exec('/bin/busybox', 'cat', '/etc/hosts'), /Kubernetes-managed hosts file/);
    const { status } = await cri.runtime.containerStatus({ containerId: id });
    assert.match(await readFile(status?.logPath ?? '', 'utf8'), /stdout F started value\n/);

    await kubelet.stop();
    kubelet = start();
    await kubelet.ready;
    const again = await until('web', (pod) => pod?.status?.containerStatuses?.[0]?.ready === true);
    assert.equal(again?.status?.containerStatuses?.[0]?.containerID, `containerd://${id}`);

    await pods.create('default', {
      metadata: { name: 'once', namespace: 'default' },
      spec: {
        nodeName: 'node-1',
        restartPolicy: 'Never',
        containers: [
          {
            name: 'main',
            image,
            imagePullPolicy: 'Never',
            command: script('echo words > /dev/termination-log; exit 3'),
          },
        ],
      },
    });
    const failed = await until('once', (pod) => pod?.status?.phase === 'Failed');
    const ended = failed?.status?.containerStatuses?.[0]?.state?.terminated;
    assert.deepEqual([ended?.exitCode, ended?.reason, ended?.message], [3, 'Error', 'words\n']);

    for (const name of ['web', 'once']) {
      await pods.patch(
        'default',
        name,
        { metadata: { deletionTimestamp: new Date().toISOString(), deletionGracePeriodSeconds: 2 } },
        { type: 'merge' },
      );
    }
    for (const name of ['web', 'once']) await until(name, (pod) => pod === undefined);
    assert.deepEqual((await cri.runtime.listContainers({})).containers, []);
    assert.deepEqual((await cri.runtime.listPodSandbox({})).items, []);
    assert.deepEqual(await readdir(join(folder, 'kubelet/pods')), []);
    assert.deepEqual(await readdir(join(folder, 'kubelet/logs/pods')), []);
  } finally {
    await kubelet.stop();
    cri.close();
    await containerd.stopWithPods();
    await api.stop();
    spawnSync('ip', ['link', 'delete', bridge]);
    await removeEmptyNat();
    for (const point of execFileSync('cat', ['/proc/mounts'], { encoding: 'utf8' })
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')) {
      if (point.startsWith(folder)) spawnSync('umount', ['-l', point]);
    }
    await rm(folder, { recursive: true, force: true });
  }
});
