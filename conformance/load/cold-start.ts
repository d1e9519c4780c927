/** From the command to a Ready node, and what the processes weigh when nothing happens. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface ColdStart {
  readyMs: number;
  processes: number;
  /** Proportional set sizes of all processes of the cluster, the supervisor and a private containerd included. */
  residentMiB: number;
}

const settleMs = 3_000;

export async function coldStart(rounds: number, args: readonly string[]): Promise<ColdStart[]> {
  const results: ColdStart[] = [];
  for (let round = 0; round < rounds; round += 1) results.push(await startOnce(args));
  return results;
}

async function startOnce(args: readonly string[]): Promise<ColdStart> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tn-load-'));
  const executable = path.join(import.meta.dirname, '..', '..', 'bin', 'typernetes.mjs');
  const started = performance.now();
  const child = spawn(process.execPath, [executable, 'up', `--data-dir=${directory}`, '--secure-port=0', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    await new Promise<void>((resolve, reject) => {
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('export KUBECONFIG=')) resolve();
      });
      void ended.then(() => reject(new Error(`up ended before it was ready:\n${output}`)));
    });
    const readyMs = performance.now() - started;
    // Idle is a state, not an event: what start-up left behind is collected by then.
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const sizes = processesOf(child.pid ?? 0, directory).map(proportionalSize);
    return { readyMs, processes: sizes.length, residentMiB: sizes.reduce((sum, size) => sum + size, 0) / 1024 };
  } finally {
    child.kill('SIGINT');
    await ended;
    const mounted = readFileSync('/proc/mounts', 'utf8').includes(directory);
    if (!mounted) rmSync(directory, { recursive: true, force: true });
  }
}

/** The supervisor, and every process that names the data directory. */
function processesOf(supervisor: number, directory: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      if (!Number.isInteger(pid) || pid === process.pid) return false;
      if (pid === supervisor) return true;
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory);
      } catch {
        return false;
      }
    });
}

/** kB; pages shared with other processes are shared out. */
function proportionalSize(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
