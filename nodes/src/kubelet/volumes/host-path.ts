/** hostPath volumes: the path as it is on the node, after the check that its type asks for. */
import { mkdir, open, stat } from 'node:fs/promises';
import type { HostPathVolumeSource } from '@typernetes/openapi/types/core/v1';
import { VolumeError } from './volume-error.ts';

const checks: Record<
  string,
  [predicate: 'isDirectory' | 'isFile' | 'isSocket' | 'isCharacterDevice' | 'isBlockDevice', noun: string]
> = {
  Directory: ['isDirectory', 'directory'],
  DirectoryOrCreate: ['isDirectory', 'directory'],
  File: ['isFile', 'file'],
  FileOrCreate: ['isFile', 'file'],
  Socket: ['isSocket', 'socket file'],
  CharDevice: ['isCharacterDevice', 'character device'],
  BlockDevice: ['isBlockDevice', 'block device'],
};

export async function hostPathVolume({ path, type }: HostPathVolumeSource): Promise<string> {
  const check = checks[type ?? ''];
  if (check === undefined) return path;
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined && type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 });
  else if (found === undefined && type === 'FileOrCreate') await (await open(path, 'a', 0o644)).close();
  else if (found === undefined || !found[check[0]]())
    throw new VolumeError(`hostPath type check failed: ${path} is not a ${check[1]}`);
  return path;
}
