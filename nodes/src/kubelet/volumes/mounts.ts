/** Mounts of this machine, by mount(8): the few that a kubelet makes itself (tmpfs). */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { VolumeError } from './volume-error.ts';

const run = promisify(execFile);

const unescaped = (path: string): string =>
  path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** Mount points at or below a path, the deepest first. */
export async function mountPointsBelow(path: string): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return text
    .split('\n')
    .flatMap((line) => {
      const point = unescaped(line.split(' ')[4] ?? '');
      return point === path || point.startsWith(`${path}/`) ? [point] : [];
    })
    .reverse();
}

export async function mountTmpfs(path: string, sizeBytes: number | undefined): Promise<void> {
  const options = sizeBytes === undefined || sizeBytes === 0 ? ['mode=0755'] : ['mode=0755', `size=${sizeBytes}`];
  try {
    await run('mount', ['-t', 'tmpfs', '-o', options.join(','), 'tmpfs', path]);
  } catch (error) {
    throw new VolumeError(
      `mounting a tmpfs at ${path} failed: ${error instanceof Error ? error.message.trim() : String(error)}`,
    );
  }
}

/** Everything mounted at or below the path. A mount that is in use is detached: it goes with its last user. */
export async function unmountBelow(path: string): Promise<void> {
  for (const point of await mountPointsBelow(path)) await run('umount', ['-l', point]);
}
