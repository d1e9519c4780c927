/**
 * Writes a set of files so that a reader sees all of the old ones or all of the new ones. Files live in a new folder
 * `..<time>`; `..data` is a symlink to it, renamed over the old one; visible names are symlinks through `..data`.
 */
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

export interface FileProjection {
  data: Buffer;
  mode: number;
  /** Owner, when not the kubelet's own. */
  uid?: number;
}

export class AtomicWriterError extends Error {
  override readonly name = 'AtomicWriterError';
}

function validate(path: string): void {
  if (path === '' || path.startsWith('/')) throw new AtomicWriterError(`invalid path: must be relative path: ${path}`);
  if (path.split('/').includes('..')) throw new AtomicWriterError(`invalid path: must not contain '..': ${path}`);
  if (path.startsWith('..')) throw new AtomicWriterError(`invalid path: must not start with '..': ${path}`);
  if (path.length > 4096) throw new AtomicWriterError('invalid path: must be less than or equal to 4096 characters');
}

const missing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

async function listFiles(folder: string, prefix = ''): Promise<string[]> {
  const entries = await readdir(join(folder, prefix), { withFileTypes: true });
  const nested = await Promise.all(
    entries.map(async (entry) => {
      const path = join(prefix, entry.name);
      return entry.isDirectory() ? listFiles(folder, path) : [path];
    }),
  );
  return nested.flat();
}

async function isSame(folder: string, payload: ReadonlyMap<string, FileProjection>): Promise<boolean> {
  const present = await listFiles(folder);
  if (present.length !== payload.size) return false;
  for (const [path, { data, mode }] of payload) {
    try {
      const [info, content] = await Promise.all([lstat(join(folder, path)), readFile(join(folder, path))]);
      if ((info.mode & 0o777) !== (mode & 0o777) || !content.equals(data)) return false;
    } catch (error) {
      if (missing(error)) return false;
      throw error;
    }
  }
  return true;
}

/** Returns whether anything was written. `group`: the files' group, and theirs to read (fsGroup). */
export async function writeAtomically(
  target: string,
  files: ReadonlyMap<string, FileProjection>,
  group?: number,
): Promise<boolean> {
  const payload = new Map<string, FileProjection>();
  for (const [path, file] of files) {
    validate(path);
    payload.set(
      normalize(path),
      group === undefined ? file : { ...file, mode: file.mode | ((file.mode & 0o400) >> 3) },
    );
  }
  const link = join(target, '..data');
  const current = await readlink(link).catch((error: unknown) => {
    if (missing(error)) return undefined;
    throw error;
  });
  if (current !== undefined && (await isSame(join(target, current), payload))) return false;

  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '_').replace('T', '_');
  const folder = await mkdtemp(join(target, `..${stamp}.`));
  await chmod(folder, 0o755);
  for (const [path, { data, mode, uid }] of payload) {
    const full = join(folder, path);
    await mkdir(dirname(full), { recursive: true, mode: 0o755 });
    await writeFile(full, data, { mode });
    // The umask must not take away what the pod asked for.
    await chmod(full, mode);
    if (uid !== undefined || group !== undefined)
      await chown(full, uid ?? process.getuid?.() ?? 0, group ?? process.getgid?.() ?? 0);
  }
  const name = folder.slice(target.length + 1);
  await rm(join(target, '..data_tmp'), { force: true });
  await symlink(name, join(target, '..data_tmp'));
  await rename(join(target, '..data_tmp'), link);

  const visible = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? path));
  for (const entry of await readdir(target)) {
    if (entry.startsWith('..') || visible.has(entry)) continue;
    await unlink(join(target, entry));
  }
  for (const entry of visible) {
    await symlink(join('..data', entry), join(target, entry)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  if (current !== undefined) await rm(join(target, current), { recursive: true, force: true });
  return true;
}
