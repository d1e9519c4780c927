import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { type ContainerdSettings, containerdConfiguration } from './configuration.ts';
import { startContainerd } from './containerd.ts';
import { missingForContainers } from './machine.ts';

const settings: ContainerdSettings = {
  major: 1,
  root: '/data/root',
  state: '/data/state',
  socket: '/data/containerd.sock',
  cniConfDir: '/data/cni',
  cniBinDirs: ['/opt/cni/bin', '/usr/lib/cni'],
  sandboxImage: 'typernetes.dev/pause:1',
  snapshotter: 'overlayfs',
  restrictOomScoreAdj: true,
  systemdCgroup: false,
};

describe('the configuration', () => {
  it('is of the version that containerd understands', () => {
    const old = containerdConfiguration(settings);
    assert.match(old, /^version = 2\n/);
    assert.match(
      old,
      /\[plugins\."io\.containerd\.grpc\.v1\.cri"\]\n {2}sandbox_image = "typernetes\.dev\/pause:1"\n {2}restrict_oom_score_adj = true/,
    );
    const current = containerdConfiguration({ ...settings, major: 2, restrictOomScoreAdj: false });
    assert.match(current, /^version = 3\n/);
    assert.match(current, /bin_dirs = \["\/opt\/cni\/bin","\/usr\/lib\/cni"\]/);
    assert.match(current, /restrict_oom_score_adj = false/);
  });
});

const missing = missingForContainers();

describe('a private containerd', { skip: missing.length > 0 ? `needs ${missing.join(', ')}` : false }, () => {
  it('takes the place of one that a killed supervisor left', async () => {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'tn-containerd-'));
    const options = {
      directory,
      logFile: path.join(directory, 'log'),
      cniConfDir: path.join(directory, 'cni'),
      sandboxImage: settings.sandboxImage,
    };
    try {
      const first = await startContainerd(options);
      await first.ready();
      const second = await startContainerd(options);
      await second.ready();
      assert.notEqual(second.pid, first.pid);
      await first.ended;
      assert.ok(existsSync(`/proc/${second.pid}`));
      await second.stopWithPods();
      assert.equal(existsSync(`/proc/${second.pid}`), false);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
