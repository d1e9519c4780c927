/** The real kubectl as a child process, every call kept as a transcript for the report of a failure. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

export interface KubectlResult {
  code: number;
  stdout: string;
  stderr: string;
}

export class Kubectl {
  readonly transcript: string[] = [];
  /** Beside the process's own. */
  readonly environment: Record<string, string> = {};
  private readonly program: string;
  private readonly kubeconfig: string;
  private readonly namespace: string;
  private readonly signal: AbortSignal;

  constructor(program: string, kubeconfig: string, namespace: string, signal: AbortSignal) {
    this.program = program;
    this.kubeconfig = kubeconfig;
    this.namespace = namespace;
    this.signal = signal;
  }

  /** Runs to the end; a failing exit code is a failure of the promise. */
  async run(args: readonly string[], input?: string): Promise<string> {
    const result = await this.result(args, input);
    if (result.code !== 0)
      throw new Error(`kubectl ${args.join(' ')} failed (exit code ${result.code}): ${result.stderr.trim()}`);
    return result.stdout;
  }

  /** Runs to the end and must fail; resolves to what it wrote to stderr. */
  async fails(args: readonly string[], input?: string): Promise<string> {
    const result = await this.result(args, input);
    if (result.code === 0)
      throw new Error(`kubectl ${args.join(' ')} should have failed; it printed: ${result.stdout.trim()}`);
    return result.stderr;
  }

  async result(args: readonly string[], input?: string): Promise<KubectlResult> {
    const child = this.start(args);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // kubectl may end before it read everything; its exit code says what matters.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode) => resolve(exitCode ?? -1));
    });
    const result = {
      code,
      stdout: Buffer.concat(stdout).toString('utf8'),
      stderr: Buffer.concat(stderr).toString('utf8'),
    };
    this.transcript.push(
      `$ kubectl ${args.join(' ')}\n${clip(result.stdout)}${clip(result.stderr)}(exit code ${code})`,
    );
    this.signal.throwIfAborted();
    return result;
  }

  /** A kubectl that keeps running (port-forward, attach, get --watch); it ends with the promise at the latest. */
  start(args: readonly string[]): ChildProcessWithoutNullStreams {
    return spawn(this.program, [`--kubeconfig=${this.kubeconfig}`, `--namespace=${this.namespace}`, ...args], {
      signal: this.signal,
      env: { ...process.env, KUBECTL_EXPLAIN_OPENAPIV3: undefined, ...this.environment },
    });
  }
}

function clip(text: string): string {
  return text.length > 4000 ? `${text.slice(0, 4000)}… (${text.length} characters)\n` : text;
}

/** The kubectl to use: the one named, or the first on PATH; undefined where there is none. */
export function findKubectl(named: string | undefined): string | undefined {
  if (named !== undefined) return named;
  for (const directory of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const candidate = path.join(directory, process.platform === 'win32' ? 'kubectl.exe' : 'kubectl');
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not here: the next folder.
    }
  }
  return undefined;
}
