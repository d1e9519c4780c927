import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pauseExecutable } from './program.ts';

const runnable =
  process.platform === 'linux' && process.arch === 'x64' ? false : 'the program for this machine is not x86-64 Linux';

test('the program waits until SIGTERM and exits with 0', { skip: runnable }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pause-'));
  const path = join(folder, 'pause');
  await writeFile(path, pauseExecutable('x64'), { mode: 0o755 });
  try {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const child = spawn(path, { stdio: 'ignore' });
      await once(child, 'spawn');
      const sigtimedwait = '128 ';
      while (!(await readFile(`/proc/${child.pid}/syscall`, 'utf8')).startsWith(sigtimedwait))
        await new Promise(setImmediate);
      assert.equal(child.kill('SIGUSR1'), true);
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(child.exitCode, null, 'other signals do not end it');
      child.kill(signal);
      assert.deepEqual(await once(child, 'exit'), [0, null]);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('as PID 1 it reaps orphans', {
  skip: runnable || (process.getuid?.() === 0 ? false : 'a PID namespace needs root'),
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pause-'));
  const path = join(folder, 'pause');
  await writeFile(path, pauseExecutable('x64'), { mode: 0o755 });
  // A shell that leaves children behind and becomes the program: they are its children now.
  const child = spawn(
    'unshare',
    ['--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', `sleep 0.05 & sleep 0.06 & exec ${path}`],
    { stdio: 'ignore' },
  );
  try {
    await once(child, 'spawn');
    const zombies = (): string =>
      spawnSync('ps', ['-eo', 'stat,comm'], { encoding: 'utf8' })
        .stdout.split('\n')
        .filter((line) => /^Z.*sleep/.test(line))
        .join();
    const deadline = Date.now() + 60_000;
    await new Promise((resolve) => setTimeout(resolve, 200));
    while (zombies() !== '' && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(zombies(), '');
  } finally {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  }
});

test('the program for arm64 is a well-formed ELF', () => {
  const file = pauseExecutable('arm64');
  assert.equal(file.readUInt16LE(18), 0xb7);
  assert.equal((file.length - 120) % 4, 0);
  assert.equal(file.readBigUInt64LE(96), BigInt(file.length));
});
