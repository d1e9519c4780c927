/**
 * A containerd of the cluster's own: configuration, images, containers and socket lie under one directory, and a
 * containerd or Docker that the machine runs is never touched.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CriConnection } from 'cri-client';
import { containerdConfiguration } from './configuration.ts';
import { canLowerOomScores, chooseSnapshotter, cniBinDirs, containerdMajor, findProgram } from './machine.ts';

export interface ContainerdOptions {
  directory: string;
  logFile: string;
  cniConfDir: string;
  sandboxImage: string;
  startTimeoutMs?: number;
}

export interface RunningContainerd {
  /** unix:///…: for --container-runtime-endpoint. */
  endpoint: string;
  pid: number;
  /** Resolves when it serves and was given the sandbox image; rejects, saying why, when it ends before or is too slow. */
  ready(): Promise<void>;
  /** Resolves if it ends by itself. */
  ended: Promise<string>;
  /** Ends it; containers keep running under their shims. */
  stop(): Promise<void>;
  /** Stops and removes every pod of this runtime, then ends it: nothing of it stays on the machine but files. */
  stopWithPods(): Promise<void>;
}

/** Unix socket addresses hold 107 bytes. */
const longestSocketPath = 100;
const pollMs = 50;
const predecessorGraceMs = 10_000;

/** Starts it and does not wait until it serves: `ready` does. */
export async function startContainerd(options: ContainerdOptions): Promise<RunningContainerd> {
  const program = findProgram('containerd');
  if (program === undefined) throw new Error('there is no containerd on this machine: apt-get install containerd');
  const { directory } = options;
  const folders = { root: path.join(directory, 'root'), state: path.join(directory, 'state') };
  for (const folder of [...Object.values(folders), options.cniConfDir])
    mkdirSync(folder, { recursive: true, mode: 0o711 });
  const socket = path.join(directory, 'containerd.sock');
  if (socket.length > longestSocketPath)
    throw new Error(`${socket} is too long for a socket: choose a shorter --data-dir`);
  const configFile = path.join(directory, 'config.toml');
  writeFileSync(
    configFile,
    containerdConfiguration({
      ...folders,
      socket,
      major: await containerdMajor(program),
      cniConfDir: options.cniConfDir,
      cniBinDirs: cniBinDirs(),
      sandboxImage: options.sandboxImage,
      snapshotter: chooseSnapshotter(directory),
      restrictOomScoreAdj: !canLowerOomScores(),
      systemdCgroup: false,
    }),
  );
  const pidFile = path.join(directory, 'containerd.pid');
  await endPredecessor(pidFile, configFile);
  const log = openSync(options.logFile, 'a', 0o600);
  const child = spawn(program, ['--config', configFile, '--log-level', 'warn'], {
    stdio: ['ignore', log, log],
    detached: true,
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` },
  });
  closeSync(log);
  if (child.pid !== undefined) writeFileSync(pidFile, String(child.pid));
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  const endpoint = `unix://${socket}`;
  // Loaded when the process runs already, for loading takes a while.
  let connected: Promise<CriConnection> | undefined;
  const connection = (): Promise<CriConnection> =>
    (connected ??= import('cri-client').then(({ connectCri }) => connectCri(endpoint)));
  const stop = async (): Promise<void> => {
    (await connected)?.close();
    await terminate(child, ended);
  };
  return {
    endpoint,
    pid: child.pid ?? 0,
    ended,
    ready: async () => {
      const cri = await connection();
      await Promise.race([
        cri.waitForReady(options.startTimeoutMs ?? 20_000),
        ended.then((reason) => {
          throw new Error(`containerd ended (${reason}): ${lastLines(options.logFile)}`);
        }),
      ]);
      // So that the node need not wait for it. Where it fails, the node tries again and says why.
      const { ensureSandboxImage } = await import('../kubelet/sandbox-image/index.ts');
      await ensureSandboxImage(cri.images, socket, { name: options.sandboxImage }).catch(() => undefined);
    },
    stop,
    stopWithPods: async () => {
      try {
        await removePods((await connection()).runtime);
      } finally {
        await stop();
      }
    },
  };
}

async function removePods(runtime: CriConnection['runtime']): Promise<void> {
  const { items } = await runtime.listPodSandbox({});
  // One that cannot be removed must not end the runtime before the others are.
  const removals = await Promise.allSettled(
    items.map(async ({ id }) => {
      await runtime.stopPodSandbox({ podSandboxId: id });
      await runtime.removePodSandbox({ podSandboxId: id });
    }),
  );
  for (const removal of removals) if (removal.status === 'rejected') throw removal.reason;
}

/** One that outlived a supervisor that was killed; its containers keep running under their shims for the next one. */
async function endPredecessor(pidFile: string, configFile: string): Promise<void> {
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0;
  // The number may be another process's by now.
  const runs = (): boolean =>
    pid > 0 && existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(configFile);
  if (!runs()) return;
  process.kill(pid, 'SIGTERM');
  for (let waited = 0; runs(); waited += pollMs) {
    if (waited > predecessorGraceMs) process.kill(pid, 'SIGKILL');
    // No event tells of the end of a process that is not our child.
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

async function terminate(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(kill);
}

function lastLines(file: string): string {
  return readFileSync(file, 'utf8').trim().split('\n').slice(-3).join('\n');
}
