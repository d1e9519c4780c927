/** fsGroup: files of a volume belong to the group, which may read and write them; new files inherit it (setgid). */
import { chmod, lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

export async function applyFsGroup(path: string, group: number, onlyOnRootMismatch: boolean): Promise<void> {
  const info = await lstat(path);
  const settled = info.gid === group && (info.mode & 0o2770) === 0o2770;
  if (onlyOnRootMismatch && settled) return;
  await own(path, group);
}

async function own(path: string, group: number): Promise<void> {
  const info = await lstat(path);
  if (info.gid !== group) await lchown(path, info.uid, group);
  if (info.isSymbolicLink()) return;
  await chmod(path, (info.mode & 0o7777) | (info.isDirectory() ? 0o2770 : 0o660));
  if (!info.isDirectory()) return;
  for (const name of await readdir(path)) await own(join(path, name), group);
}
