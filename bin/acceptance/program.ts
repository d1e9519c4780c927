/** Programs that the acceptance tests run to their end. */
import { spawn } from 'node:child_process';
import { accessSync, constants, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { executable } from '../../scripts/cluster.mjs';
import { nodeExecutable } from '../../scripts/toolchain.mjs';

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
  milliseconds: number;
}

export interface RunOptions {
  input?: string;
  environment?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  /** After this the program is killed and the exit code is -1. */
  timeoutMs?: number;
}

export function run(command: readonly [string, ...string[]], options: RunOptions = {}): Promise<Result> {
  const started = performance.now();
  const [program, ...args] = command;
  const child = spawn(program, args, {
    env: { ...process.env, ...options.environment },
    cwd: options.cwd,
    timeout: options.timeoutMs ?? 150_000,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  // A program may end before it read everything; its exit code says what matters.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({ code: code ?? -1, stdout, stderr, milliseconds: performance.now() - started }),
    );
  });
}

/** `typernetes …` as somebody would call it. */
export function typernetes(args: readonly string[], options: RunOptions = {}): Promise<Result> {
  return run([nodeExecutable(), executable, ...args], options);
}

/** Path of a program on PATH or where daemons lie; undefined where there is none. */
export function findOnPath(name: string): string | undefined {
  return [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
    .map((directory) => path.join(directory, name))
    .find((candidate) => {
      try {
        accessSync(candidate, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Every release of kubectl beside the one on PATH (kubectl.1.27 …), oldest first; else the one on PATH alone. */
export function kubectlReleases(): { name: string; program: string }[] {
  const program = findOnPath('kubectl');
  if (program === undefined) return [];
  const directory = path.dirname(realpathSync(program));
  const siblings = readdirSync(directory)
    .flatMap((name) => {
      const minor = /^kubectl\.1\.(\d+)$/.exec(name)?.[1];
      return minor === undefined ? [] : [{ name, program: path.join(directory, name), minor: Number(minor) }];
    })
    .sort((a, b) => a.minor - b.minor);
  return siblings.length === 0 ? [{ name: 'kubectl', program }] : siblings;
}
