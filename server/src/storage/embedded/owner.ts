/**
 * One process per directory. The owner is a record in the store itself, claimed inside an LMDB write transaction, so
 * two processes cannot both win; a record left by a process that is gone (`kill -9`, reboot) counts for nothing.
 */
import { readFileSync } from 'node:fs';
import { StorageError } from '../storage.ts';

interface Owner {
  pid: number;
  /** Tells a process from a later one with the same pid; empty where the system does not say. */
  started: string;
}

export function claimFor(directory: string): (recorded: string | undefined) => string {
  return (recorded) => {
    const owner = recorded === undefined ? undefined : (JSON.parse(recorded) as Owner);
    if (owner !== undefined && isAlive(owner)) {
      throw new StorageError('unavailable', `${directory} is in use by process ${owner.pid}: only one may open it`);
    }
    return JSON.stringify({ pid: process.pid, started: startOf(process.pid) ?? '' } satisfies Owner);
  };
}

function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const started = startOf(owner.pid);
  return started === undefined || owner.started === '' || started === owner.started;
}

/** Boot id and start tick of a process, on systems with /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`;
  } catch {
    return undefined;
  }
}
