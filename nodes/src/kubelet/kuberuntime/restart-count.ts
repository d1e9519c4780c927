/** The restart count of a container that the runtime does not know: one more than the newest log of its name (a reboot). */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export async function nextRestartCount(podLogs: string, container: string): Promise<number> {
  const names = await readdir(join(podLogs, container)).catch(() => []);
  const counts = names.flatMap((name) => {
    const match = /^(\d+)\.log/.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
  return counts.length === 0 ? 0 : Math.max(...counts) + 1;
}
