/**
 * Keeps the component processes of one cluster running: starts them, waits until each says that it is ready, starts
 * them again when they end by themselves, and stops them in reverse order. A component tells its state over the IPC
 * channel: `{type: 'ready'}` once, `{type: 'status', message}` any time.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { mallocEnvironment } from '../memory.ts';

export interface ComponentSpec {
  name: string;
  /** Program and arguments; the program is never looked up through a shell. */
  command: readonly [string, ...string[]];
  environment?: Readonly<Record<string, string>>;
  /** How long a polite stop may take before SIGKILL. Milliseconds, default 15 000. */
  stopTimeoutMs?: number;
  /** Loads its code at once and begins only when release() is called: processes start side by side, work in order. */
  waits?: boolean;
}

export interface ComponentState {
  name: string;
  phase: 'starting' | 'ready' | 'restarting' | 'stopping' | 'stopped';
  message: string;
  /** Milliseconds from the (latest) start to ready. */
  readyAfterMs: number | undefined;
  pid: number | undefined;
  restarts: number;
}

interface Events {
  change: [ComponentState];
}

/** Set for a process that loads its code and then waits for `{type: 'start'}`. */
const startByMessage = 'TYPERNETES_START_BY_MESSAGE';

const firstBackoffMs = 500;
const longestBackoffMs = 30_000;
/** A component that ran this long starts its back-off anew. */
const stableAfterMs = 60_000;

export class ComponentProcess extends EventEmitter<Events> {
  readonly state: ComponentState;
  private readonly spec: ComponentSpec;
  private readonly logFile: string;
  private child: ChildProcess | undefined;
  private stopping = false;
  private released: boolean;
  private backoffMs = firstBackoffMs;
  private restartTimer: NodeJS.Timeout | undefined;
  private readonly readiness = Promise.withResolvers<void>();

  constructor(spec: ComponentSpec, logDirectory: string) {
    super();
    this.spec = spec;
    this.released = spec.waits !== true;
    this.logFile = path.join(logDirectory, `${spec.name}.log`);
    this.state = {
      name: spec.name,
      phase: 'starting',
      message: '',
      readyAfterMs: undefined,
      pid: undefined,
      restarts: 0,
    };
    this.readiness.promise.catch(() => {});
  }

  /** Resolves when the component is ready for the first time; rejects if it is stopped or cannot start at all before. */
  get ready(): Promise<void> {
    return this.readiness.promise;
  }

  get log(): string {
    return this.logFile;
  }

  /** Lets a component that waits begin. */
  release(): void {
    this.released = true;
    if (this.spec.waits === true) this.child?.send({ type: 'start' });
  }

  start(): void {
    const started = performance.now();
    const log = openSync(this.logFile, 'a', 0o600);
    const [program, ...args] = this.spec.command;
    const child = spawn(program, args, {
      stdio: ['ignore', log, log, 'ipc'],
      env: {
        ...mallocEnvironment,
        ...process.env,
        ...this.spec.environment,
        ...(this.spec.waits === true ? { [startByMessage]: '1' } : {}),
      },
      // A terminal's Ctrl-C goes to its whole process group; the supervisor decides the order of stopping instead.
      detached: true,
    });
    closeSync(log);
    this.child = child;
    this.change({ pid: child.pid, readyAfterMs: undefined, message: '' });
    child.on('message', (message: unknown) => {
      const { type, message: text } = message as { type?: unknown; message?: unknown };
      if (type === 'ready') {
        this.change({ phase: 'ready', readyAfterMs: performance.now() - started, message: '' });
        this.readiness.resolve();
      } else if (type === 'status') {
        this.change({ message: typeof text === 'string' ? text : '' });
      }
    });
    if (this.spec.waits === true && this.released) child.send({ type: 'start' });
    child.once('error', (error) => this.ended(started, error.message));
    child.once('exit', (code, signal) =>
      this.ended(started, signal === null ? `exit code ${code}` : `signal ${signal}`),
    );
  }

  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restartTimer);
    const child = this.child;
    if (child === undefined) {
      this.change({ phase: 'stopped' });
      this.readiness.reject(new Error(`${this.spec.name} was stopped`));
      return;
    }
    this.change({ phase: 'stopping' });
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), this.spec.stopTimeoutMs ?? 15_000);
    await gone;
    clearTimeout(kill);
  }

  private ended(started: number, reason: string): void {
    if (this.child === undefined) return;
    this.child = undefined;
    if (this.stopping) {
      this.change({ phase: 'stopped', pid: undefined });
      this.readiness.reject(new Error(`${this.spec.name} was stopped`));
      return;
    }
    const wasReady = this.state.readyAfterMs !== undefined;
    if (!wasReady && this.state.restarts >= 2) {
      this.readiness.reject(
        new Error(`${this.spec.name} ended three times before it was ready (${reason}); its log: ${this.logFile}`),
      );
    }
    if (performance.now() - started > stableAfterMs) this.backoffMs = firstBackoffMs;
    this.change({ phase: 'restarting', message: reason, pid: undefined, restarts: this.state.restarts + 1 });
    this.restartTimer = setTimeout(() => this.start(), this.backoffMs);
    this.backoffMs = Math.min(this.backoffMs * 2, longestBackoffMs);
  }

  private change(change: Partial<ComponentState>): void {
    Object.assign(this.state, change);
    this.emit('change', this.state);
  }
}
