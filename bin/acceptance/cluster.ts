/** A running cluster as the acceptance tests see it: through kubectl, and through its processes in /proc. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { logs, startCluster, type TestCluster } from '../../scripts/cluster.mjs';
import { findOnPath, type Result, type RunOptions, run } from './program.ts';

export const simulated = '--container-runtime-endpoint=simulated';
export const withoutKubectl = findOnPath('kubectl') === undefined ? 'needs kubectl' : false;

export class Kubectl {
  readonly #program: string;
  readonly #kubeconfig: string;

  constructor(kubeconfig: string, program = findOnPath('kubectl') ?? 'kubectl') {
    this.#program = program;
    this.#kubeconfig = kubeconfig;
  }

  /** The exit code is the caller's to judge. */
  result(args: readonly string[], options?: RunOptions): Promise<Result> {
    return run([this.#program, `--kubeconfig=${this.#kubeconfig}`, ...args], options);
  }

  /** What it wrote to stdout; a failing exit code throws. */
  async run(args: readonly string[], options?: RunOptions): Promise<string> {
    const { code, stdout, stderr } = await this.result(args, options);
    if (code !== 0)
      throw new Error(`kubectl ${args.join(' ')} failed (exit code ${code}): ${`${stderr}${stdout}`.slice(0, 2000)}`);
    return stdout;
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.run([...args, '-o', 'json'])) as T;
  }

  /** A kubectl that keeps running. `first` resolves with its first line, `ended` with its exit code. */
  start(args: readonly string[]): { first: Promise<string>; ended: Promise<{ code: number; output: string }> } {
    const child = spawn(this.#program, [`--kubeconfig=${this.#kubeconfig}`, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 240_000,
    });
    let output = '';
    const first = new Promise<string>((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        output += chunk.toString();
        if (output.includes('\n')) resolve(output);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('error', reject);
      child.once('close', (code) => reject(new Error(`kubectl ${args.join(' ')} ended (${code}) without a line`)));
    });
    first.catch(() => {});
    const ended = new Promise<{ code: number; output: string }>((resolve) =>
      child.once('close', (code) => resolve({ code: code ?? -1, output })),
    );
    return { first, ended };
  }
}

/** Runs `work` against a cluster and ends it; a failure carries the components' last log lines. */
export async function withCluster(
  args: readonly string[],
  work: (cluster: TestCluster, kubectl: Kubectl) => Promise<void>,
): Promise<void> {
  const cluster = await startCluster({ args });
  let problem: unknown;
  try {
    await work(cluster, new Kubectl(cluster.kubeconfig));
  } catch (error) {
    problem = new Error(`${error instanceof Error ? error.message : String(error)}\n${logs(cluster.dataDirectory)}`, {
      cause: error,
    });
  }
  const { code, leftovers } = await cluster.stop();
  if (problem !== undefined) throw problem as Error;
  if (code !== 0 || leftovers.length > 0)
    throw new Error(`Ctrl-C ended with exit code ${code} and left:\n${leftovers.join('\n')}`);
}

export interface ComponentProcess {
  name: string;
  pid: number;
  /** Its proportional share: a page that several processes map counts once altogether. */
  memoryBytes: number;
  cpuSeconds: number;
}

/** `up` and the components it supervises. */
export function processes(upPid: number): ComponentProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ');
        if (Number(name) !== upPid && Number(fields[1]) !== upPid) return [];
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
        const subcommand = words[words.findIndex((word) => word.endsWith('typernetes.mjs')) + 1] ?? '';
        // Fields after the command's name: 1 parent, 11 and 12 ticks of a hundredth second.
        return [
          {
            name: subcommand,
            pid: Number(name),
            memoryBytes: Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/smaps_rollup`, 'utf8'))?.[1]) * 1024,
            cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
          },
        ];
      } catch {
        return [];
      }
    });
}

export function processOf(cluster: TestCluster, name: string): ComponentProcess {
  const found = processes(cluster.pid).find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no process of ${name}`);
  return found;
}

/** For what tells nobody when it changes (processes, a server that is down): asks again until it is so. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs = 120_000,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;
export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
