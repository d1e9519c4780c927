import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type FileProjection, writeAtomically } from './atomic-writer.ts';
import { hostPathVolume } from './host-path.ts';
import { resolveSubPath } from './sub-path.ts';

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'volumes-'));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
const files = (contents: Record<string, string>, mode = 0o644): Map<string, FileProjection> =>
  new Map(Object.entries(contents).map(([path, text]) => [path, { data: Buffer.from(text), mode }]));

test('files change together, and only when they differ', async () => {
  await inFolder(async (folder) => {
    assert.equal(await writeAtomically(folder, files({ a: '1', 'dir/b': '2' })), true);
    const first = await readlink(join(folder, '..data'));
    assert.equal(await readFile(join(folder, 'dir/b'), 'utf8'), '2');
    assert.equal(await writeAtomically(folder, files({ a: '1', 'dir/b': '2' })), false);
    assert.equal(await readlink(join(folder, '..data')), first);
    assert.equal(await writeAtomically(folder, files({ a: 'new', c: '3' }, 0o400)), true);
    assert.deepEqual((await readdir(folder)).filter((name) => !name.startsWith('..')).sort(), ['a', 'c']);
    assert.equal(await readFile(join(folder, 'a'), 'utf8'), 'new');
    assert.equal((await stat(join(folder, 'c'))).mode & 0o777, 0o400);
    const hidden = (await readdir(folder)).filter((name) => name.startsWith('..')).sort();
    assert.equal(hidden.length, 2, `the old folder is gone: ${hidden.join()}`);
  });
});

test('a group may read what the owner may', async () => {
  await inFolder(async (folder) => {
    await writeAtomically(folder, files({ secret: 'x' }, 0o600), process.getgid?.());
    assert.equal((await stat(join(folder, 'secret'))).mode & 0o777, 0o640);
  });
});

test('paths that lead elsewhere are refused', async () => {
  await inFolder(async (folder) => {
    for (const path of ['/etc/passwd', '../x', 'a/../../x', '..data', ''])
      await assert.rejects(writeAtomically(folder, files({ [path]: 'x' })), /invalid path/);
  });
});

test('sub paths stay in their volume', async () => {
  await inFolder(async (folder) => {
    const volume = join(folder, 'volume');
    await mkdir(volume);
    assert.equal(await resolveSubPath(volume, 'a/b'), join(volume, 'a/b'));
    assert.ok((await stat(join(volume, 'a/b'))).isDirectory());
    await symlink('a', join(volume, 'inside'));
    assert.equal(await resolveSubPath(volume, 'inside/b'), join(volume, 'a/b'));
    await symlink('/', join(volume, 'outside'));
    await assert.rejects(resolveSubPath(volume, 'outside/etc'), /leads out of the volume/);
    await assert.rejects(resolveSubPath(volume, '../x'), /must not contain/);
    await assert.rejects(resolveSubPath(volume, '/x'), /absolute path/);
  });
});

test('host paths are what they say they are', async () => {
  await inFolder(async (folder) => {
    assert.equal(await hostPathVolume({ path: join(folder, 'anything') }), join(folder, 'anything'));
    await assert.rejects(hostPathVolume({ path: join(folder, 'd'), type: 'Directory' }), /is not a directory/);
    await hostPathVolume({ path: join(folder, 'd'), type: 'DirectoryOrCreate' });
    await hostPathVolume({ path: join(folder, 'd'), type: 'Directory' });
    await hostPathVolume({ path: join(folder, 'f'), type: 'FileOrCreate' });
    await assert.rejects(hostPathVolume({ path: join(folder, 'f'), type: 'Socket' }), /is not a socket file/);
  });
});
