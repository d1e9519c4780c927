/**
 * subPath of a volume mount: a path within the volume, made when it is missing, that must not lead out of the volume
 * through symlinks. (The check and the runtime's mount are two moments; upstream holds the path open between them.)
 */
import { mkdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { VolumeError } from './volume-error.ts';

const missing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

export async function resolveSubPath(volumePath: string, subPath: string): Promise<string> {
  if (subPath.startsWith('/')) throw new VolumeError(`error SubPath \`${subPath}\` must not be an absolute path`);
  const parts = subPath.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new VolumeError(`unable to provision SubPath \`${subPath}\`: must not contain '..'`);
  const root = await realpath(volumePath);
  const mode = (await stat(root)).mode & 0o7777;
  let current = root;
  for (const part of parts) {
    const next = join(current, part);
    try {
      current = await realpath(next);
    } catch (error) {
      if (!missing(error)) throw error;
      await mkdir(next, { mode });
      current = next;
    }
    if (current !== root && !current.startsWith(root + sep)) {
      throw new VolumeError(`failed to prepare subPath "${subPath}": it leads out of the volume`);
    }
  }
  return current;
}
