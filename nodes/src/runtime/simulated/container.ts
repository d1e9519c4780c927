/**
 * One simulated container: created → running → exited. Time comes in through the Clock; what happens goes out through
 * the hooks. It holds no timer while its process only waits to be stopped.
 */
import type { Clock, Timer } from '@typernetes/openapi/client';
import type { ContainerConfig, ContainerState, ContainerStatus } from 'cri-client';
import { complete } from 'cri-client';
import type { ContainerBehaviour } from './behaviour.ts';

export interface ContainerHooks {
  started(): void;
  exited(): void;
  log(stream: 'stdout' | 'stderr', text: string): void;
}

const nanoseconds = (milliseconds: number): bigint => BigInt(Math.round(milliseconds)) * 1_000_000n;

export class SimulatedContainer {
  readonly id: string;
  readonly sandboxId: string;
  readonly config: ContainerConfig;
  readonly behaviour: ContainerBehaviour;
  readonly imageRef: string;
  readonly createdAtMs: number;
  state: ContainerState = 'CONTAINER_CREATED';
  startedAtMs = 0;
  finishedAtMs = 0;
  exitCode = 0;
  reason = '';
  readonly #clock: Clock;
  readonly #hooks: ContainerHooks;
  readonly #waiters: (() => void)[] = [];
  #timer: Timer | undefined;

  constructor(init: {
    id: string;
    sandboxId: string;
    config: ContainerConfig;
    behaviour: ContainerBehaviour;
    imageRef: string;
    clock: Clock;
    hooks: ContainerHooks;
  }) {
    this.id = init.id;
    this.sandboxId = init.sandboxId;
    this.config = init.config;
    this.behaviour = init.behaviour;
    this.imageRef = init.imageRef;
    this.#clock = init.clock;
    this.#hooks = init.hooks;
    this.createdAtMs = init.clock.now();
  }

  start(): void {
    this.state = 'CONTAINER_RUNNING';
    this.startedAtMs = this.#clock.now();
    this.#hooks.started();
    this.#run(0);
  }

  #run(from: number): void {
    let waited = false;
    for (let index = from; index < this.behaviour.steps.length; index++) {
      const step = this.behaviour.steps[index];
      switch (step?.type) {
        case 'log':
          this.#hooks.log(step.stream, step.text);
          break;
        case 'sleep': {
          const next = index + 1;
          this.#timer = this.#clock.timer(step.milliseconds, () => this.#run(next));
          return;
        }
        case 'exit':
          this.#exit(step.code, this.behaviour.reason);
          return;
        case 'repeat':
          // A loop without a sleep would never give the event loop back: it is slowed to one round a second.
          waited = this.behaviour.steps.slice(step.from, index).some(({ type }) => type === 'sleep');
          this.#timer = this.#clock.timer(waited ? 0 : 1000, () => this.#run(step.from));
          return;
        case 'block':
        case undefined:
          return;
      }
    }
  }

  #exit(code: number, reason: string): void {
    if (this.state !== 'CONTAINER_RUNNING') return;
    this.#timer?.stop();
    this.state = 'CONTAINER_EXITED';
    this.finishedAtMs = this.#clock.now();
    this.exitCode = code;
    this.reason = reason !== '' ? reason : code === 0 ? 'Completed' : 'Error';
    for (const resolve of this.#waiters.splice(0)) resolve();
    this.#hooks.exited();
  }

  /** SIGTERM, then SIGKILL when the behaviour's stop delay is longer than the timeout. Resolves once it has exited. */
  stop(timeoutMs: number): Promise<void> {
    if (this.state !== 'CONTAINER_RUNNING') return Promise.resolve();
    const killed = this.behaviour.stopDelayMs > timeoutMs;
    const delayMs = killed ? timeoutMs : this.behaviour.stopDelayMs;
    const exit = (): void => this.#exit(killed ? 137 : this.behaviour.stopExitCode, '');
    if (delayMs === 0) {
      exit();
      return Promise.resolve();
    }
    this.#timer?.stop();
    this.#timer = this.#clock.timer(delayMs, exit);
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Forgets the process without a word: its sandbox or the runtime goes away. */
  dispose(): void {
    this.#timer?.stop();
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /** Resolves when the process has ended (at once when it has). */
  get exited(): Promise<void> {
    if (this.state === 'CONTAINER_EXITED') return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  probe(name: 'liveness' | 'readiness' | 'startup'): boolean {
    if (this.state !== 'CONTAINER_RUNNING') return false;
    const rule = this.behaviour.probes[name];
    if (rule === undefined) return true;
    const age = this.#clock.now() - this.startedAtMs;
    return age >= rule.afterMs && age < rule.untilMs;
  }

  status(logPath: string): ContainerStatus {
    return complete('ContainerStatus', {
      id: this.id,
      metadata: this.config.metadata,
      state: this.state,
      createdAt: nanoseconds(this.createdAtMs),
      startedAt: this.startedAtMs === 0 ? 0n : nanoseconds(this.startedAtMs),
      finishedAt: this.finishedAtMs === 0 ? 0n : nanoseconds(this.finishedAtMs),
      exitCode: this.exitCode,
      image: this.config.image,
      imageRef: this.imageRef,
      imageId: this.imageRef,
      reason: this.reason,
      labels: this.config.labels,
      annotations: this.config.annotations,
      mounts: this.config.mounts,
      logPath,
    });
  }
}
