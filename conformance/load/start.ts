/** From a command to an API server that says it is ready, and what it weighs when nothing happens. */
import { spawn } from 'node:child_process';
import type { ClusterAccess } from '../src/kubeconfig.ts';
import { Connection } from './connection.ts';
import { cpuMs, residentMiB } from './process.ts';

export interface Start {
  readyMs: number;
  /** Of the API server's CPU until then. */
  cpuMs: number;
  residentMiB: number;
}

export interface StartOptions {
  /** For a shell; it must start the API server in the foreground. */
  command: string;
  access: ClusterAccess;
}

const pollMs = 10;
const settleMs = 3_000;
const limitMs = 120_000;

/** In turns; the medians. */
export async function measureStarts(servers: readonly StartOptions[], rounds: number): Promise<Start[]> {
  const all = servers.map((): Start[] => []);
  for (let round = 0; round < rounds; round += 1)
    for (const [index, server] of servers.entries()) all[index]!.push(await startOnce(server));
  return all.map((starts) => ({
    readyMs: median(starts.map((start) => start.readyMs)),
    cpuMs: median(starts.map((start) => start.cpuMs)),
    residentMiB: median(starts.map((start) => start.residentMiB)),
  }));
}

async function startOnce({ command, access }: StartOptions): Promise<Start> {
  const started = performance.now();
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-2_000);
  });
  let running = true;
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      running = false;
      resolve();
    }),
  );
  const pid = child.pid ?? 0;
  try {
    while (!(await isReady(access))) {
      if (!running) throw new Error(`"${command}" ended before it was ready:\n${output}`);
      if (performance.now() - started > limitMs) throw new Error(`"${command}" is not ready after ${limitMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    const readyMs = performance.now() - started;
    const spent = cpuMs(pid);
    // Idle is a state, not an event.
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    return { readyMs, cpuMs: spent, residentMiB: residentMiB(pid) };
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

async function isReady(access: ClusterAccess): Promise<boolean> {
  try {
    const connection = await Connection.open(access);
    try {
      return (await connection.request({ method: 'GET', path: '/readyz' })).status === 200;
    } finally {
      connection.close();
    }
  } catch {
    return false;
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
